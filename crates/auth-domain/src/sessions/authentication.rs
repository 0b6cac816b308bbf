//! How and when a session's owner was authenticated, and whether that is fresh.

use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{identity::clock::Clock, sessions::authenticate::SignedIn};

/// The methods of an authentication by their names in `amr` (RFC 8176 section 2), one space between two. Names that a later
/// release has stored stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Methods(Cow<'static, str>);

/// How sure the authentication is (NIST SP 800-63B-4), as `acr` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssuranceLevel {
    Aal1,
    /// With a second factor.
    Aal2,
}

/// An authentication of a session's owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentication {
    pub at: DateTime<Utc>,
    pub methods: Methods,
}

/// The text names no method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be names of methods with one space between two")]
pub struct NoMethods;

impl Methods {
    pub const PASSWORD: Self = Self(Cow::Borrowed("pwd"));

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }

    #[must_use]
    pub fn level(&self) -> AssuranceLevel {
        if self.names().any(|name| name == "mfa") { AssuranceLevel::Aal2 } else { AssuranceLevel::Aal1 }
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Methods {
    type Err = NoMethods;

    fn from_str(text: &str) -> Result<Self, NoMethods> {
        let are_names = text.split(' ').all(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if are_names { Ok(Self(Cow::Owned(text.to_owned()))) } else { Err(NoMethods) }
    }
}

impl AssuranceLevel {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
        }
    }
}

impl Authentication {
    #[must_use]
    pub fn by_password(at: DateTime<Utc>) -> Self {
        Self { at, methods: Methods::PASSWORD }
    }
}

/// Demands that a caller was authenticated a short while ago. Judges the session, not the token: after a
/// [reauthentication](crate::sign_in::reauthenticate) every access token of the session will do.
pub struct DemandFresh {
    pub clock: Arc<dyn Clock>,
    /// How long an authentication is fresh.
    pub window: TimeDelta,
}

/// The caller has to authenticate again (RFC 9470 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the authentication is not fresh")]
pub struct NotFresh {
    /// How old it may be.
    pub max_age: TimeDelta,
    /// What it has to reach, where it did not.
    pub level: Option<AssuranceLevel>,
}

impl DemandFresh {
    /// # Errors
    /// [`NotFresh`].
    pub fn check(&self, caller: &SignedIn) -> Result<(), NotFresh> {
        let age = self.clock.now() - caller.session.authentication.at;
        if age <= self.window { Ok(()) } else { Err(NotFresh { max_age: self.window, level: None }) }
    }
}

#[cfg(test)]
mod tests;
