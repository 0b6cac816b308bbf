//! Seeded accounts and sessions by number, and tokens for them as the server itself would sign them.

use anyhow::{Result, anyhow};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The server's secrets, for this run only.
pub(crate) const ACCESS_SECRET: &str = "benchmark-access-secret-0123456789abcdef-0123456789abcdef";
pub(crate) const REFRESH_SECRET: &str = "benchmark-refresh-secret-fedcba9876543210-fedcba9876543210";

/// The password of every seeded account.
pub(crate) const PASSWORD: &str = "Correct-Horse-7-Battery";

pub(crate) fn email(number: u64) -> String {
    format!("user{number:08}@example.org")
}

pub(crate) fn user(number: u64) -> String {
    format!("01900000-0000-7000-8000-{number:012}")
}

pub(crate) fn session(number: u64) -> String {
    format!("01910000-0000-7000-8000-{number:012}")
}

pub(crate) fn access(number: u64) -> Result<String> {
    // The longest lifetime that can be configured.
    let claims = claims(number, "access", TimeDelta::minutes(60));
    sign(&claims, ACCESS_SECRET)
}

/// The refresh token of a session that has not been refreshed yet.
pub(crate) fn refresh(number: u64) -> Result<String> {
    let mut claims = claims(number, "refresh", TimeDelta::days(7));
    if let Some(members) = claims.as_object_mut() {
        members.insert("gen".to_owned(), json!(1));
    }
    sign(&claims, REFRESH_SECRET)
}

#[expect(clippy::disallowed_methods, reason = "there is no port here: tokens begin now")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

fn claims(number: u64, kind: &str, life: TimeDelta) -> Value {
    let now = now();
    json!({
        "sub": user(number), "email": email(number), "type": kind,
        "iat": now.timestamp(), "nbf": now.timestamp(), "exp": (now + life).timestamp(),
        "jti": session(number), "sid": session(number),
    })
}

fn sign(claims: &Value, secret: &str) -> Result<String> {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|fault| anyhow!("{fault}"))?;
    mac.update(signed.as_bytes());
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())))
}
