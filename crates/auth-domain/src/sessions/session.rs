//! A session: one login, one row, one chain of refresh tokens told apart by their generation.

use std::{fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    identity::{
        ids::{SessionId, UserId},
        request_context::RequestContext,
    },
    sessions::{authentication::Authentication, token::Lifetimes},
};

/// How often a session has been refreshed: the `gen` claim of its refresh tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub i64);

/// A session as it is stored. Nothing in it can be presented to the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub generation: Generation,
    pub created_at: DateTime<Utc>,
    /// When it began or was last refreshed; using an access token does not move it.
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Its owner's last. A refresh does not move it.
    pub authentication: Authentication,
    /// Where it began or was last refreshed from.
    pub context: RequestContext,
}

/// The end of a session, and its place among ended sessions: by time, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RevocationCursor {
    pub at: DateTime<Utc>,
    pub id: SessionId,
}

impl RevocationCursor {
    /// The place before all sessions that ended at a time.
    #[must_use]
    pub fn before(at: DateTime<Utc>) -> Self {
        Self { at, id: SessionId(Uuid::nil()) }
    }
}

impl fmt::Display for RevocationCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.at.timestamp_micros(), self.id)
    }
}

/// The text is not a place among ended sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the `next` of a list, or seconds since 1970")]
pub struct NoPlace;

impl FromStr for RevocationCursor {
    type Err = NoPlace;

    /// A place as it is written, or a time in seconds since 1970 (RFC 7519 section 2, `NumericDate`).
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let number = |digits: &str| digits.parse::<i64>().map_err(|_not_one| NoPlace);
        let (at, id) = match text.split_once('_') {
            Some((at, id)) => (DateTime::from_timestamp_micros(number(at)?), id.parse().map_err(|_fault| NoPlace)?),
            None => (DateTime::from_timestamp(number(text)?, 0), SessionId(Uuid::nil())),
        };
        at.map(|at| Self { at, id }).ok_or(NoPlace)
    }
}

/// What presenting a refresh token of some generation means to a live session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenUse {
    /// The current token, which moves the session on.
    Current,
    /// The previous token, within the reuse window: a lost answer or a second tab.
    Repeat,
    /// Spent: owner and thief look alike here.
    Reuse,
    /// Not issued yet, as far as this database knows: a backup was restored.
    FromTheFuture,
}

impl Session {
    #[must_use]
    pub fn begin(
        id: SessionId,
        user: UserId,
        authentication: Authentication,
        context: RequestContext,
        now: DateTime<Utc>,
        lifetimes: &Lifetimes,
    ) -> Self {
        Self {
            id,
            user,
            generation: Generation(1),
            created_at: now,
            last_used_at: now,
            expires_at: now + lifetimes.refresh.min(lifetimes.session),
            ended_at: None,
            authentication,
            context,
        }
    }

    /// The same session after one more refresh. It never outlives its absolute end.
    #[must_use]
    pub fn successor(&self, context: RequestContext, now: DateTime<Utc>, lifetimes: &Lifetimes) -> Self {
        Self {
            generation: Generation(self.generation.0.saturating_add(1)),
            last_used_at: now,
            expires_at: (now + lifetimes.refresh).min(self.created_at + lifetimes.session),
            context,
            ..self.clone()
        }
    }

    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }

    /// Recognizes spent tokens by their generation, so that none has to be stored.
    #[must_use]
    pub fn classify(&self, presented: Generation, now: DateTime<Utc>, reuse_window: TimeDelta) -> TokenUse {
        let behind = self.generation.0.saturating_sub(presented.0);
        match behind {
            ..0 => TokenUse::FromTheFuture,
            0 => TokenUse::Current,
            // Without a window nothing repeats, even when the clock that rotated was ahead of this one.
            1 if reuse_window > TimeDelta::zero() && now < self.last_used_at + reuse_window => TokenUse::Repeat,
            1.. => TokenUse::Reuse,
        }
    }
}

#[cfg(test)]
mod tests;
