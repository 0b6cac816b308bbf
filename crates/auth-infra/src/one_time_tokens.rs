//! One-time tokens: claims in JSON and their HMAC, so that making one writes nothing and any server with the secret reads it.

use auth_domain::{
    factors::{
        one_time_token::{OneTimePurpose, OneTimeToken, OneTimeTokenId},
        ports::OneTimeTokenCodec,
    },
    identity::{port_error::PortError, user::AccountVersion},
};
use aws_lc_rs::{
    constant_time,
    hmac::{self, Key},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::derived_key::hmac_key;

/// What the key is for.
const LABEL: &[u8] = b"auth-server one-time tokens v1";

/// Parts the two things that are derived with the key: what begins with the one never begins with the other.
const TOKEN: &[u8] = b"token";
const CHALLENGE: &[u8] = b"challenge";

/// Signs them by HMAC-SHA-256, with a key that HKDF takes from the secret of refresh tokens.
pub struct HmacOneTimeTokens(Key);

/// Times in microseconds since 1970, as databases store them: the version of an account is compared with them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    jti: String,
    exp: i64,
    #[serde(rename = "for")]
    purpose: Purpose,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Purpose {
    SecondStep { sub: String, version: i64, changed: i64, auth_time: i64 },
    RegisterPasskey { sub: String, version: i64, changed: i64 },
    AssertPasskey,
}

impl HmacOneTimeTokens {
    /// # Errors
    /// The library cannot derive the key.
    pub fn new(secret: &[u8]) -> Result<Self, PortError> {
        hmac_key(secret, LABEL).map(Self)
    }

    fn mac(&self, what: &[u8], of: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(what);
        context.update(of);
        context.sign()
    }
}

impl OneTimeTokenCodec for HmacOneTimeTokens {
    /// Claims and MAC in base64url, with a full stop between them.
    fn encode(&self, token: &OneTimeToken) -> String {
        // Never fails: only maps whose keys are no texts cannot be written, and there is none.
        let claims = serde_json::to_vec(&Claims::of(token)).unwrap_or_default();
        let claims = URL_SAFE_NO_PAD.encode(claims);
        let mac = URL_SAFE_NO_PAD.encode(self.mac(TOKEN, claims.as_bytes()));
        format!("{claims}.{mac}")
    }

    /// Verifies first, so that no parser reads what others wrote.
    fn decode(&self, text: &str) -> Option<OneTimeToken> {
        let (claims, mac) = text.split_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).unwrap_or_default();
        constant_time::verify_slices_are_equal(self.mac(TOKEN, claims.as_bytes()).as_ref(), &mac).into_iter().next()?;
        let claims = URL_SAFE_NO_PAD.decode(claims).unwrap_or_default();
        serde_json::from_slice::<Claims>(&claims).into_iter().find_map(|claims| claims.read())
    }

    fn challenge(&self, id: OneTimeTokenId) -> [u8; 32] {
        let mac = self.mac(CHALLENGE, id.0.as_bytes());
        // As long as the output of SHA-256, so this copies all of it.
        let mut challenge = [0; 32];
        challenge.iter_mut().zip(mac.as_ref()).for_each(|(place, byte)| *place = *byte);
        challenge
    }
}

impl Claims {
    fn of(token: &OneTimeToken) -> Self {
        let purpose = match token.purpose {
            OneTimePurpose::SecondStep { user, proven, authenticated_at } => Purpose::SecondStep {
                sub: user.to_string(),
                version: proven.number,
                changed: proven.changed_at.timestamp_micros(),
                auth_time: authenticated_at.timestamp_micros(),
            },
            OneTimePurpose::RegisterPasskey { user, proven } => Purpose::RegisterPasskey {
                sub: user.to_string(),
                version: proven.number,
                changed: proven.changed_at.timestamp_micros(),
            },
            OneTimePurpose::AssertPasskey => Purpose::AssertPasskey,
        };
        Self { jti: token.id.to_string(), exp: token.expires_at.timestamp_micros(), purpose }
    }

    fn read(&self) -> Option<OneTimeToken> {
        let purpose = match &self.purpose {
            Purpose::SecondStep { sub, version, changed, auth_time } => OneTimePurpose::SecondStep {
                user: sub.parse().into_iter().next()?,
                proven: AccountVersion { number: *version, changed_at: time(*changed)? },
                authenticated_at: time(*auth_time)?,
            },
            Purpose::RegisterPasskey { sub, version, changed } => OneTimePurpose::RegisterPasskey {
                user: sub.parse().into_iter().next()?,
                proven: AccountVersion { number: *version, changed_at: time(*changed)? },
            },
            Purpose::AssertPasskey => OneTimePurpose::AssertPasskey,
        };
        Some(OneTimeToken { id: self.jti.parse().into_iter().next()?, purpose, expires_at: time(self.exp)? })
    }
}

fn time(microseconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(microseconds)
}

#[cfg(test)]
mod tests;
