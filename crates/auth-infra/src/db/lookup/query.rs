//! The query behind every request with a token: a session and its account.

use auth_domain::{
    identity::{port_error::PortError, user::User},
    sessions::session::Session,
};
use diesel::{prelude::*, result::Error};

use crate::db::{
    connection::{AnyConnection, on_its_engine},
    failure::Failure,
    schema::{
        rows::{SessionRow, UserRow},
        tables::{sessions, users},
    },
};

/// A stored session and its account.
#[derive(Clone, Queryable, Selectable)]
pub(crate) struct Found {
    #[diesel(embed)]
    session: SessionRow,
    #[diesel(embed)]
    user: UserRow,
}

impl Found {
    pub(crate) fn is_of(&self, session: &str) -> bool {
        self.session.is(session)
    }

    /// # Errors
    /// A row does not parse.
    pub(crate) fn into_entities(self) -> Result<(Session, User), PortError> {
        let entities = || Ok((self.session.try_into()?, self.user.try_into()?));
        entities().map_err(|error: Error| Failure::Refused(error).into())
    }
}

pub(crate) fn one(db: &mut AnyConnection, session: &str) -> QueryResult<Option<Found>> {
    // Not `first`, here and wherever a key finds at most one row: SQLite plans by the value bound to LIMIT, so it would parse and
    // plan the statement anew each time.
    on_its_engine!(db, |db| with_accounts().filter(sessions::id.eq(session)).select(Found::as_select()).get_result(db)).optional()
}

pub(crate) fn many(db: &mut AnyConnection, sessions: &[&str]) -> QueryResult<Vec<Found>> {
    on_its_engine!(db, |db| with_accounts().filter(sessions::id.eq_any(sessions)).select(Found::as_select()).load(db))
}

#[diesel::dsl::auto_type]
fn with_accounts() -> _ {
    sessions::table.inner_join(users::table)
}
