//! Look-ups of sessions, for every request with a token. The query is so cheap that the way to the database dominates.
//!
//! A SQLite file is read on the calling thread ([`InlineReader`]): that is faster than waking another thread. For a server, one thread
//! asks for all callers ([`BatchedLookup`]): requests that arrive while it waits share its next statement. Nothing is cached: each
//! answer was read after it was asked for.

pub(crate) mod batched_lookup;
pub(crate) mod inline_reader;

use std::io;

use auth_domain::{
    identity::{port_error::PortError, user::User},
    sessions::session::Session,
};
use diesel::{prelude::*, result::Error};

use super::{
    AnyConnection, Engine,
    connection::{Connector, on_its_engine},
    failure::Failure,
    lookup::{batched_lookup::BatchedLookup, inline_reader::InlineReader},
    pool::Pool,
    schema::{
        rows::{SessionRow, UserRow},
        tables::{sessions, users},
    },
};

/// The connection reserved for look-ups, in a pool of more than one.
const SET_ASIDE: u32 = 1;

/// A stored session and its account.
#[derive(Clone, Queryable, Selectable)]
pub(super) struct Found {
    #[diesel(embed)]
    session: SessionRow,
    #[diesel(embed)]
    user: UserRow,
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

    /// `None` means no answer: ask through the pool.
    pub(super) async fn find(&self, session: &str) -> Option<Result<Option<Found>, PortError>> {
        match self {
            Self::LikeAnyRead => None,
            Self::Inline(readers) => readers.read(|db| one(db, session)).map(Ok),
            Self::Batched(together) => together.find(session.to_owned()).await,
        }
    }
}

impl Found {
    pub(super) fn is_of(&self, session: &str) -> bool {
        self.session.is(session)
    }

    /// # Errors
    /// A row does not parse.
    pub(super) fn into_entities(self) -> Result<(Session, User), PortError> {
        let entities = || Ok((self.session.try_into()?, self.user.try_into()?));
        entities().map_err(|error: Error| Failure::Refused(error).into())
    }
}

pub(super) fn one(db: &mut AnyConnection, session: &str) -> QueryResult<Option<Found>> {
    // Not `first`, here and wherever a key finds at most one row: SQLite plans by the value bound to LIMIT, so it would parse and
    // plan the statement anew each time.
    on_its_engine!(db, |db| with_accounts().filter(sessions::id.eq(session)).select(Found::as_select()).get_result(db)).optional()
}

pub(super) fn many(db: &mut AnyConnection, sessions: &[&str]) -> QueryResult<Vec<Found>> {
    on_its_engine!(db, |db| with_accounts().filter(sessions::id.eq_any(sessions)).select(Found::as_select()).load(db))
}

#[diesel::dsl::auto_type]
fn with_accounts() -> _ {
    sessions::table.inner_join(users::table)
}
