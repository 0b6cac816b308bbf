//! What is revoked, as verifiers are told.

use chrono::{DateTime, Utc};

use crate::{
    identity::ids::{KeyId, SessionId},
    sessions::session::RevocationCursor,
};

/// What is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocations {
    pub as_of: DateTime<Utc>,
    /// Ordered by the time of their end.
    pub sessions: Vec<SessionId>,
    pub keys: Vec<KeyId>,
    /// Where the next list begins; it may repeat some of these.
    pub next: RevocationCursor,
    /// Whether more can be fetched right away.
    pub more: bool,
}
