//! An event as the trail keeps it, and which entries to list.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::{
    audit::{event::AuditEvent, kind::EventKind},
    identity::{
        email::Email,
        ids::{SessionId, UserId, id},
        request_context::RequestContext,
    },
};

id! {
    /// Identifies an entry of the trail: stored twice, it is still one.
    EntryId
}

/// An event as the trail stores it: as text, so that other releases can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: EntryId,
    pub at: DateTime<Utc>,
    pub event: Cow<'static, str>,
    pub outcome: Cow<'static, str>,
    pub reason: Option<Cow<'static, str>>,
    /// How somebody was authenticated: names with one space between two.
    pub methods: Option<String>,
    /// What did it: `user`, `client` or `operator`, and which. Earlier releases did not say it.
    pub actor_type: Option<Cow<'static, str>>,
    pub actor_id: Option<String>,
    /// What of an account was changed, or what a client may do: names with one space between two.
    pub members: Option<String>,
    pub user: Option<UserId>,
    pub session: Option<SessionId>,
    pub email: Option<String>,
    pub context: RequestContext,
}

/// The position of an entry: by time, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditCursor {
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
    /// Only entries before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only entries before this one in time: the next page.
    pub before: Option<AuditCursor>,
    pub limit: u32,
}

impl Entry {
    #[must_use]
    pub fn of(id: EntryId, event: AuditEvent) -> Self {
        Self {
            id,
            at: event.at,
            event: event.kind.name().into(),
            outcome: event.outcome.name().into(),
            reason: event.why(),
            methods: event.how(),
            actor_type: event.actor.kind().map(Cow::Borrowed),
            actor_id: event.actor.id(),
            members: event.what(),
            user: event.user(),
            session: event.session(),
            email: event.email().map(ToString::to_string),
            context: event.context,
        }
    }

    #[must_use]
    pub fn place(&self) -> AuditCursor {
        AuditCursor { at: self.at, id: self.id }
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
        let in_time = entry.at >= self.since && self.until.is_none_or(|until| entry.at < until);
        whose && event && in_time && self.before.is_none_or(|before| entry.place() < before)
    }
}
