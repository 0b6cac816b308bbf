//! One-time tokens that anybody can read.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::{
    factors::{
        one_time_token::{OneTimePurpose, OneTimeToken, OneTimeTokenId},
        ports::OneTimeTokenCodec,
    },
    identity::user::AccountVersion,
    testkit::fakes::with_checksum,
};

/// Writes a token in clear, one member after another, with a checksum over the key in the place of a signature.
#[derive(Debug, Clone)]
pub struct FakeOneTimeTokens {
    key: String,
}

impl FakeOneTimeTokens {
    #[must_use]
    pub fn with_key(key: &str) -> Self {
        Self { key: key.to_owned() }
    }
}

impl Default for FakeOneTimeTokens {
    fn default() -> Self {
        Self::with_key("one-time")
    }
}

impl OneTimeTokenCodec for FakeOneTimeTokens {
    fn encode(&self, token: &OneTimeToken) -> String {
        let account = |version: AccountVersion| format!("{}|{}", version.number, version.changed_at.timestamp_micros());
        let purpose = match token.purpose {
            OneTimePurpose::SecondStep { user, proven, authenticated_at } => {
                format!("second step|{user}|{}|{}", account(proven), authenticated_at.timestamp_micros())
            }
            OneTimePurpose::RegisterPasskey { user, proven } => format!("register passkey|{user}|{}", account(proven)),
            OneTimePurpose::AssertPasskey => "assert passkey".to_owned(),
        };
        with_checksum(&self.key, &format!("{}|{}|{purpose}", token.id, token.expires_at.timestamp_micros()))
    }

    fn decode(&self, text: &str) -> Option<OneTimeToken> {
        let (plain, _) = text.rsplit_once('|')?;
        if with_checksum(&self.key, plain) != text {
            return None;
        }
        let mut parts = plain.split('|');
        let mut next = || parts.next().unwrap_or_default();
        let (id, expires_at) = (parse(next())?, time(next())?);
        let purpose = match next() {
            "second step" => OneTimePurpose::SecondStep {
                user: parse(next())?,
                proven: AccountVersion { number: parse(next())?, changed_at: time(next())? },
                authenticated_at: time(next())?,
            },
            "register passkey" => OneTimePurpose::RegisterPasskey {
                user: parse(next())?,
                proven: AccountVersion { number: parse(next())?, changed_at: time(next())? },
            },
            "assert passkey" => OneTimePurpose::AssertPasskey,
            _ => return None,
        };
        Some(OneTimeToken { id, purpose, expires_at })
    }

    /// A checksum over key and id, and the id.
    fn challenge(&self, id: OneTimeTokenId) -> [u8; 32] {
        let text = with_checksum(&self.key, &id.to_string());
        let (_, sum) = text.rsplit_once('|').unwrap_or_default();
        let mut challenge = [0; 32];
        let bytes = sum.bytes().chain(*id.0.as_bytes());
        challenge.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
        challenge
    }
}

fn parse<T: FromStr>(text: &str) -> Option<T> {
    text.parse().into_iter().next()
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(parse(text)?)
}
