//! Who calls? What every request with a token asks: so little that the way to the database is what it costs.
//!
//! A SQLite file is read on the spot ([`Readers`]): a row by its key is there sooner than another thread is. A server
//! is asked by one thread for all ([`Together`]): what is asked while it waits goes in its next statement. Nothing is
//! kept: each answer was read after it was asked for.

use std::io;

use auth_domain::{ports::PortError, session::Session, user::User};
use diesel::{prelude::*, result::Error};

use super::{
    AnyConnection, Engine,
    connection::{Connector, on_its_engine},
    outage::Failure,
    pool::Pool,
    readers::Readers,
    rows::{SessionRow, UserRow},
    schema::{sessions, users},
    together::Together,
};

/// The connection that look-ups have to themselves, where there is another.
const SET_ASIDE: u32 = 1;

/// A session as it is kept, and its account.
#[derive(Clone, Queryable, Selectable)]
pub(super) struct Found {
    #[diesel(embed)]
    session: SessionRow,
    #[diesel(embed)]
    user: UserRow,
}

/// The way that look-ups take.
pub(super) enum LookUps {
    /// A database in memory has one connection, and a pool of one none to set aside.
    LikeAnyRead,
    OnTheSpot(Readers),
    Together(Together),
}

impl LookUps {
    /// The way, and how many of so many connections are left for all else.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn with_some_of(size: u32, connector: &Connector) -> io::Result<(Self, u32)> {
        Ok(if connector.url().is_in_memory() {
            (Self::LikeAnyRead, size)
        } else if connector.url().engine() == Engine::Sqlite {
            (Self::OnTheSpot(Readers::new(connector.clone())), size)
        } else if size > SET_ASIDE {
            (Self::Together(Together::new(Pool::new(connector.clone(), SET_ASIDE))?), size - SET_ASIDE)
        } else {
            (Self::LikeAnyRead, size)
        })
    }

    /// What a failure is to those outside. After a break they go on by fresh connections, where it is not for the
    /// pool to see to that.
    pub(super) fn hear_of(&self, failure: Failure) -> PortError {
        match self {
            Self::OnTheSpot(readers) if failure.is_broken() => readers.start_anew(),
            Self::OnTheSpot(_) | Self::LikeAnyRead | Self::Together(_) => {}
        }
        failure.into()
    }

    /// `None` is no answer: it has to be asked like anything else.
    pub(super) async fn find(&self, session: &str) -> Option<Result<Option<Found>, PortError>> {
        match self {
            Self::LikeAnyRead => None,
            Self::OnTheSpot(readers) => readers.read(|db| one(db, session)).map(Ok),
            Self::Together(together) => together.find(session.to_owned()).await,
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
    // Not `first`, here and wherever a key finds one row at most: since SQLite plans by the value that is
    // bound to LIMIT, it would parse and plan the statement anew each time.
    on_its_engine!(db, |db| with_accounts().filter(sessions::id.eq(session)).select(Found::as_select()).get_result(db)).optional()
}

pub(super) fn many(db: &mut AnyConnection, sessions: &[&str]) -> QueryResult<Vec<Found>> {
    on_its_engine!(db, |db| with_accounts().filter(sessions::id.eq_any(sessions)).select(Found::as_select()).load(db))
}

#[diesel::dsl::auto_type]
fn with_accounts() -> _ {
    sessions::table.inner_join(users::table)
}
