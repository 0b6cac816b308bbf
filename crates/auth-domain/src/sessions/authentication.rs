//! How and when a session's owner was authenticated, and whether that is fresh.

use std::{borrow::Cow, fmt, str::FromStr, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    factors::{policy::MfaPolicy, second_step::Evidence},
    identity::clock::Clock,
    sessions::{authenticate::SignedIn, session::Session},
};

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
    /// All that one session can have.
    pub const LONGEST: Self = Self(Cow::Borrowed("pwd fed otp hwk swk user mfa"));

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }

    #[must_use]
    pub fn level(&self) -> AssuranceLevel {
        if self.has("mfa") { AssuranceLevel::Aal2 } else { AssuranceLevel::Aal1 }
    }

    /// With what a second step has shown, beside these; a passkey is two factors by itself, since its authenticator verified the user.
    #[must_use]
    pub fn with(&self, evidence: &Evidence) -> Self {
        Self::union(self.names().filter(|name| *name != "mfa"), evidence)
    }

    /// What a passkey alone has shown.
    #[must_use]
    pub fn alone(evidence: &Evidence) -> Self {
        Self::union(std::iter::empty(), evidence)
    }

    fn has(&self, method: &str) -> bool {
        self.names().any(|name| name == method)
    }

    fn union<'a>(before: impl Iterator<Item = &'a str>, evidence: &Evidence) -> Self {
        let shown: &[&str] = match evidence {
            Evidence::Totp { .. } | Evidence::RecoveryCode(_) => &["otp"],
            Evidence::Passkey { backup_eligible: true, .. } => &["swk", "user"],
            Evidence::Passkey { backup_eligible: false, .. } => &["hwk", "user"],
        };
        let mut names: Vec<&str> = before.chain(shown.iter().copied()).collect();
        names.sort_by_key(|name| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
        names.dedup();
        if names.contains(&"user") || names.len() > 1 {
            names.push("mfa");
        }
        Self(Cow::Owned(names.join(" ")))
    }
}

/// The names in the order in which they are written; those of a later release come last.
const ORDER: [&str; 6] = ["pwd", "fed", "otp", "hwk", "swk", "user"];

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

    /// By a second step, beside what was shown before.
    #[must_use]
    pub fn with(&self, evidence: &Evidence, at: DateTime<Utc>) -> Self {
        Self { at, methods: self.methods.with(evidence) }
    }
}

/// Whether a session may only enrol a second factor: one has to be there, and it was begun without.
#[must_use]
pub fn is_for_enrolment(session: &Session, policy: MfaPolicy) -> bool {
    policy == MfaPolicy::Required && session.authentication.methods.level() < AssuranceLevel::Aal2
}

/// Demands that a caller was authenticated a short while ago. Judges the session, not the token: after a
/// [reauthentication](crate::sign_in::reauthenticate) every access token of the session will do.
#[derive(Clone)]
pub struct DemandFresh {
    pub clock: Arc<dyn Clock>,
    /// How long an authentication is fresh.
    pub window: TimeDelta,
    /// Whether it takes a second factor, where the account has one.
    pub mfa: MfaPolicy,
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
    /// What a caller is told who has to show a second factor.
    #[must_use]
    pub fn with_factor(&self) -> NotFresh {
        NotFresh { max_age: self.window, level: Some(AssuranceLevel::Aal2) }
    }

    /// Demands it only of those whose account has a second factor.
    ///
    /// # Errors
    /// [`NotFresh`].
    pub fn check_where_factor(&self, caller: &SignedIn) -> Result<(), NotFresh> {
        if self.mfa.asks(&caller.user) { self.check(caller) } else { Ok(()) }
    }

    /// # Errors
    /// [`NotFresh`].
    pub fn check(&self, caller: &SignedIn) -> Result<(), NotFresh> {
        let SignedIn { user, session } = caller;
        let age = self.clock.now() - session.authentication.at;
        let lacks_factor = self.mfa.asks(user) && session.authentication.methods.level() < AssuranceLevel::Aal2;
        if age <= self.window && !lacks_factor {
            return Ok(());
        }
        Err(NotFresh { max_age: self.window, level: lacks_factor.then_some(AssuranceLevel::Aal2) })
    }
}

#[cfg(test)]
mod tests;
