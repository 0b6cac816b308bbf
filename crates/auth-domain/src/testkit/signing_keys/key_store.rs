//! What every [`KeyStore`](crate::signing_keys::ports::KeyStore) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use crate::testkit::{
    fixtures::{Stores, together},
    samples::{after, signing_key},
};
use crate::{
    identity::{encrypted::Encrypted, ids::KeyId},
    signing_keys::key::{KeyAlgorithm, SigningKey},
};

/// One test per clause: `key_store_contract!(fixture)` or `key_store_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Stores`].
#[macro_export]
macro_rules! key_store_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::key_store_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; signing_keys::key_store:
            gives_keys_back_as_they_were_by_number,
            keeps_one_key_of_a_number_and_one_of_an_id,
            gives_a_contested_number_to_one,
            takes_a_key_out_of_use_once,
            revokes_a_key_once_whether_or_not_it_is_in_use,
            seals_a_private_half_anew_once,
            forgets_a_key,
        }
    };
    ($fresh:expr) => {
        $crate::key_store_contract!(@all [] $fresh);
    };
}

async fn keep(stores: &Stores, number: i64) -> SigningKey {
    let key = signing_key(number, 0);
    assert!(stores.keys.insert(&key).await.unwrap());
    key
}

async fn only(stores: &Stores) -> SigningKey {
    let [key] = <[SigningKey; 1]>::try_from(stores.keys.all().await.unwrap()).unwrap();
    key
}

pub async fn gives_keys_back_as_they_were_by_number(stores: &Stores) {
    assert_eq!(stores.keys.all().await.unwrap(), []);
    let mut long = signing_key(2, 7);
    long.private.text = "A".repeat(8192);
    long.public = format!("{{\"n\":\"{}\"}}", "ü".repeat(1000));
    long.algorithm = KeyAlgorithm::Rs256;
    assert!(stores.keys.insert(&long).await.unwrap());
    let first = SigningKey { retired_at: Some(after(10)), revoked_at: Some(after(20)), ..signing_key(1, 0) };
    assert!(stores.keys.insert(&first).await.unwrap());
    assert_eq!(stores.keys.all().await.unwrap(), [first, long]);
}

pub async fn keeps_one_key_of_a_number_and_one_of_an_id(stores: &Stores) {
    let key = keep(stores, 1).await;
    for other in [signing_key(1, 0), SigningKey { number: 2, ..key.clone() }] {
        assert!(!stores.keys.insert(&other).await.unwrap());
    }
    assert_eq!(only(stores).await, key);
}

pub async fn gives_a_contested_number_to_one(stores: &Stores) {
    for number in 1..=5 {
        let rivals = (0..6).map(|_| {
            let (keys, key) = (stores.keys.clone(), signing_key(number, number));
            async move { keys.insert(&key).await.unwrap() }
        });
        let outcomes = together(rivals.collect::<Vec<_>>()).await;
        assert_eq!(outcomes.iter().filter(|won| **won).count(), 1, "{outcomes:?}");
    }
    assert_eq!(stores.keys.all().await.unwrap().len(), 5);
}

pub async fn takes_a_key_out_of_use_once(stores: &Stores) {
    let key = keep(stores, 1).await;
    assert!(!stores.keys.retire(&KeyId::new("unknown".to_owned()), after(1)).await.unwrap());
    assert!(stores.keys.retire(&key.id, after(1)).await.unwrap());
    assert!(!stores.keys.retire(&key.id, after(2)).await.unwrap());
    assert_eq!(only(stores).await, SigningKey { retired_at: Some(after(1)), ..key });
}

pub async fn revokes_a_key_once_whether_or_not_it_is_in_use(stores: &Stores) {
    let key = keep(stores, 1).await;
    assert!(stores.keys.retire(&key.id, after(1)).await.unwrap());
    assert!(stores.keys.revoke(&key.id, after(2)).await.unwrap());
    assert!(!stores.keys.revoke(&key.id, after(3)).await.unwrap());
    assert!(!stores.keys.revoke(&KeyId::new("unknown".to_owned()), after(3)).await.unwrap());
    assert_eq!(only(stores).await, SigningKey { retired_at: Some(after(1)), revoked_at: Some(after(2)), ..key });
}

pub async fn seals_a_private_half_anew_once(stores: &Stores) {
    let key = keep(stores, 1).await;
    let sealed = |text: &str| Encrypted { with: "new".to_owned(), text: text.to_owned() };
    assert!(stores.keys.reencrypt(&key.id, &key.private, &sealed("one")).await.unwrap());
    assert!(!stores.keys.reencrypt(&key.id, &key.private, &sealed("another")).await.unwrap());
    assert_eq!(only(stores).await, SigningKey { private: sealed("one"), ..key });
}

pub async fn forgets_a_key(stores: &Stores) {
    let (one, other) = (keep(stores, 1).await, keep(stores, 2).await);
    assert!(stores.keys.forget(&one.id).await.unwrap());
    assert!(!stores.keys.forget(&one.id).await.unwrap());
    assert_eq!(only(stores).await, other);
}
