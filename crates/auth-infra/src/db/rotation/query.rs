//! The statements that move sessions on to their next generation: each only if it is alive, and still where its refresh token says.

use auth_domain::sessions::session::Session;
use diesel::prelude::*;
#[cfg(feature = "postgres")]
use diesel::{
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::Error,
    sql_types::{Array, Text},
};
use serde::Serialize;

use crate::db::{
    connection::{AnyConnection, on_its_engine},
    schema::{
        rows::{address_of, user_agent_of},
        tables::sessions,
        timestamp::At,
    },
    url::Engine,
};

/// What becomes of a session, if it is of the generation `before`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rotation {
    pub(super) id: String,
    before: i64,
    generation: i64,
    at: At,
    expires_at: At,
    address: Option<String>,
    user_agent: Option<String>,
}

impl Rotation {
    /// `None` for a first generation, which succeeds nothing.
    pub(crate) fn to(successor: &Session) -> Option<Self> {
        Some(Self {
            id: successor.id.to_string(),
            before: successor.generation.0.checked_sub(1)?,
            generation: successor.generation.0,
            at: At::from(successor.last_used_at),
            expires_at: At::from(successor.expires_at),
            address: address_of(&successor.context),
            user_agent: user_agent_of(&successor.context),
        })
    }
}

/// Whether it was moved.
pub(crate) fn one(db: &mut AnyConnection, rotation: &Rotation) -> QueryResult<bool> {
    let moved = diesel::update(sessions::table.find(&rotation.id))
        .filter(sessions::generation.eq(rotation.before))
        .filter(sessions::ended_at.is_null().and(sessions::expires_at.gt(rotation.at)))
        .set((
            sessions::generation.eq(rotation.generation),
            sessions::last_used_at.eq(rotation.at),
            sessions::expires_at.eq(rotation.expires_at),
            sessions::address.eq(&rotation.address),
            sessions::user_agent.eq(&rotation.user_agent),
        ));
    Ok(on_its_engine!(db, |db| moved.execute(db))? == 1)
}

/// Where one statement can move several sessions and tell which. MySQL tells only how many: it would take a transaction, whose two
/// more ways to the server and back cost what the commits spare (measured: 0.95 of the rate, 1.05 of the CPU).
pub(in crate::db) fn is_in_batches(engine: Engine) -> bool {
    match engine {
        Engine::Sqlite | Engine::Mysql => false,
        Engine::Postgres => true,
    }
}

/// Moves sessions, each another, in one statement, and says of each whether it was moved. `None` where it takes one for each.
pub(super) fn many(db: &mut AnyConnection, rotations: &[Rotation]) -> QueryResult<Option<Vec<bool>>> {
    match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => Ok(None),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(postgres) => {
            let ids = rotations.iter().map(|rotation| rotation.id.as_str()).collect();
            let rows = serde_json::to_string(rotations).map_err(|error| Error::SerializationError(error.into()))?;
            let moved: Vec<String> = Together { ids, rows }.load(postgres)?;
            Ok(Some(rotations.iter().map(|rotation| moved.contains(&rotation.id)).collect()))
        }
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => Ok(None),
    }
}

/// What [`one`] says, of all rows of a text in JSON: as many parameters, however many there are. The ids are told apart, since by them
/// PostgreSQL finds the sessions; to join the rows, it might read all that live. Diesel keeps the plan, unlike that of a `sql_query`.
#[cfg(feature = "postgres")]
struct Together<'a> {
    ids: Vec<&'a str>,
    rows: String,
}

#[cfg(feature = "postgres")]
impl QueryFragment<Pg> for Together<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE sessions SET generation = next.generation, last_used_at = next.at, expires_at = next.expires_at, \
             address = next.address, user_agent = next.user_agent FROM json_to_recordset(CAST(",
        );
        out.push_bind_param::<Text, _>(&self.rows)?;
        out.push_sql(
            " AS json)) AS next (id text, before bigint, generation bigint, at timestamp, expires_at timestamp, address text, \
             user_agent text) WHERE sessions.id = ANY(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.ids)?;
        out.push_sql(
            ") AND sessions.id = next.id COLLATE \"C\" AND sessions.generation = next.before \
             AND sessions.ended_at IS NULL AND sessions.expires_at > next.at RETURNING sessions.id",
        );
        Ok(())
    }
}

#[cfg(feature = "postgres")]
impl QueryId for Together<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(feature = "postgres")]
impl Query for Together<'_> {
    type SqlType = Text;
}

#[cfg(feature = "postgres")]
impl RunQueryDsl<PgConnection> for Together<'_> {}
