//! Mails in the outbox by the thousand, each with a proof, for the seeded accounts: as if each had forgotten its password.

use std::ops::Range;

use anyhow::Result;

use crate::engine::{Engine, Scratch};

/// Puts mails of these numbers into the outbox, for each account in turn.
pub(crate) fn fill(scratch: &Scratch, accounts: u64, numbers: Range<u64>) -> Result<()> {
    let (proofs, mails) = rows(scratch.engine, accounts, &numbers);
    scratch.execute(&format!(
        "BEGIN; INSERT INTO mailbox_proofs (id, purpose, address, created_at, expires_at, tries) {proofs}; \
         INSERT INTO mail_outbox (id, occasion, recipient, origin, proof_id, created_at, expires_at, state, attempts, next_attempt_at) {mails}; COMMIT;",
    ))
}

/// Nothing waits and nobody has had a mail.
pub(crate) fn clear(scratch: &Scratch) -> Result<()> {
    for table in ["mail_outbox", "mailbox_proofs", "mail_allowances", "pending_registrations"] {
        scratch.execute(&format!("DELETE FROM {table}"))?;
    }
    if scratch.engine == Engine::Sqlite {
        scratch.execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    Ok(())
}

/// All sessions are as fresh as if somebody had just logged in.
pub(crate) fn freshen(scratch: &Scratch) -> Result<()> {
    scratch.execute("UPDATE sessions SET authenticated_at = created_at")
}

fn rows(engine: Engine, accounts: u64, numbers: &Range<u64>) -> (String, String) {
    let (first, last) = (numbers.start, numbers.end - 1);
    let (source, digits, short, now, later) = match engine {
        Engine::Sqlite => (
            format!("(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s)"),
            "printf('%012d', n)",
            format!("printf('%08d', n % {accounts})"),
            "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
            "strftime('%Y-%m-%d %H:%M:%f000', 'now', '+1 days')",
        ),
        Engine::Postgres => (
            format!("generate_series({first}, {last}) AS s(n)"),
            "lpad(n::text, 12, '0')",
            format!("lpad((n % {accounts})::text, 8, '0')"),
            "now() AT TIME ZONE 'UTC'",
            "now() AT TIME ZONE 'UTC' + interval '1 day'",
        ),
        Engine::Mariadb => (
            format!("(SELECT seq AS n FROM seq_{first}_to_{last}) AS s"),
            "lpad(n, 12, '0')",
            format!("lpad(n % {accounts}, 8, '0')"),
            "UTC_TIMESTAMP(6)",
            "UTC_TIMESTAMP(6) + INTERVAL 1 DAY",
        ),
    };
    let joined = |parts: &[&str]| match engine {
        Engine::Mariadb => format!("CONCAT({})", parts.join(", ")),
        Engine::Sqlite | Engine::Postgres => parts.join(" || "),
    };
    let proof = joined(&["'01920000-0000-7000-8000-'", digits]);
    let mail = joined(&["'01930000-0000-7000-8000-'", digits]);
    let address = joined(&["'user'", &short, "'@example.org'"]);
    (
        format!("SELECT {proof}, 'reset', {address}, {now}, {later}, 0 FROM {source}"),
        format!(
            "SELECT {mail}, 'reset', {address}, '127.0.0.0/24;Firefox;Linux', {proof}, {now}, {later}, 'waiting', 0, {now} FROM {source}"
        ),
    )
}
