//! What every [`FactorStore`](crate::mfa::ports::FactorStore) keeps of the secrets of authenticator apps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use super::scenes::{enrolled, started, with_passkey};
use crate::factors::totp::TotpFactor;
use crate::identity::administrator::LastAdministrator;
use crate::identity::encrypted::Encrypted;
use crate::mfa::ports::FactorsReset;
use crate::mfa::ports::{Started, StoredSecret};
use crate::testkit::{
    factors::samples::{app, codes, passkey},
    fixtures::Stores,
    samples::after,
};

fn of(app: &TotpFactor) -> StoredSecret {
    StoredSecret { factor: app.id, secret: app.secret.clone() }
}

fn encrypted(with: &str, text: &str) -> Encrypted {
    Encrypted { with: with.to_owned(), text: text.to_owned() }
}

pub async fn names_secrets_page_by_page(stores: &Stores) {
    assert_eq!(stores.factors.secrets(None, 9).await.unwrap(), []);
    let mut expected = Vec::new();
    for number in 0..4 {
        let user = stores.keep_new(&format!("ann{number}@example.org")).await;
        expected.push(of(&started(stores, &user, 1).await));
    }
    expected.push(of(&enrolled(stores, "ben@example.org").await.app));
    expected.sort_by_key(|secret| secret.factor);
    let (mut found, mut after) = (Vec::new(), None);
    for length in [2, 2, 1, 0] {
        let page = stores.factors.secrets(after, 2).await.unwrap();
        assert_eq!(page.len(), length);
        after = page.last().map(|secret| secret.factor).or(after);
        found.extend(page);
    }
    assert_eq!(found, expected);
}

pub async fn replaces_a_secret_that_is_still_there(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    let (old, new) = (ann.app.secret.clone(), encrypted("b", "the same, otherwise"));
    for from in [encrypted("b", &old.text), encrypted(&old.with, "another"), ben.app.secret.clone()] {
        assert!(!stores.factors.reencrypt(ann.app.id, &from, &new).await.unwrap());
    }
    assert!(!stores.factors.reencrypt(app(&ann.user, 1).id, &old, &new).await.unwrap());
    assert!(stores.factors.reencrypt(ann.app.id, &old, &new).await.unwrap());
    assert!(!stores.factors.reencrypt(ann.app.id, &old, &new).await.unwrap());
    let apps = stores.steps.find(ann.user.id).await.unwrap().unwrap();
    assert_eq!(apps, (ann.user, vec![TotpFactor { secret: new, ..ann.app }]), "nothing else has changed");
    assert_eq!(stores.steps.find(ben.user.id).await.unwrap().unwrap().1, [ben.app]);
    let cid = stores.keep_new("cid@example.org").await;
    let waiting = started(stores, &cid, 1).await;
    assert!(stores.factors.reencrypt(waiting.id, &waiting.secret, &encrypted("b", "x")).await.unwrap(), "what waits as well");
}

pub async fn names_the_keys_of_confirmed_apps(stores: &Stores) {
    assert_eq!(stores.factors.encryption_keys().await.unwrap(), Vec::<String>::new());
    for (number, key) in ["old", "B", "old", "a", "B"].into_iter().enumerate() {
        let ann = enrolled(stores, &format!("ann{number}@example.org")).await.app;
        assert!(stores.factors.reencrypt(ann.id, &ann.secret, &encrypted(key, &ann.secret.text)).await.unwrap());
    }
    let ben = stores.keep_new("ben@example.org").await;
    let waiting = TotpFactor { secret: encrypted("never confirmed", "x"), ..app(&ben, 1) };
    assert_eq!(stores.factors.start_totp(&waiting, ben.version()).await.unwrap(), Started::Yes);
    assert_eq!(stores.factors.encryption_keys().await.unwrap(), ["B", "a", "old"]);
}

pub async fn knows_whether_anybody_has_a_factor(stores: &Stores) {
    assert!(!stores.factors.any().await.unwrap());
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 0).await;
    started(stores, &ann, 1).await;
    assert!(!stores.factors.any().await.unwrap(), "one that waits does not count");
    with_passkey(stores, &session, &passkey(&ann, 2), &codes()).await;
    assert!(stores.factors.any().await.unwrap());
    let reset = stores.factors.reset(ann.id, LastAdministrator::MayGo, after(3), None).await.unwrap();
    assert!(matches!(reset, FactorsReset::Yes { .. }));
    assert!(!stores.factors.any().await.unwrap());
    enrolled(stores, "ben@example.org").await;
    assert!(stores.factors.any().await.unwrap());
}
