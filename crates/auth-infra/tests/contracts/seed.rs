//! Some thousand rows, made by the engine itself.

use crate::scratch::{Engine, Scratch};

const USERS: u32 = 2_000;
const SESSIONS: u32 = 20_000;
const FACTORS: u32 = 8_000;

/// How an engine counts, formats and dates.
struct Dialect {
    numbers: fn(u32) -> String,
    id: fn(&str) -> String,
    email: fn(&str) -> String,
    time: fn(&str) -> String,
}

impl Dialect {
    fn of(engine: Engine) -> Self {
        match engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => Self {
                numbers: |count| {
                    format!(
                        "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n) AS n"
                    )
                },
                id: |number| format!("printf('00000000-0000-7000-8000-%012d', {number})"),
                email: |number| format!("printf('user%08d@example.org', {number})"),
                time: |seconds| format!("strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '+' || ({seconds}) || ' seconds')"),
            },
            #[cfg(feature = "postgres")]
            Engine::Postgres => Self {
                numbers: |count| format!("generate_series(1, {count}) AS n (i)"),
                id: |number| format!("'00000000-0000-7000-8000-' || lpad(({number})::text, 12, '0')"),
                email: |number| format!("'user' || lpad(({number})::text, 8, '0') || '@example.org'"),
                time: |seconds| format!("timestamp '2026-01-01' + ({seconds}) * interval '1 second'"),
            },
            #[cfg(feature = "mysql")]
            Engine::Mysql => Self {
                numbers: |count| format!("(SELECT seq AS i FROM seq_1_to_{count}) AS n"),
                id: |number| format!("CONCAT('00000000-0000-7000-8000-', LPAD({number}, 12, '0'))"),
                email: |number| format!("CONCAT('user', LPAD({number}, 8, '0'), '@example.org')"),
                time: |seconds| format!("DATE_ADD('2026-01-01', INTERVAL ({seconds}) SECOND)"),
            },
        }
    }
}

/// Ten sessions to each account, a second apart; every other one has ended, many have expired.
pub(crate) fn seed(engine: Engine, scratch: &Scratch) {
    let Dialect { numbers, id, email: address, time } = Dialect::of(engine);
    let email = address("i");
    scratch.execute(&format!(
        "INSERT INTO users (id, email, password_hash, created_at, updated_at) SELECT {}, {email}, 'plain:10:x', {}, {} FROM {}",
        id("i"),
        time("i"),
        time("i"),
        numbers(USERS)
    ));
    scratch.execute(&format!("INSERT INTO user_roles (role, user_id) SELECT 'editor', {} FROM {}", id("i"), numbers(USERS)));
    // Every seventh is disabled, every third verified, and a few have a role: of so small a table, reading all is cheaper than many
    // look-ups by id.
    for (column, every) in [("disabled_at", 7), ("email_verified_at", 3)] {
        let change = format!(
            "UPDATE users SET {column} = created_at WHERE id IN (SELECT {} FROM {})",
            id(&format!("i * {every}")),
            numbers(USERS / every)
        );
        scratch.execute(&change);
    }
    let holders = format!("SELECT {} FROM {}", id("i * 400"), numbers(USERS / 400));
    scratch.execute(&format!("UPDATE users SET roles = 'staff' WHERE id IN ({holders})"));
    scratch.execute("INSERT INTO user_roles (role, user_id) SELECT 'staff', id FROM users WHERE roles IS NOT NULL; UPDATE user_roles SET listed_as = (SELECT listed_as FROM users WHERE id = user_id), email = (SELECT email FROM users WHERE id = user_id)");
    scratch.execute(&format!(
        "INSERT INTO sessions (id, user_id, generation, created_at, last_used_at, expires_at, ended_at) \
         SELECT {}, {}, 1, {}, {}, {}, CASE WHEN i % 2 = 0 THEN {} END FROM {}",
        id("i"),
        id(&format!("1 + i % {USERS}")),
        time("i * 86"),
        time("i * 86 + 60"),
        // A few of those that ended have not expired.
        time("i * 86 + 604800 * (1 + (i / 2) % 3)"),
        time("i * 86 + 120"),
        numbers(SESSIONS)
    ));
    scratch.execute(&format!(
        "INSERT INTO login_failures (email, failures, last_at) SELECT {email}, 1, {} FROM {}",
        time("i"),
        numbers(USERS)
    ));
    // Everybody guesses at one address, and one client at everybody's.
    for (address, client) in [("'user00000042@example.org'".to_owned(), id("i")), (email.clone(), "'203.0.113.7'".to_owned())] {
        scratch.execute(&format!(
            "INSERT INTO client_failures (email, client, failures, others, last_at, forgotten_at) \
             SELECT {address}, {client}, 1, 0, {}, {} FROM {}",
            time("i"),
            time("i + 900"),
            numbers(USERS)
        ));
    }
    scratch.execute(&format!(
        "INSERT INTO client_failures (email, client, failures, others, last_at, forgotten_at) \
         VALUES ('user00000042@example.org', '', 9, 0, {0}, {0})",
        time("20000")
    ));
    scratch.execute(&format!(
        "INSERT INTO known_networks (user_id, network, seen_at) SELECT {}, '203.0.113.0/24', {} FROM {}",
        id("i"),
        time("i"),
        numbers(USERS)
    ));
    scratch.execute(&format!(
        "INSERT INTO audit_events (id, occurred_at, event, outcome, user_id, email, request_id) \
         SELECT {}, {}, 'login_succeeded', 'success', {}, {email}, 'r' FROM {}",
        id("i"),
        time("i"),
        id(&format!("1 + i % {USERS}")),
        numbers(SESSIONS)
    ));
    scratch.execute(&format!(
        "INSERT INTO oauth_clients (id, name, secret, created_at) SELECT {}, 'x', 'plain:x', {} FROM {}",
        id("i"),
        time("i"),
        numbers(USERS)
    ));
    scratch.execute(&format!(
        "INSERT INTO ended_sessions (id, ended_at) SELECT {}, {} FROM {}",
        id(&format!("{SESSIONS} + i")),
        time("i * 86"),
        numbers(SESSIONS)
    ));
    // Ten proofs to each address, half of them an account's own; a tenth of them undo links that are open.
    scratch.execute(&format!(
        "INSERT INTO mailbox_proofs (id, purpose, address, user_id, created_at, expires_at, spent_at, voided_at, tries) \
         SELECT {}, CASE i % 4 WHEN 0 THEN 'verify' WHEN 1 THEN 'change' WHEN 2 THEN 'reset' ELSE 'undo' END, {}, \
         CASE WHEN i % 2 = 1 THEN {} END, {}, {}, CASE WHEN i % 3 = 0 THEN {} END, CASE WHEN i % 3 = 1 THEN {} END, 0 FROM {}",
        id("i"),
        address(&format!("1 + i % {USERS}")),
        id(&format!("1 + i % {USERS}")),
        time("i * 86"),
        time("i * 86 + 86400"),
        time("i * 86 + 60"),
        time("i * 86 + 120"),
        numbers(SESSIONS)
    ));
    scratch.execute(&format!(
        "INSERT INTO pending_registrations (address, password_hash, created_at, expires_at) SELECT {email}, 'plain:10:x', {}, {} FROM {}",
        time("i"),
        time("i * 86"),
        numbers(USERS)
    ));
    scratch.execute(&format!(
        "INSERT INTO mail_allowances (address, purpose, sent_1) SELECT {email}, 'reset', {} FROM {}",
        time("i"),
        numbers(USERS)
    ));
    // A quarter waits, and of that a quarter is somebody's.
    scratch.execute(&format!(
        "INSERT INTO mail_outbox (id, occasion, recipient, origin, proof_id, created_at, expires_at, state, attempts, \
         next_attempt_at, leased_by, leased_until, done_at) \
         SELECT {}, 'reset', 'ann@example.org', ';;', {}, {}, {}, \
         CASE i % 4 WHEN 0 THEN 'waiting' WHEN 1 THEN 'dead' ELSE 'sent' END, 1, {}, \
         CASE WHEN i % 16 = 0 THEN {} END, CASE WHEN i % 16 = 0 THEN {} END, CASE WHEN i % 4 > 0 THEN {} END FROM {}",
        id("i"),
        id("i"),
        time("i * 86"),
        time("i * 86 + 86400"),
        time("i * 86"),
        id("i % 512"),
        time("i * 86 + 120"),
        time("i * 86 + 60"),
        numbers(SESSIONS)
    ));
    seed_factors(engine, scratch);
    scratch.execute(match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => "ANALYZE",
        #[cfg(feature = "postgres")]
        Engine::Postgres => "ANALYZE",
        #[cfg(feature = "mysql")]
        Engine::Mysql => {
            "ANALYZE TABLE users, sessions, login_failures, client_failures, known_networks, audit_events, oauth_clients, \
             ended_sessions, mailbox_proofs, pending_registrations, mail_allowances, mail_outbox, \
             totp_factors, passkeys, recovery_codes, one_time_tokens"
        }
    });
}

/// Three apps and one that waits, four passkeys, and ten recovery codes to each account; and tokens that were used.
fn seed_factors(engine: Engine, scratch: &Scratch) {
    let Dialect { numbers, id, email: _, time } = Dialect::of(engine);
    let user = id(&format!("1 + (i - 1) % {USERS}"));
    scratch.execute(&format!(
        "INSERT INTO totp_factors (id, user_id, name, encrypted_with, encrypted_text, created_at, confirmed_at, last_step) \
         SELECT {}, {user}, 'App', CASE WHEN i % 1000 = 0 THEN 'b' ELSE 'a' END, 'x', {}, CASE WHEN i > {USERS} THEN {} END, 7 FROM {}",
        id("i"),
        time("i"),
        time("i + 60"),
        numbers(FACTORS)
    ));
    scratch.execute(&format!(
        "INSERT INTO passkeys (id, user_id, name, credential_id, public_key, counter, backup_eligible, backed_up, aaguid, \
         transports, created_at) \
         SELECT {0}, {user}, 'Passkey', REPLACE({0}, '-', ''), 'AAAA', 0, 1 = 1, 1 = 0, '00000000-0000-0000-0000-000000000000', \
         'usb nfc', {1} FROM {2}",
        id("i"),
        time("i"),
        numbers(FACTORS)
    ));
    scratch.execute(&format!(
        "INSERT INTO recovery_codes (user_id, digest, created_at) SELECT {user}, {}, {} FROM {}",
        code(engine),
        time("i"),
        numbers(SESSIONS)
    ));
    scratch.execute(&format!(
        "INSERT INTO one_time_tokens (id, tries, used_at, expires_at) SELECT {}, 0, {}, {} FROM {}",
        id("i"),
        time("i"),
        time("i + 300"),
        numbers(SESSIONS)
    ));
}

/// What is stored of the code with a number.
fn code(engine: Engine) -> &'static str {
    match engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => "printf('c%08d', i)",
        #[cfg(feature = "postgres")]
        Engine::Postgres => "'c' || lpad(i::text, 8, '0')",
        #[cfg(feature = "mysql")]
        Engine::Mysql => "CONCAT('c', LPAD(i, 8, '0'))",
    }
}
