//! The client data: what the browser says of a ceremony (WebAuthn Level 3 section 5.8.1).

use auth_domain::passkeys::ports::WebAuthnFault;
use aws_lc_rs::constant_time;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

/// The longest one, in bytes. It has a challenge, an origin and little else.
const MAX_BYTES: usize = 4096;

pub(super) struct ClientData(Map<String, Value>);

impl ClientData {
    /// UTF-8 without a byte order mark, which no browser writes; no member twice. Others than those that are looked at may come
    /// (section 5.8.1: "may be extended in the future").
    pub(super) fn read(bytes: &[u8]) -> Result<Self, WebAuthnFault> {
        if bytes.len() > MAX_BYTES {
            return Err(WebAuthnFault::ClientData);
        }
        match strict_json::parse(bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(WebAuthnFault::ClientData),
        }
    }

    pub(super) fn verify_type(&self, expected: &str) -> Result<(), WebAuthnFault> {
        if self.text("type")? == expected { Ok(()) } else { Err(WebAuthnFault::WrongType) }
    }

    /// Compares what is written, so that no other spelling of the challenge passes.
    pub(super) fn verify_challenge(&self, expected: &[u8; 32]) -> Result<(), WebAuthnFault> {
        let expected = URL_SAFE_NO_PAD.encode(expected);
        constant_time::verify_slices_are_equal(self.text("challenge")?.as_bytes(), expected.as_bytes())
            .map_err(|_differs| WebAuthnFault::WrongChallenge)
    }

    pub(super) fn verify_origin(&self, expected: &[String]) -> Result<(), WebAuthnFault> {
        let origin = self.text("origin")?;
        if expected.iter().any(|one| one == origin) { Ok(()) } else { Err(WebAuthnFault::WrongOrigin) }
    }

    /// Nothing here is meant to be framed by another origin.
    pub(super) fn verify_not_framed(&self) -> Result<(), WebAuthnFault> {
        match self.0.get("crossOrigin") {
            None | Some(Value::Bool(false)) => Ok(()),
            Some(Value::Bool(true)) => Err(WebAuthnFault::CrossOrigin),
            Some(_) => Err(WebAuthnFault::ClientData),
        }
    }

    /// A browser names the top origin of a framed page alone.
    pub(super) fn verify_no_top_origin(&self) -> Result<(), WebAuthnFault> {
        if self.0.contains_key("topOrigin") { Err(WebAuthnFault::CrossOrigin) } else { Ok(()) }
    }

    fn text(&self, name: &str) -> Result<&str, WebAuthnFault> {
        self.0.get(name).and_then(Value::as_str).ok_or(WebAuthnFault::ClientData)
    }
}
