//! What is remembered of every authentication event: who, what, when, from where.

use std::{borrow::Cow, fmt};

use chrono::{DateTime, Utc};

use super::kind::{EventKind, Outcome};
use crate::identity::{
    email::Email,
    ids::{ClientId, KeyId, SessionId, UserId},
    request_context::RequestContext,
};

/// What an event is about, if not an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A resource server.
    Client(ClientId),
    /// A key that signs access tokens.
    Key(KeyId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(id) => id.fmt(f),
            Self::Key(id) => id.fmt(f),
        }
    }
}

/// One line of the audit trail. Never holds a password, a token, a hash or a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    pub at: DateTime<Utc>,
    pub kind: EventKind,
    /// The reason, even where the answer to the client does not give it.
    pub reason: Option<&'static str>,
    pub user: Option<UserId>,
    pub session: Option<SessionId>,
    /// What it is about, if not an account.
    pub subject: Option<Subject>,
    /// The address that was tried, whether or not it has an account.
    pub email: Option<Email>,
    pub context: RequestContext,
}

/// The reason of an event that was attempted, and may have happened.
const OUTCOME_UNKNOWN: &str = "outcome_unknown";

impl AuditEvent {
    #[must_use]
    pub fn new(kind: EventKind, context: &RequestContext, at: DateTime<Utc>) -> Self {
        Self { at, kind, reason: None, user: None, session: None, subject: None, email: None, context: context.clone() }
    }

    #[must_use]
    pub fn because(self, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// Says that nobody knows whether it happened.
    #[must_use]
    pub fn of_unknown_outcome(self) -> Self {
        self.because(OUTCOME_UNKNOWN)
    }

    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.reason == Some(OUTCOME_UNKNOWN) { Outcome::Unknown } else { self.kind.outcome() }
    }

    #[must_use]
    pub fn by(self, user: UserId, email: &Email) -> Self {
        Self { user: Some(user), email: Some(email.clone()), ..self }
    }

    #[must_use]
    pub fn attempted_as(self, email: &Email) -> Self {
        Self { email: Some(email.clone()), ..self }
    }

    #[must_use]
    pub fn about(self, subject: Subject) -> Self {
        Self { subject: Some(subject), ..self }
    }

    /// The reason as logs and databases hold it. It includes the subject, which has no field of its own.
    #[must_use]
    pub fn why(&self) -> Option<Cow<'static, str>> {
        match (self.reason, &self.subject) {
            (Some(reason), Some(subject)) => Some(format!("{reason} {subject}").into()),
            (None, Some(subject)) => Some(subject.to_string().into()),
            (reason, None) => reason.map(Cow::Borrowed),
        }
    }

    #[must_use]
    pub fn in_session(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }
}

#[cfg(test)]
mod tests;
