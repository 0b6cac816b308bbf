//! Guessing at an account from everywhere, while its owner goes on.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    service::{Answer, Engine, PASSWORD, Service, on_every_engine},
    telemetry::metrics,
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

async fn guess(service: &Service, client: &str, email: &str, times: u8) {
    for _ in 0..times {
        assert_eq!(login(service, client, email, WRONG).await.refusal(), (401, "invalid_credentials"));
    }
}

fn wait(held: &Answer) -> u64 {
    assert_eq!(held.refusal(), (429, "too_many_attempts"));
    held.header("retry-after").unwrap().parse().unwrap()
}

on_every_engine! {
    async fn strangers_wait_and_the_owner_goes_on(engine) {
        let service = Service::with(engine, &LIMITS).await;
        let other = Service::on(service.database.clone(), &LIMITS).await;
        let body = json!({ "email": "ann@example.org", "password": PASSWORD });
        assert_eq!(from(&service, OWNER, "/auth/register", body).await.status, 201);
        guess(&service, "192.0.2.1", "ann@example.org", 3).await;

        // On another server, and with the right password.
        for (server, email) in [(&service, "Ann@example.org"), (&other, "ann@example.org")] {
            let held = login(server, "192.0.2.1", email, PASSWORD).await;
            assert!((1..=30).contains(&wait(&held)), "{:?}", held.headers);
        }
        // Everybody else has one attempt, the owner on a new network as well.
        for client in ["192.0.2.2", "2001:db8:1:200::1"] {
            guess(&other, client, "ann@example.org", 1).await;
            wait(&login(&service, client, "ann@example.org", PASSWORD).await);
        }
        for client in [OWNER, "192.0.2.3", "2001:db8:1:300::1"] {
            assert_eq!(login(&other, client, "ann@example.org", PASSWORD).await.status, 200, "{client}");
        }
        // The same home, on another subnet.
        wait(&login(&service, "2001:db8:1:2ff::9", "ann@example.org", PASSWORD).await);
        // Nothing of that moved the first one's wait.
        assert!((1..=30).contains(&wait(&login(&other, "192.0.2.1", "ann@example.org", PASSWORD).await)));

        let throttled = &service.audited("login_throttled", 1).await[0];
        assert_eq!((&throttled["client"], &throttled["email"]), (&json!("192.0.2.1"), &json!("ann@example.org")));
        assert_eq!(throttled["outcome"], "failure");
    }

    async fn an_address_without_an_account_is_answered_alike(engine) {
        let service = Service::with(engine, &LIMITS).await;
        let body = json!({ "email": "ann@example.org", "password": PASSWORD });
        assert_eq!(from(&service, OWNER, "/auth/register", body).await.status, 201);
        let shape = |answer: &Answer| {
            let names: BTreeSet<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
            (answer.status, answer.text("detail").to_owned(), answer.text("title").to_owned(), names)
        };
        // From the network of the registration, and from another.
        let clients = [OWNER, OWNER, "203.0.113.99", OWNER, "192.0.2.1", OWNER, "203.0.113.99", "192.0.2.1", "192.0.2.2"];
        let mut told = Vec::new();
        for email in ["ann@example.org", "nobody@example.org"] {
            let mut answers = Vec::new();
            for client in clients {
                let answer = login(&service, client, email, WRONG).await;
                if answer.status == 429 {
                    assert!((1..=60).contains(&wait(&answer)));
                }
                answers.push(shape(&answer));
            }
            told.push(answers);
        }
        assert_eq!(told[0], told[1]);
        assert_eq!(told[0].iter().map(|shape| shape.0).collect::<Vec<_>>(), [401, 401, 401, 401, 401, 429, 429, 429, 401]);
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
    guess(&service, "192.0.2.1", "ann@example.org", 3).await;
    let hashes = async || metrics::value(&metrics::scrape(&service).await, "auth_hash_duration_seconds_count");
    let before = hashes().await;
    assert!((before - 3.0).abs() < f64::EPSILON, "each guess was hashed: {before}");
    for _ in 0..50 {
        wait(&login(&service, "192.0.2.1", "ann@example.org", PASSWORD).await);
    }
    let hashed = hashes().await - before;
    assert!(hashed.abs() < f64::EPSILON, "{hashed} hashes");
}
