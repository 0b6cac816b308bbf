//! A mail as it waits in the outbox, and what becomes of it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::message::Outgoing;
use crate::identity::named::named;

named! {
    /// Where a mail stands.
    MailState {
        /// For its first attempt, or the next.
        Waiting = "waiting",
        /// The mail server took it.
        Sent = "sent",
        /// The mail server refused it for good, or it expired.
        Dead = "dead",
        /// There was nothing to say when its time came, such as a reset for an address without an account.
        Dropped = "dropped",
    }
}

/// A mail in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub mail: Outgoing,
    pub state: MailState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, if it waits.
    pub next_attempt_at: DateTime<Utc>,
    /// Why the last attempt failed, in the mail server's words.
    pub last_error: Option<String>,
    /// When it was sent, given up or dropped.
    pub done_at: Option<DateTime<Utc>>,
}

/// Who took mails, and when they are free again if nothing is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub owner: Uuid,
    pub until: DateTime<Utc>,
}

/// How much of a mail server's words is kept, in characters.
pub const ERROR_MAX_CHARS: usize = 500;

/// A mail server's words as they are kept: control characters removed, and cut.
#[must_use]
pub fn kept_words(why: &str) -> String {
    why.chars().filter(|c| !c.is_control()).take(ERROR_MAX_CHARS).collect()
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    Sent,
    Dropped,
    Dead { why: String },
    Again { at: DateTime<Utc>, why: String },
}

/// How much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    pub waiting: u64,
    pub dead: u64,
    /// When the oldest that waits was written.
    pub oldest: Option<DateTime<Utc>>,
}
