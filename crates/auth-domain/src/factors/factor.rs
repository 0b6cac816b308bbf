//! A factor of an account as its owner sees it.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};

use super::{passkey::Passkey, totp::TotpFactor};
use crate::identity::{ids::id, method::Method};

/// The longest name of a factor, in characters.
pub const NAME_MAX_CHARS: usize = 64;

id! {
    /// Identifies a factor, whatever its kind.
    FactorId
}

/// What the owner of an account calls a factor: 1 to 64 characters without controls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorName(String);

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FactorNameFault {
    #[error("must not be empty")]
    Empty,
    #[error("must have at most {NAME_MAX_CHARS} characters")]
    TooLong,
    #[error("must not contain control characters")]
    Control,
}

/// A factor that its owner has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    pub id: FactorId,
    /// [`Method::Totp`] or [`Method::Passkey`].
    pub method: Method,
    pub name: FactorName,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl FactorName {
    /// The name of a factor that was given none.
    #[must_use]
    pub fn of_unnamed(method: Method) -> Self {
        Self(if method == Method::Passkey { "Passkey" } else { "Authenticator app" }.to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<TotpFactor> for Factor {
    fn from(app: TotpFactor) -> Self {
        let TotpFactor { id, name, created_at, last_used_at, .. } = app;
        Self { id, method: Method::Totp, name, created_at, last_used_at }
    }
}

impl From<Passkey> for Factor {
    fn from(passkey: Passkey) -> Self {
        let Passkey { id, name, created_at, last_used_at, .. } = passkey;
        Self { id, method: Method::Passkey, name, created_at, last_used_at }
    }
}

impl FromStr for FactorName {
    type Err = FactorNameFault;

    fn from_str(text: &str) -> Result<Self, FactorNameFault> {
        let text = text.trim();
        if text.is_empty() {
            return Err(FactorNameFault::Empty);
        }
        if text.chars().count() > NAME_MAX_CHARS {
            return Err(FactorNameFault::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(FactorNameFault::Control);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for FactorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
