//! What every [`FactorStore`](crate::mfa::ports::FactorStore) keeps when a passkey is added.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use super::{
    factor_store::{list, pending},
    scenes::{addition, enrolled, started, with_app, with_passkey},
};
use crate::factors::{
    factor::Factor,
    passkey::{PASSKEY_LIMIT, Passkey},
};
use crate::identity::{method::SecondFactors, user::User};
use crate::mfa::ports::{Added, Addition, FactorList};
use crate::sessions::session::Session;
use crate::testkit::{
    factors::samples::{codes, passkey, with_code},
    fixtures::{Stores, other_versions, together},
    mail::samples::notice,
    mailbox::mailbox_store::changed,
    samples::after,
};

pub async fn adds_a_passkey(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (own, other) = (stores.begin_at(&ann, 0).await, stores.begin_at(&ann, 1).await);
    let waiting = started(stores, &ann, 2).await;
    let (before, codes, session, told) = (stores.user(&ann).await, codes(), with_code(&own, 3), notice(&ann, 3));
    let passkey = passkey(&ann, 3);
    let addition = addition(&before, &session, &codes, 3, Some(&told));
    let added = stores.factors.add_passkey(&passkey, &addition).await.unwrap();
    assert_eq!(added, Added::Yes { is_first: true, ended: vec![other.id] });
    let now = User { second_factors: SecondFactors::of(false, true, true), ..changed(&before, 3) };
    assert_eq!(stores.user(&ann).await, now);
    assert_eq!(stores.session(&own).await, session);
    assert_eq!(stores.live(&ann).await, [own.id]);
    assert_eq!(stores.passkeys.find(&passkey.credential.id).await.unwrap(), Some((passkey.clone(), now)));
    assert_eq!(list(stores, &ann).await, FactorList { factors: vec![Factor::from(passkey)], recovery_codes_left: 10 });
    assert_eq!(stores.mails.find(told.id).await.unwrap().map(|entry| entry.mail), Some(told));
    assert_eq!(pending(stores, &waiting).await, Some(waiting.clone()));
}

pub async fn adds_a_passkey_to_an_app(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (session, codes) = (stores.begin_at(&ann, 0).await, codes());
    with_app(stores, &session, &ann, &codes, 1).await;
    let (now, session) = (stores.user(&ann).await, with_code(&session, 3));
    let added = stores.factors.add_passkey(&passkey(&ann, 3), &addition(&now, &session, &codes, 3, None)).await.unwrap();
    assert_eq!(added, Added::Yes { is_first: false, ended: vec![] });
    assert_eq!(stores.user(&ann).await.second_factors, SecondFactors::of(true, true, true));
    assert_eq!(list(stores, &ann).await.recovery_codes_left, 10);
}

/// That nothing came of it.
async fn assert_refused(stores: &Stores, passkey: &Passkey, addition: &Addition<'_>, expected: Added) {
    let session = addition.session;
    let before = (stores.users.find(session.user).await.unwrap(), stores.sessions.find(session.id).await.unwrap());
    let known = stores.passkeys.find(&passkey.credential.id).await.unwrap().map(|(passkey, _)| passkey);
    assert_eq!(stores.factors.add_passkey(passkey, addition).await.unwrap(), expected);
    let now = (stores.users.find(session.user).await.unwrap(), stores.sessions.find(session.id).await.unwrap());
    assert_eq!(now, before);
    assert_eq!(stores.passkeys.find(&passkey.credential.id).await.unwrap().map(|(passkey, _)| passkey), known);
    assert_eq!(stores.mails.find(addition.notice.unwrap().id).await.unwrap(), None);
}

pub async fn adds_only_for_the_account_that_was_proven(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let (own, codes, told, passkey) = (stores.begin_at(&ann, 0).await, codes(), notice(&ann, 3), passkey(&ann, 3));
    let session = with_code(&own, 3);
    let good = addition(&ann, &session, &codes, 3, Some(&told));
    for proven in other_versions(&ann) {
        assert_refused(stores, &passkey, &Addition { proven, ..good }, Added::No).await;
    }
    assert_refused(stores, &passkey, &Addition { now: own.expires_at, ..good }, Added::No).await;
    assert!(stores.sessions.end(own.id, after(3)).await.unwrap());
    assert_refused(stores, &passkey, &good, Added::No).await;
    let second = stores.begin_at(&ann, 3).await;
    assert!(stores.disable(ann.id, after(4)).await.is_some());
    let (disabled, session) = (stores.user(&ann).await, with_code(&second, 3));
    assert_refused(stores, &passkey, &addition(&disabled, &session, &codes, 3, Some(&told)), Added::No).await;
    assert!(stores.delete(ann.id, None, after(5)).await);
    assert_refused(stores, &passkey, &addition(&disabled, &session, &codes, 3, Some(&told)), Added::No).await;
}

pub async fn adds_no_credential_that_some_account_has(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    let (session, codes, told) = (with_code(&ann.session, 9), codes(), notice(&ann.user, 9));
    let addition = addition(&ann.user, &session, &codes, 9, Some(&told));
    for taken in [ann.passkey.credential, ben.passkey.credential] {
        let again = Passkey { credential: taken, ..passkey(&ann.user, 9) };
        assert_refused(stores, &again, &addition, Added::No).await;
    }
}

pub async fn adds_as_many_passkeys_as_an_account_may_have(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    for seconds in (10..).take(PASSKEY_LIMIT - 1) {
        with_passkey(stores, &ann.session, &passkey(&ann.user, seconds), &[]).await;
    }
    let (now, session, codes, told) = (stores.user(&ann.user).await, with_code(&ann.session, 40), codes(), notice(&ann.user, 40));
    assert_eq!(list(stores, &now).await.factors.len(), PASSKEY_LIMIT + 1, "an app does not count");
    assert_refused(stores, &passkey(&now, 40), &addition(&now, &session, &codes, 40, Some(&told)), Added::Limit).await;
}

/// Each of them from the account as it was before.
pub async fn adds_one_passkey_however_many_come_at_once(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let own = stores.begin_at(&ann, 0).await;
    let outcomes = together((0..16).map(|_| {
        let (factors, ann, session) = (stores.factors.clone(), ann.clone(), with_code(&own, 3));
        async move { factors.add_passkey(&passkey(&ann, 3), &addition(&ann, &session, &codes(), 3, None)).await.unwrap() }
    }))
    .await;
    let won: Vec<_> = outcomes.into_iter().filter(|added| *added != Added::No).collect();
    assert_eq!(won, [Added::Yes { is_first: true, ended: vec![] }]);
    assert_eq!((list(stores, &ann).await.factors.len(), list(stores, &ann).await.recovery_codes_left), (1, 10));
}

/// By sixteen accounts.
pub async fn adds_a_contested_credential_once(stores: &Stores) {
    let mut racers: Vec<(User, Session)> = Vec::new();
    for racer in 0..16 {
        let user = stores.keep_new(&format!("ann{racer}@example.org")).await;
        let session = with_code(&stores.begin_at(&user, 0).await, 3);
        racers.push((user, session));
    }
    let contested = passkey(&racers.first().unwrap().0, 3).credential;
    let outcomes = together(racers.clone().into_iter().map(|(user, session)| {
        let (factors, credential) = (stores.factors.clone(), contested.clone());
        async move {
            let passkey = Passkey { credential, ..passkey(&user, 3) };
            factors.add_passkey(&passkey, &addition(&user, &session, &codes(), 3, None)).await.unwrap()
        }
    }))
    .await;
    let owner = stores.passkeys.find(&contested.id).await.unwrap().unwrap().1;
    for ((user, _), added) in racers.iter().zip(outcomes) {
        let expected = if user.id == owner.id { Added::Yes { is_first: true, ended: vec![] } } else { Added::No };
        assert_eq!(added, expected);
        assert_eq!(stores.user(user).await.version, user.version + i64::from(user.id == owner.id));
        assert_eq!(list(stores, user).await.recovery_codes_left, if user.id == owner.id { 10 } else { 0 });
    }
}
