//! What is remembered of every authentication event: who, what, when, from where.

use std::{borrow::Cow, fmt};

use super::kind::{EventKind, Outcome};
use chrono::{DateTime, Utc};

use crate::{
    identity::{
        email::Email,
        request_context::Origin,
        user::{UserId, id},
    },
    oauth::client::ClientId,
    sessions::session::SessionId,
    signing_keys::ring::KeyId,
};

id! {
    /// Identifies an entry of the trail: stored twice, it is still one.
    EntryId
}

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
    pub origin: Origin,
}

/// An event as the trail stores it: as text, so that other releases can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: EntryId,
    pub at: DateTime<Utc>,
    pub event: Cow<'static, str>,
    pub outcome: Cow<'static, str>,
    pub reason: Option<Cow<'static, str>>,
    pub user: Option<UserId>,
    pub session: Option<SessionId>,
    pub email: Option<String>,
    pub origin: Origin,
}

/// The position of an entry: by time, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub at: DateTime<Utc>,
    pub id: EntryId,
}

/// Whose entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    User(UserId),
    /// Those of an address, including attempts when it had no account, and those that earlier releases stored
    /// [in Unicode](Email::in_unicode).
    Address(Email),
}

/// Which entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub whose: Option<Whose>,
    pub event: Option<EventKind>,
    /// Only entries from this time on.
    pub since: DateTime<Utc>,
    /// Only entries before this one in time: the next page.
    pub before: Option<Place>,
    pub limit: u32,
}

impl Entry {
    #[must_use]
    pub fn of(id: EntryId, event: AuditEvent) -> Self {
        Self {
            id,
            at: event.at,
            event: event.kind.name().into(),
            outcome: event.outcome().name().into(),
            reason: event.why(),
            user: event.user,
            session: event.session,
            email: event.email.map(|email| email.to_string()),
            origin: event.origin,
        }
    }

    #[must_use]
    pub fn place(&self) -> Place {
        Place { at: self.at, id: self.id }
    }
}

impl Filter {
    #[must_use]
    pub fn lets_pass(&self, entry: &Entry) -> bool {
        let whose = self.whose.as_ref().is_none_or(|whose| match whose {
            Whose::User(user) => entry.user == Some(*user),
            Whose::Address(email) => email.spellings().any(|spelling| entry.email.as_ref() == Some(&spelling)),
        });
        let event = self.event.is_none_or(|event| entry.event == event.name());
        whose && event && entry.at >= self.since && self.before.is_none_or(|before| entry.place() < before)
    }
}

/// The reason of an event that was attempted, and may have happened.
const OUTCOME_UNKNOWN: &str = "outcome_unknown";

impl AuditEvent {
    #[must_use]
    pub fn new(kind: EventKind, origin: &Origin, at: DateTime<Utc>) -> Self {
        Self { at, kind, reason: None, user: None, session: None, subject: None, email: None, origin: origin.clone() }
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
