//! A key from before it signs to after its last token, and the change from one algorithm to another.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{keys, kid, published, server, signed_by_another, states, verified};
use crate::{
    oauth::introspect::Client,
    service::{Engine, Service, TestDatabase, on_every_engine},
    sessions::tokens::part,
};

/// `JWKS_MAX_AGE` of these servers.
const KEPT: Duration = Duration::from_secs(2);

on_every_engine! {
    /// Whoever keeps the keys as long as they may finds each token's among them, at any moment of a rotation.
    async fn a_rotation_breaks_no_verifier(engine) {
        let database = Arc::new(TestDatabase::create(engine));
        let (one, other) = (server(&database, "ES256", &[]).await, server(&database, "ES256", &[]).await);
        let first = one.register("ann@example.org").await;
        let next = keys(&database, "ES256", &["rotate"]);
        assert_eq!(next[0]["state"], "pending");
        let (mut tokens, mut known, mut fetched) = (first.clone(), published(&one).await, Instant::now());
        for turn in 0_u32.. {
            let (signer, publisher) = if turn.is_multiple_of(2) { (&one, &other) } else { (&other, &one) };
            if fetched.elapsed() >= KEPT {
                (known, fetched) = (published(publisher).await, Instant::now());
            }
            tokens = signer.refresh(tokens.refresh()).await;
            // Fetched before the token was made, which is the harder case.
            verified(tokens.access(), &known).unwrap();
            assert_eq!(publisher.me(tokens.access()).await.status, 200);
            assert_eq!(publisher.me(first.access()).await.status, 200);
            if kid(tokens.access()) != kid(first.access()) {
                break;
            }
        }
        assert_eq!(kid(tokens.access()), next[0]["kid"].as_str().unwrap());
        assert_eq!(states(&database, "ES256"), ["retiring", "active"]);
        verified(first.access(), &published(&one).await).unwrap();
    }

    /// From the secret to a key and back, and each token of the way counts until it expires.
    async fn a_change_of_algorithm_invalidates_no_token(engine) {
        let database = Arc::new(TestDatabase::create(engine));
        let mut live = Vec::new();
        let service = Service::on(database.clone(), &[("JWT_ISSUER", crate::signing_keys::keys::ISSUER)]).await;
        live.push(service.register("ann@example.org").await);
        drop(service);
        let service = server(&database, "ES256", &[]).await;
        assert_eq!(states(&database, "ES256"), ["pending"], "somebody has a token: the key waits");
        let waiting = service.login("ann@example.org").await;
        assert_eq!(part(waiting.access(), 0)["alg"], "HS256");
        live.push(waiting);
        live.push(signed_by_another(&service, "none").await);
        all_count(&service, &live).await;
        drop(service);
        let service = server(&database, "EdDSA", &[]).await;
        let es256 = kid(live.last().unwrap().access());
        live.push(signed_by_another(&service, &es256).await);
        assert_eq!(part(live.last().unwrap().access(), 0)["alg"], "EdDSA");
        all_count(&service, &live).await;
        drop(service);
        let service = Service::on(database.clone(), &[("JWT_ISSUER", crate::signing_keys::keys::ISSUER)]).await;
        live.push(service.login("ann@example.org").await);
        assert_eq!(part(live.last().unwrap().access(), 0)["alg"], "HS256");
        all_count(&service, &live).await;
        assert_eq!(published(&service).await.keys.len(), 2, "whoever verifies still needs them");
    }

    async fn a_compromised_key_ends_every_token_that_it_signed(engine) {
        let database = Arc::new(TestDatabase::create(engine));
        let (one, other) = (server(&database, "ES256", &[]).await, server(&database, "ES256", &[]).await);
        let tokens = one.register("ann@example.org").await;
        let key = kid(tokens.access());
        let client = Client::add(&one);
        let active = async |service: &Service, token: &str| client.ask(service, token).await.body["active"].clone();
        assert_eq!(active(&other, tokens.access()).await, true);
        let told = keys(&database, "ES256", &["revoke", &key, "--compromised"]);
        assert_eq!(told[0]["state"], "revoked");
        for service in [&one, &other] {
            let answer = service.me(tokens.access()).await;
            assert_eq!((answer.status, answer.problem()), (401, "token_invalid"));
            assert_eq!(active(service, tokens.access()).await, false);
            assert!(published(service).await.find(&key).is_none());
        }
        let next = other.refresh(tokens.refresh()).await;
        assert_ne!(kid(next.access()), key, "the session lives on under another key");
        assert_eq!(one.me(next.access()).await.status, 200);
        verified(next.access(), &published(&one).await).unwrap();
    }
}

async fn all_count(service: &Service, live: &[crate::service::Answer]) {
    for tokens in live {
        assert_eq!(service.me(tokens.access()).await.status, 200, "{}", part(tokens.access(), 0));
    }
}

#[tokio::test]
async fn a_server_asks_for_the_keys_again_after_an_outage() {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let service = server(&database, "ES256", &[]).await;
    let tokens = service.register("ann@example.org").await;
    database.execute("ALTER TABLE signing_keys RENAME TO elsewhere");
    service.logged("cannot attend to the signing keys", 1).await;
    assert_eq!(service.me(tokens.access()).await.status, 200, "what is known stays known");
    database.execute("ALTER TABLE elsewhere RENAME TO signing_keys");
    let next = keys(&database, "ES256", &["rotate", "--at-once"]);
    let signed = signed_by_another(&service, &kid(tokens.access())).await;
    assert_eq!(kid(signed.access()), next[0]["kid"].as_str().unwrap());
}
