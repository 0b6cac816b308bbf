//! Passkeys: making one, and logging in with one.

mod add;
mod hostile;
mod login;
mod options;
mod related_origins;

use serde_json::{Value, json};

use crate::service::{Answer, Service};

/// Whatever is wrong with a passkey that logs in.
fn is_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.refusal(), (401, "passkey_invalid"), "{what}");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{what}");
}

/// Whatever is wrong with a passkey that is to be added.
fn is_not_added(answer: &Answer, what: &str) {
    assert_eq!(answer.refusal(), (400, "passkey_invalid"), "{what}");
}

async fn add(service: &Service, access: &str, body: Value) -> Answer {
    service.post_as(access, "/auth/passkeys", Some(body)).await
}

async fn login(service: &Service, body: Value) -> Answer {
    service.post("/auth/passkeys/login", body).await
}

/// A request's body with a name in it.
fn named(body: &Value, name: Value) -> Value {
    let mut body = body.clone();
    body["name"] = name;
    body
}

/// The reasons that the trail has for refusals, oldest first.
async fn reasons(service: &Service, count: usize) -> Vec<String> {
    let lines = service.audited("passkey_refused", count).await;
    assert!(lines.iter().all(|line| line["methods"] == json!("passkey")), "{lines:#?}");
    lines.iter().map(|line| line["reason"].as_str().unwrap().to_owned()).collect()
}
