//! Look-ups of sessions, for every request with a token. The query is so cheap that the way to the database dominates.
//!
//! A SQLite file is read on the calling thread ([`InlineReader`]): that is faster than waking another thread. For a server, one thread
//! asks for all callers ([`BatchedLookup`]): requests that arrive while it waits share its next statement. Nothing is cached: each
//! answer was read after it was asked for.

pub(crate) mod batched_lookup;
pub(crate) mod inline_reader;
pub(crate) mod query;

use std::io;

use auth_domain::identity::port_error::PortError;

use self::{
    batched_lookup::BatchedLookup,
    inline_reader::InlineReader,
    query::{Found, one},
};
use super::{connection::Connector, failure::Failure, pool::Pool, url::Engine};

/// The connection reserved for look-ups, in a pool of more than one.
const SET_ASIDE: u32 = 1;

/// What a look-up met.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "most look-ups find something, and a box for each would cost more than the room")]
pub(super) enum Answer {
    Found(Found),
    Missing,
    /// Not asked, or not in time: ask through the pool.
    Unanswered,
}

impl From<Option<Found>> for Answer {
    fn from(found: Option<Found>) -> Self {
        found.map_or(Self::Missing, Self::Found)
    }
}

/// How look-ups reach the database.
pub(super) enum SessionLookup {
    /// For a database in memory, which has one connection, and for a pool of one.
    LikeAnyRead,
    Inline(InlineReader),
    Batched(BatchedLookup),
}

impl SessionLookup {
    /// How look-ups are done, and how many of the `size` connections are left for everything else.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn with_some_of(size: u32, connector: &Connector) -> io::Result<(Self, u32)> {
        Ok(if connector.url().is_in_memory() {
            (Self::LikeAnyRead, size)
        } else if connector.url().engine() == Engine::Sqlite {
            (Self::Inline(InlineReader::new(connector.clone())), size)
        } else if size > SET_ASIDE {
            (Self::Batched(BatchedLookup::new(Pool::new(connector.clone(), SET_ASIDE))?), size - SET_ASIDE)
        } else {
            (Self::LikeAnyRead, size)
        })
    }

    /// Converts a failure into the error for callers. After a broken connection, readers outside the pool reconnect as well.
    pub(super) fn hear_of(&self, failure: Failure) -> PortError {
        match self {
            Self::Inline(readers) if failure.is_broken() => readers.start_anew(),
            Self::Inline(_) | Self::LikeAnyRead | Self::Batched(_) => {}
        }
        failure.into()
    }

    pub(super) async fn find(&self, session: &str) -> Result<Answer, PortError> {
        match self {
            Self::LikeAnyRead => Ok(Answer::Unanswered),
            Self::Inline(readers) => Ok(readers.read(|db| one(db, session)).map_or(Answer::Unanswered, Answer::from)),
            Self::Batched(together) => together.find(session.to_owned()).await,
        }
    }
}
