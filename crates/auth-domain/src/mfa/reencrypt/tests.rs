//! Encrypting secrets with the newest key.

use std::sync::Arc;

use super::ReencryptSecrets;
use crate::{
    factors::factor::FactorId,
    identity::{encrypted::Encrypted, port_error::PortError},
    mfa::ports::{FactorStore, MockFactorStore, StoredSecret},
    testing::{
        down,
        factors::{Server, code},
        mail::ANN,
    },
    testkit::{FakeTotp, samples::id},
};

fn reencrypt(factors: impl FactorStore + 'static, keys: &[&'static str]) -> ReencryptSecrets {
    ReencryptSecrets { factors: Arc::new(factors), codec: Arc::new(FakeTotp::with_keys(keys)) }
}

#[tokio::test]
async fn every_secret_gets_the_newest_key_once_those_that_wait_included() {
    let (server, app, _) = Server::with_app().await;
    server.add_app().await;
    server.enrolled(&server.world.sign_in(ANN).await).await;
    let store = || server.world.store.clone();
    assert_eq!(reencrypt(store(), &["b", "a"]).execute().await.unwrap(), 3);
    assert!(store().secrets(None, 10).await.unwrap().iter().all(|stored| stored.secret.with == "b"));
    assert_eq!(reencrypt(store(), &["b", "a"]).execute().await.unwrap(), 0);
    let server = Server { totp: FakeTotp::with_keys(&["b"]), ..server };
    assert!(server.logs_in(code(app.shows(server.now()))).await.is_ok(), "the secret is the same");
}

/// Secrets with these keys, a page of two at a time.
fn paged(keys: &[&str]) -> MockFactorStore {
    let stored = |key: &&str| {
        let factor = FactorId(id());
        StoredSecret { factor, secret: Encrypted { with: (*key).to_owned(), text: format!("{factor}:{}", "A".repeat(32)) } }
    };
    let all: Vec<_> = keys.iter().map(stored).collect();
    let mut factors = MockFactorStore::new();
    factors.expect_secrets().returning(move |after, _| {
        let behind = all.iter().filter(|stored| after.is_none_or(|after| stored.factor > after));
        Ok(behind.take(2).cloned().collect())
    });
    factors
}

#[tokio::test]
async fn page_after_page_is_read() {
    let mut factors = paged(&["a", "b", "a", "a", "b"]);
    factors.expect_reencrypt().withf(|_, from, to| from.with == "a" && to.with == "b").times(3).returning(|_, _, _| Ok(true));
    assert_eq!(reencrypt(factors, &["b", "a"]).execute().await.unwrap(), 3);
    assert_eq!(reencrypt(paged(&[]), &["b"]).execute().await.unwrap(), 0);
}

#[tokio::test]
async fn what_another_server_did_is_not_counted() {
    let mut factors = paged(&["a", "a", "a"]);
    let mut done = [true, false, true].into_iter();
    factors.expect_reencrypt().times(3).returning(move |_, _, _| Ok(done.next().unwrap()));
    assert_eq!(reencrypt(factors, &["b", "a"]).execute().await.unwrap(), 2);
}

#[tokio::test]
async fn a_secret_whose_key_is_gone_does_not_keep_the_others() {
    let mut factors = paged(&["lost", "a", "lost", "a"]);
    factors.expect_reencrypt().withf(|_, from, _| from.with == "a").times(2).returning(|_, _, _| Ok(true));
    let outcome = reencrypt(factors, &["b", "a"]).execute().await;
    assert!(matches!(outcome, Err(PortError::Corrupt(_))));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut away = MockFactorStore::new();
    away.expect_secrets().returning(|_, _| down());
    let mut not_storing = paged(&["a", "a"]);
    not_storing.expect_reencrypt().once().returning(|_, _, _| down());
    for factors in [away, not_storing] {
        assert!(matches!(reencrypt(factors, &["b", "a"]).execute().await, Err(PortError::Unavailable(_))));
    }
}
