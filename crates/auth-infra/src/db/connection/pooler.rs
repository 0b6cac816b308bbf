//! Whether a pooler such as PgBouncer gives each transaction of a client another session of the server.

use std::collections::HashSet;

use diesel::{Connection, ConnectionError, ConnectionResult, PgConnection, QueryResult};

use super::texts;

/// How often two clients are asked in turns. Once shows it where nobody else is there; others may take the session in between.
const ROUNDS: u32 = 3;

/// Two clients that are connected at the same time meet one session, or one of them meets two. Asks only: a setting or a lock would
/// stay behind, in a session that the pooler gives to others.
pub(super) fn shares_sessions(url: &str) -> ConnectionResult<bool> {
    let mut one = PgConnection::establish(url)?;
    // Sessions that are counted are not shared.
    let Ok(mut other) = PgConnection::establish(url) else { return Ok(false) };
    let (mut met_by_one, mut met_by_other) = (HashSet::new(), HashSet::new());
    for _ in 0..ROUNDS {
        met_by_one.insert(session(&mut one).map_err(ConnectionError::CouldntSetupConfiguration)?);
        met_by_other.insert(session(&mut other).map_err(ConnectionError::CouldntSetupConfiguration)?);
    }
    Ok(met_by_one.len() > 1 || met_by_other.len() > 1 || !met_by_one.is_disjoint(&met_by_other))
}

/// With the server's start, since two of several hosts may have processes of the same number. Diesel sends it in one piece, without
/// a name for the statement, so that it works behind every pooler.
fn session(db: &mut PgConnection) -> QueryResult<String> {
    Ok(texts(db, "SELECT concat(pg_backend_pid(), ' ', pg_postmaster_start_time()) AS text")?.concat())
}
