//! Mails, and proofs of a mailbox.

mod bad_input;
mod change;
mod confirm;
mod forgot;
mod languages;
mod limits;
mod notices;
mod off;
mod outages;
mod races;
mod required;
mod reset;
mod secrecy;
mod storm;
mod undo;
mod verification;
mod verify;

use serde_json::{Value, json};

use crate::service::{Answer, Service};

/// Another password than that of the tests.
const NEW: &str = "Another-Horse-8-Staple";

const ACCEPTED: &str = "accepted";

/// Asks for a mail that verifies an address.
async fn ask_to_verify(service: &Service, email: &str) {
    is_accepted(&service.post("/auth/email/verification", json!({ "email": email })).await);
}

/// Asks for a mail, since the password was forgotten.
async fn forget(service: &Service, email: &str) {
    is_accepted(&service.post("/auth/password/forgot", json!({ "email": email })).await);
}

/// Asks for another address.
async fn ask_to_change(service: &Service, access: &str, email: &str) {
    is_accepted(&service.post_as(access, "/auth/email", Some(json!({ "new_email": email }))).await);
}

fn is_accepted(answer: &Answer) {
    assert_eq!((answer.status, &answer.body), (202, &json!({ "status": ACCEPTED })));
}

/// Whatever is wrong with a proof.
fn is_no_proof(answer: &Answer, what: &str) {
    assert_eq!(answer.refusal(), (400, "proof_invalid"), "{what}");
}

fn is_done(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.body.is_null()), (204, true), "{what}: {}", answer.body);
}

async fn verify(service: &Service, body: Value) -> Answer {
    service.post("/auth/email/verify", body).await
}

async fn reset(service: &Service, token: &str, password: &str) -> Answer {
    service.post("/auth/password/reset", json!({ "token": token, "new_password": password })).await
}

async fn confirm(service: &Service, token: &str) -> Answer {
    service.post("/auth/email/confirm", json!({ "token": token })).await
}

async fn undo(service: &Service, token: &str) -> Answer {
    service.post("/auth/undo", json!({ "token": token })).await
}

async fn login(service: &Service, email: &str, password: &str) -> Answer {
    service.post("/auth/login", json!({ "email": email, "password": password })).await
}

/// Gives an account another address, and confirms it by the newest mail.
async fn move_to(service: &Service, access: &str, email: &str) {
    ask_to_change(service, access, email).await;
    let letter = service.mails_to(email).await.pop().unwrap();
    is_done(&confirm(service, letter.token()).await, email);
}

/// The present state of an account's address.
async fn mailbox(service: &Service, access: &str) -> (String, bool, Value) {
    let me = service.me(access).await;
    assert_eq!(me.status, 200, "{}", me.body);
    (me.text("email").to_owned(), me.body["email_verified"].as_bool().unwrap(), me.body["pending_email"].clone())
}

/// Has the proofs of an address that are not used yet expire.
fn expire(service: &Service, address: &str, purpose: &str) {
    service.database.execute(&format!(
        "UPDATE mailbox_proofs SET expires_at = '2026-01-01 00:00:00' WHERE address = '{address}' AND purpose = '{purpose}'"
    ));
}

fn operate(service: &Service, arguments: &[&str]) {
    let (code, _, stderr) = service.command(arguments, "");
    assert_eq!(code, 0, "{arguments:?}: {stderr}");
}
