//! Accounts by the thousand or the million, each with one session. The database makes them itself: by requests it would take
//! hours.

use anyhow::Result;

use crate::{
    engine::{Engine, Scratch},
    tokens::PASSWORD,
};

/// The server's default.
pub(crate) const COST: u32 = 12;

/// Rows per statement: few enough for every limit of time or log size.
const BATCH: u64 = 100_000;

/// Fills a migrated database; all accounts share one hash.
pub(crate) fn seed(scratch: &Scratch, accounts: u64) -> Result<()> {
    let hash = bcrypt::hash(PASSWORD, COST)?;
    let mut first = 0;
    while first < accounts {
        let last = (first + BATCH).min(accounts) - 1;
        let (users, sessions) = rows(scratch.engine, first, last);
        let statements = format!(
            "BEGIN; INSERT INTO users (id, email, password_hash, created_at, updated_at) {}; \
             INSERT INTO sessions (id, user_id, generation, created_at, last_used_at, expires_at, address, user_agent) {}; COMMIT;",
            users.replace("HASH", &hash),
            sessions
        );
        scratch.execute(&statements)?;
        first = last + 1;
    }
    scratch.execute(match scratch.engine {
        Engine::Sqlite => "PRAGMA wal_checkpoint(TRUNCATE)",
        Engine::Postgres => "VACUUM (ANALYZE) users, sessions",
        Engine::Mariadb => "ANALYZE TABLE users, sessions",
    })
}

/// Resets sessions, except for their times, so that every test starts from the same state.
pub(crate) fn rewind(scratch: &Scratch) -> Result<()> {
    scratch.execute("UPDATE sessions SET generation = 1 WHERE generation <> 1")?;
    match scratch.engine {
        Engine::Sqlite => scratch.execute("PRAGMA wal_checkpoint(TRUNCATE)"),
        // Each has to be a statement of its own. After a checkpoint, the first change of a page logs the whole page. So every
        // test starts at a checkpoint; otherwise only the first would pay for that.
        Engine::Postgres => scratch.execute("VACUUM sessions").and_then(|()| scratch.execute("CHECKPOINT")),
        Engine::Mariadb => Ok(()),
    }
}

/// The rows of one batch, as queries, with ids as in `tokens`.
fn rows(engine: Engine, first: u64, last: u64) -> (String, String) {
    let (source, digits, short, now, later) = match engine {
        Engine::Sqlite => (
            format!("(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s)"),
            "printf('%012d', n)",
            "printf('%08d', n)",
            "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
            "strftime('%Y-%m-%d %H:%M:%f000', 'now', '+7 days')",
        ),
        Engine::Postgres => (
            format!("generate_series({first}, {last}) AS s(n)"),
            "lpad(n::text, 12, '0')",
            "lpad(n::text, 8, '0')",
            "now() AT TIME ZONE 'UTC'",
            "now() AT TIME ZONE 'UTC' + interval '7 days'",
        ),
        Engine::Mariadb => (
            format!("(SELECT seq AS n FROM seq_{first}_to_{last}) AS s"),
            "lpad(n, 12, '0')",
            "lpad(n, 8, '0')",
            "UTC_TIMESTAMP(6)",
            "UTC_TIMESTAMP(6) + INTERVAL 7 DAY",
        ),
    };
    let joined = |parts: [&str; 2]| match engine {
        Engine::Mariadb => format!("CONCAT({})", parts.join(", ")),
        Engine::Sqlite | Engine::Postgres => parts.join(" || "),
    };
    let user = joined(["'01900000-0000-7000-8000-'", digits]);
    let session = joined(["'01910000-0000-7000-8000-'", digits]);
    let email = match engine {
        Engine::Mariadb => format!("CONCAT('user', {short}, '@example.org')"),
        Engine::Sqlite | Engine::Postgres => format!("'user' || {short} || '@example.org'"),
    };
    (
        format!("SELECT {user}, {email}, 'HASH', {now}, {now} FROM {source}"),
        format!("SELECT {session}, {user}, 1, {now}, {now}, {later}, '127.0.0.1', 'bench' FROM {source}"),
    )
}
