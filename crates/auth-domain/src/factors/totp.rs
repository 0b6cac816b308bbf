//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, 30 seconds.

use chrono::{DateTime, TimeDelta, Utc};

use super::factor::{FactorId, FactorName};
use crate::identity::{encrypted::Encrypted, ids::UserId, password_hash::redacted};

/// How long a code counts (RFC 6238 section 4.1, `X`).
pub const STEP: TimeDelta = TimeDelta::seconds(30);

/// How many confirmed factors of this kind an account may have.
pub const TOTP_LIMIT: usize = 5;

/// A number of steps since 1970 (RFC 6238 section 4.2, `T`). A code of a step counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeStep(pub i64);

impl TimeStep {
    /// Before every step.
    pub const NONE: Self = Self(-1);

    #[must_use]
    pub fn at(time: DateTime<Utc>) -> Self {
        Self(time.timestamp().div_euclid(STEP.num_seconds()))
    }
}

/// A secret that an account shares with an authenticator app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpFactor {
    pub id: FactorId,
    pub user: UserId,
    pub name: FactorName,
    pub secret: Encrypted,
    pub created_at: DateTime<Utc>,
    /// `None` until its owner has shown a code of it: nothing asks for it before.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The newest step of which a code was used. Older ones count no more.
    pub last_step: TimeStep,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A secret as its owner sees it, once, and as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTotpSecret {
    pub encrypted: Encrypted,
    /// Base32 (RFC 4648 section 6), for typing.
    pub secret: String,
    /// `otpauth://totp/…`, as authenticator apps take it.
    pub uri: String,
    /// The URI as a QR code, in SVG.
    pub qr: String,
}

redacted!(NewTotpSecret);
