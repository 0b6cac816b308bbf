//! Guessing at an account from everywhere, while its owner goes on.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    metrics,
    service::{Answer, Engine, PASSWORD, Service, on_every_engine},
};

const WRONG: &str = "Wrong-Horse-7-Battery";
const OWNER: &str = "203.0.113.7";
const LIMITS: [(&str, &str); 2] = [("LOGIN_FAILURES", "3"), ("TRUSTED_PROXIES", "127.0.0.0/8")];

/// A request as a proxy passes it on for a client.
async fn from(service: &Service, client: &str, path: &str, body: Value) -> Answer {
    let request = service.request(reqwest::Method::POST, path).header("X-Forwarded-For", client);
    Answer::of(request.json(&body)).await
}

async fn login(service: &Service, client: &str, email: &str, password: &str) -> Answer {
    from(service, client, "/auth/login", json!({ "email": email, "password": password })).await
}

async fn guess(service: &Service, email: &str, times: u8) {
    for network in 0..times {
        let guessed = login(service, &format!("198.51.{network}.9"), email, WRONG).await;
        assert_eq!(guessed.refusal(), (401, "invalid_credentials"));
    }
}

fn wait(held: &Answer) -> u64 {
    assert_eq!(held.refusal(), (429, "too_many_attempts"));
    held.header("retry-after").unwrap().parse().unwrap()
}

on_every_engine! {
    async fn strangers_wait_and_the_owner_goes_on(engine) {
        let service = Service::with(engine, &LIMITS).await;
        let body = json!({ "email": "ann@example.org", "password": PASSWORD });
        assert_eq!(from(&service, OWNER, "/auth/register", body).await.status, 201);
        guess(&service, "ann@example.org", 3).await;

        let held = login(&service, "192.0.2.1", "Ann@example.org", PASSWORD).await;
        assert!((1..=30).contains(&wait(&held)), "{:?}", held.headers);
        // From next door, and on another server.
        let other = Service::on(service.database.clone(), &LIMITS).await;
        assert_eq!(login(&other, "203.0.113.99", "ann@example.org", WRONG).await.status, 401);
        assert_eq!(login(&other, "203.0.113.99", "ann@example.org", PASSWORD).await.status, 200);
        // The owner's own mistake made it longer for strangers, who did not count while they waited.
        assert!((31..=60).contains(&wait(&login(&other, "192.0.2.1", "ann@example.org", PASSWORD).await)));

        let throttled = &service.audited("login_throttled", 1).await[0];
        assert_eq!((&throttled["client"], &throttled["email"]), (&json!("192.0.2.1"), &json!("ann@example.org")));
        assert_eq!(throttled["outcome"], "failure");
    }

    async fn an_address_without_an_account_is_answered_alike(engine) {
        let service = Service::with(engine, &LIMITS).await;
        service.register("ann@example.org").await;
        let mut held = Vec::new();
        for email in ["ann@example.org", "nobody@example.org"] {
            guess(&service, email, 3).await;
            held.push(login(&service, "192.0.2.1", email, PASSWORD).await);
        }
        let shape = |answer: &Answer| {
            let names: BTreeSet<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
            (answer.status, answer.text("detail").to_owned(), answer.text("title").to_owned(), names)
        };
        assert!(held.iter().all(|held| (1..=30).contains(&wait(held))));
        assert_eq!(shape(&held[0]), shape(&held[1]));
    }

    async fn a_stolen_token_is_no_way_around(engine) {
        let service = Service::with(engine, &LIMITS).await;
        let tokens = service.register("ann@example.org").await;
        let steal = async |password: &str| {
            let request = service.request(reqwest::Method::DELETE, "/auth/me").header("X-Forwarded-For", "192.0.2.1");
            Answer::of(request.bearer_auth(tokens.access()).json(&json!({ "password": password }))).await
        };
        for _ in 0..3 {
            assert_eq!(steal(WRONG).await.refusal(), (403, "password_mismatch"));
        }
        wait(&steal(PASSWORD).await);
        assert_eq!(service.me(tokens.access()).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_not_hashed() {
    let service = Service::with(Engine::Sqlite, &[LIMITS[0], LIMITS[1], metrics::ON]).await;
    guess(&service, "ann@example.org", 3).await;
    let hashes = async || metrics::value(&metrics::scrape(&service).await, "auth_hash_duration_seconds_count");
    let before = hashes().await;
    assert!((before - 3.0).abs() < f64::EPSILON, "each guess was hashed: {before}");
    for _ in 0..50 {
        wait(&login(&service, "192.0.2.1", "ann@example.org", PASSWORD).await);
    }
    let hashed = hashes().await - before;
    assert!(hashed.abs() < f64::EPSILON, "{hashed} hashes");
}
