//! What the operating system provides: the time, ids and secrets.

use auth_domain::identity::clock::{Clock, Ids};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

/// The system's clock, cut to the microseconds that every database stores.
pub struct SystemClock;

/// UUIDs that increase with time, even within a millisecond of one process.
pub struct UuidV7;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

impl Ids for UuidV7 {
    #[expect(clippy::disallowed_methods, reason = "this is where ids come from")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// A fresh secret: 384 bits from the operating system, in 64 characters that every shell and `.env` takes without quotes.
#[must_use]
pub fn os_secret() -> String {
    URL_SAFE_NO_PAD.encode(random::<48>())
}

/// A fresh key to encrypt private keys with: 256 bits from the operating system, in base64.
#[must_use]
pub fn os_key() -> String {
    STANDARD.encode(random::<32>())
}

/// Bytes that nobody can guess.
#[expect(clippy::expect_used, reason = "without them there is no secret worth having, and no going on")]
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has no random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_tells_microseconds_and_no_less() {
        assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1000, 0);
    }

    #[test]
    fn ids_are_version_7_and_grow() {
        let ids: Vec<Uuid> = (0..1000).map(|_| UuidV7.next()).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(ids.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn secrets_are_64_plain_characters_and_differ() {
        let secret = os_secret();
        assert_eq!(secret.len(), 64);
        assert!(secret.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        assert_ne!(secret, os_secret());
    }
}
