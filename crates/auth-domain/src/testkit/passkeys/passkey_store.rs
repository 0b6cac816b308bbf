//! What every [`PasskeyStore`](crate::passkeys::ports::PasskeyStore) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use crate::factors::passkey::{CREDENTIAL_ID_MAX_BYTES, Credential, Passkey, TRANSPORTS_MAX_CHARS};
use crate::identity::user::User;
use crate::testkit::{
    factors::samples::{credential_id, passkey},
    fixtures::Stores,
    mail::samples::{notice, proof_id},
    mfa::scenes::{enrolled, with_passkey},
    samples::{after, user},
};

/// One test per clause: `passkey_store_contract!(fixture)` or `passkey_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! passkey_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::passkey_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; passkeys::passkey_store:
            finds_a_passkey_and_whose_it_is,
            keeps_every_credential,
            names_the_credentials_of_an_account,
            keeps_the_notice_of_a_clone,
        }
    };
    ($fresh:expr) => {
        $crate::passkey_store_contract!(@all [] $fresh);
    };
}

pub async fn finds_a_passkey_and_whose_it_is(stores: &Stores) {
    let (ann, ben) = (enrolled(stores, "ann@example.org").await, enrolled(stores, "ben@example.org").await);
    for owner in [&ann, &ben] {
        let found = stores.passkeys.find(&owner.passkey.credential.id).await.unwrap();
        assert_eq!(found, Some((owner.passkey.clone(), owner.user.clone())));
    }
    let mut longer = ann.passkey.credential.id.as_bytes().to_vec();
    longer.push(0);
    for other in [credential_id(&longer), credential_id(&[0])] {
        assert_eq!(stores.passkeys.find(&other).await.unwrap(), None);
    }
    assert!(stores.delete(ann.user.id, None, after(9)).await);
    assert_eq!(stores.passkeys.find(&ann.passkey.credential.id).await.unwrap(), None);
}

/// Also those at the borders of what there can be.
pub async fn keeps_every_credential(stores: &Stores) {
    let ann = stores.keep_new("ann@example.org").await;
    let session = stores.begin_at(&ann, 0).await;
    let sample = passkey(&ann, 1);
    let long = "x".repeat(TRANSPORTS_MAX_CHARS - 4);
    let transports = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for (credential, kept) in [
        (Credential { id: credential_id(&[7]), ..sample.credential.clone() }, sample.credential.transports.clone()),
        (
            Credential {
                id: credential_id(&[255; CREDENTIAL_ID_MAX_BYTES]),
                public_key: vec![0xFB; 1024],
                counter: u32::MAX,
                backup_eligible: false,
                transports: transports(&["", "usb", "two words", "n\u{e4}he", &long, "nfc"]),
                ..sample.credential.clone()
            },
            transports(&["usb", &long]),
        ),
        (Credential { id: credential_id(&[8]), backed_up: true, transports: vec![], ..sample.credential.clone() }, vec![]),
    ] {
        let passkey = Passkey { credential, last_used_at: Some(after(1)), ..passkey(&ann, 1) };
        with_passkey(stores, &session, &passkey, &[]).await;
        let credential = Credential { transports: kept, ..passkey.credential.clone() };
        let kept = Passkey { credential, ..passkey.clone() };
        let found = stores.passkeys.find(&passkey.credential.id).await.unwrap().unwrap().0;
        assert_eq!(found, kept);
    }
}

pub async fn names_the_credentials_of_an_account(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    enrolled(stores, "ben@example.org").await;
    let second = passkey(&ann.user, 9);
    with_passkey(stores, &ann.session, &second, &[]).await;
    assert_eq!(stores.passkeys.of(ann.user.id).await.unwrap(), [ann.passkey.credential, second.credential]);
    assert_eq!(stores.passkeys.of(user("cid@example.org").id).await.unwrap(), []);
}

pub async fn keeps_the_notice_of_a_clone(stores: &Stores) {
    let ann = enrolled(stores, "ann@example.org").await;
    let told = notice(&ann.user, 9);
    stores.passkeys.report_clone(&told).await.unwrap();
    assert_eq!(stores.mails.find(told.id).await.unwrap().map(|entry| entry.mail), Some(told.clone()));
    assert_eq!(stores.proofs.find(proof_id(&told)).await.unwrap(), told.proof);
    assert_eq!(stores.user(&ann.user).await, ann.user, "the account is as it was");
    let gone: User = user("ben@example.org");
    let untold = notice(&gone, 9);
    stores.passkeys.report_clone(&untold).await.unwrap();
    assert_eq!(stores.mails.find(untold.id).await.unwrap(), None);
}
