//! Rows as they are after some weeks, for what they take: addresses in no order, browsers' names, times, a trail.

use std::fmt::Write as _;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    engine::{AnyConnection, Engine, Scratch},
    tokens::{PASSWORD, now, session, user},
};
use diesel::{
    QueryableByName, RunQueryDsl,
    connection::SimpleConnection as _,
    sql_query,
    sql_types::{BigInt, Text},
};

/// How browsers name themselves, at about this length.
pub(crate) const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

/// The least that can be configured: what a hash costs is measured elsewhere.
pub(crate) const COST: u32 = 10;

/// Rows per statement.
const BATCH: u64 = 1000;

/// The tables that grow with accounts and logins. Each account has a row in each.
pub(crate) const TABLES: [&str; 4] = ["users", "sessions", "known_networks", "audit_events"];

/// What a table takes, in bytes.
#[derive(QueryableByName)]
pub(crate) struct Size {
    #[diesel(sql_type = Text)]
    pub(crate) name: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) own: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) indexes: i64,
}

/// An address in no order: neighbours are far apart in the index.
pub(crate) fn email(number: u64) -> String {
    let scattered = number.wrapping_mul(2_654_435_761) % (1 << 32);
    format!("{scattered:08x}.{number}@example.org")
}

/// Fills a migrated database: each account with one session, a network, and one event.
pub(crate) fn fill(scratch: &Scratch, accounts: u64) -> Result<()> {
    let hash = bcrypt::hash(PASSWORD, COST)?;
    let mut db = scratch.connect()?;
    let begun = now() - TimeDelta::days(6);
    for first in (0..accounts).step_by(usize::try_from(BATCH)?) {
        db.batch_execute(&batch(first..accounts.min(first + BATCH), accounts, &hash, begun)?)?;
    }
    drop(db);
    // One by one: not all of them may be in a transaction.
    for table in TABLES {
        match scratch.engine {
            Engine::Sqlite => {}
            Engine::Postgres => scratch.execute(&format!("VACUUM (ANALYZE) {table}"))?,
            Engine::Mariadb => scratch.execute(&format!("ANALYZE TABLE {table}"))?,
        }
    }
    if scratch.engine == Engine::Sqlite { scratch.execute("PRAGMA wal_checkpoint(TRUNCATE)") } else { Ok(()) }
}

/// The statements for a few accounts, spread evenly over the last six days.
fn batch(numbers: std::ops::Range<u64>, accounts: u64, hash: &str, begun: DateTime<Utc>) -> Result<String> {
    let [mut users, mut sessions, mut networks, mut events] = [const { String::new() }; 4];
    for number in numbers {
        let (user, session, email) = (user(number), session(number), email(number));
        let after = TimeDelta::seconds(i64::try_from(number * 6 * 86_400 / accounts)?);
        let format = "%Y-%m-%d %H:%M:%S.%6f";
        let (at, until) = ((begun + after).format(format), (begun + after + TimeDelta::days(7)).format(format));
        let address = format!("203.0.{}.{}", number / 200 % 200 + 50, number % 200 + 50);
        let comma = if users.is_empty() { "" } else { ", " };
        write!(users, "{comma}('{user}', '{email}', '{hash}', '{at}', '{at}', '{at}')")?;
        write!(
            sessions,
            "{comma}('{session}', '{user}', 1, '{at}', '{at}', '{until}', '{address}', '{AGENT}', '{at}', 'password')"
        )?;
        write!(networks, "{comma}('{user}', '{address}/24', '{at}')")?;
        // Ids of requests are as long as those of sessions.
        write!(
            events,
            "{comma}('{session}', '{at}', 'login_succeeded', 'success', '{user}', '{session}', '{email}', '{address}', '{AGENT}', '{session}')"
        )?;
    }
    Ok(format!(
        "BEGIN; INSERT INTO users (id, email, password_hash, last_login_at, created_at, updated_at) VALUES {users};
         INSERT INTO sessions (id, user_id, generation, created_at, last_used_at, expires_at, address, user_agent, authenticated_at, methods) VALUES {sessions};
         INSERT INTO known_networks (user_id, network, seen_at) VALUES {networks};
         INSERT INTO audit_events (id, occurred_at, event, outcome, user_id, session_id, email, address, user_agent, request_id) VALUES {events}; COMMIT;"
    ))
}

/// What each of the tables takes.
pub(crate) fn sizes(scratch: &Scratch) -> Result<Vec<Size>> {
    let names = TABLES.map(|name| format!("'{name}'")).join(", ");
    Ok(match scratch.connect()? {
        AnyConnection::Sqlite(mut db) => sql_query(format!(
            "SELECT m.tbl_name AS name, SUM(CASE WHEN m.type = 'table' THEN s.pgsize ELSE 0 END) AS own, \
             SUM(CASE WHEN m.type = 'index' THEN s.pgsize ELSE 0 END) AS indexes \
             FROM dbstat AS s JOIN sqlite_master AS m ON m.name = s.name WHERE m.tbl_name IN ({names}) GROUP BY m.tbl_name"
        ))
        .load(&mut db)?,
        AnyConnection::Postgres(mut db) => sql_query(format!(
            "SELECT relname::text AS name, pg_table_size(oid) AS own, pg_indexes_size(oid) AS indexes \
             FROM pg_class WHERE relkind = 'r' AND relname IN ({names})"
        ))
        .load(&mut db)?,
        AnyConnection::Mysql(mut db) => sql_query(format!(
            "SELECT table_name AS name, CAST(data_length AS SIGNED) AS own, CAST(index_length AS SIGNED) AS indexes \
             FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ({names})"
        ))
        .load(&mut db)?,
    })
}
