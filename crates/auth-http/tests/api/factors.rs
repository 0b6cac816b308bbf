//! Second factors: authenticator apps, recovery codes, and the second step of a login.

mod bad_input;
mod budget;
mod confirm;
mod guessing;
mod list;
mod login_factor;
mod notices;
mod off;
mod reauthenticate;
mod recovery_codes;
mod remove;
mod rename;
mod required;
mod resets;
mod secrecy;
mod totp;

use reqwest::Method;
use serde_json::{Value, json};

use crate::service::{Answer, Owner, Service};

/// Asks whoever calls to authenticate again (RFC 9470 section 3), word by word.
pub(crate) fn is_stale(answer: &Answer, acr: Option<&str>, what: &str) {
    let acr = acr.map(|acr| format!(r#", acr_values="{acr}""#)).unwrap_or_default();
    let challenge = format!(r#"Bearer error="insufficient_user_authentication", max_age="600"{acr}"#);
    assert_eq!(answer.refusal(), (401, "reauthentication_required"), "{what}");
    assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()), "{what}");
}

/// Whatever is wrong with a code, where no bearer token was presented.
pub(crate) fn is_no_code(answer: &Answer, what: &str) {
    assert_eq!(answer.refusal(), (401, "code_invalid"), "{what}");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{what}");
}

pub(crate) fn is_done(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.body.is_null()), (204, true), "{what}: {}", answer.body);
}

async fn rename(service: &Service, access: &str, id: &str, name: Value) -> Answer {
    service.send(Method::PATCH, &format!("/auth/factors/{id}"), Some(access), Some(json!({ "name": name }))).await
}

pub(crate) async fn remove(service: &Service, access: &str, id: &str) -> Answer {
    service.delete_as(access, &format!("/auth/factors/{id}"), None).await
}

pub(crate) async fn replace_codes(service: &Service, access: &str) -> Answer {
    service.post_as(access, "/auth/factors/recovery-codes", None).await
}

/// The ids of an account's factors, oldest first.
pub(crate) async fn ids(service: &Service, access: &str) -> Vec<String> {
    let factors = service.factors(access).await.body["factors"].clone();
    factors.as_array().unwrap().iter().map(|factor| factor["id"].as_str().unwrap().to_owned()).collect()
}

/// A session of an account with a factor that was begun by a password alone, as a server begins it that asks nobody for more.
pub(crate) async fn password_alone(service: &Service, owner: &Owner) -> Answer {
    let lax = Service::with_factors_on(service.database.clone(), &[("MFA", "off")]).await;
    let tokens = lax.login(&owner.email).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    tokens
}

/// How the log says that something was done.
pub(crate) async fn methods(service: &Service, event: &str, count: usize) -> Vec<String> {
    let lines = service.audited(event, count).await;
    lines.iter().map(|line| line["methods"].as_str().unwrap_or_default().to_owned()).collect()
}
