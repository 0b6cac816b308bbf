//! That whatever the server, the role or the URL says, the session is as it has to be.
#![cfg(any(feature = "postgres", feature = "mysql"))]

use std::env;

use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query, sql_types::Text};

use super::*;
#[cfg(feature = "postgres")]
use crate::db::connection::texts;

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    value: String,
}

/// Whether each setting is what it should be, after the session was spoilt by these statements.
fn after(mut connection: AnyConnection, spoil: &str, query: &'static str, wanted: &[(&str, &str)]) {
    connection.batch_execute(spoil).unwrap();
    set_up(&mut connection).unwrap();
    let settings: Vec<Setting> = sql_query(query).load(&mut connection).unwrap();
    for (name, value) in wanted {
        let found = settings.iter().find(|setting| setting.name == *name).map(|setting| setting.value.as_str());
        assert_eq!(found, Some(*value), "{name}");
    }
    assert_eq!(settings.len(), wanted.len());
}

#[cfg(feature = "postgres")]
fn postgres() -> AnyConnection {
    let url = env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
    AnyConnection::Postgres(diesel::PgConnection::establish(&url).unwrap())
}

#[cfg(feature = "postgres")]
#[test]
#[ignore = "needs PostgreSQL: just test-all"]
fn what_postgres_was_told_otherwise_does_not_count() {
    let spoil = "SET default_transaction_isolation = 'serializable'; SET synchronous_commit = 'local'; SET timezone = 'Asia/Tokyo'; \
        SET statement_timeout = 0; SET lock_timeout = 0; SET enable_seqscan = on; SET jit = on; SET idle_in_transaction_session_timeout = 0; \
        SET session_replication_role = 'replica'; SET idle_session_timeout = '1min'; SET lc_messages = 'POSIX'";
    let query = "SELECT name, setting AS value FROM pg_settings WHERE name IN ('default_transaction_isolation', 'synchronous_commit', \
        'TimeZone', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'session_replication_role', \
        'idle_session_timeout', 'lc_messages', 'enable_seqscan', 'jit')";
    let wanted = [
        ("default_transaction_isolation", "read committed"),
        ("synchronous_commit", "on"),
        ("TimeZone", "UTC"),
        ("statement_timeout", "5000"),
        ("lock_timeout", "5000"),
        ("idle_in_transaction_session_timeout", "10000"),
        ("session_replication_role", "origin"),
        ("idle_session_timeout", "0"),
        ("lc_messages", "C"),
        ("enable_seqscan", "off"),
        ("jit", "off"),
    ];
    after(postgres(), spoil, query, &wanted);
}

/// As behind a pooler, where the session is somebody else's before and after.
#[cfg(feature = "postgres")]
#[test]
#[ignore = "needs PostgreSQL: just test-all"]
fn a_transaction_in_a_lent_session_is_told_the_same_and_leaves_nothing() {
    let spoil = "SET default_transaction_isolation = 'serializable'; SET synchronous_commit = 'local'; SET timezone = 'Asia/Tokyo'; \
        SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; \
        SET session_replication_role = 'replica'; SET client_min_messages = error; SET lc_messages = 'POSIX'";
    let query = "SELECT concat_ws(' ', current_setting('transaction_isolation'), current_setting('transaction_read_only'), \
        current_setting('synchronous_commit'), current_setting('timezone'), current_setting('statement_timeout'), \
        current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'), \
        current_setting('session_replication_role'), current_setting('client_min_messages'), current_setting('lc_messages')) AS text";
    let mut db = postgres();
    db.batch_execute(spoil).unwrap();
    let settings = |db: &mut AnyConnection| texts(db, query).unwrap().concat();
    let before = settings(&mut db);
    assert_eq!(before, "serializable off local Asia/Tokyo 0 0 0 replica error POSIX");
    for (begin, isolation) in [(POSTGRES_TRANSACTION, "read committed off"), (POSTGRES_MOMENT, "repeatable read on")] {
        db.batch_execute(begin).unwrap();
        assert_eq!(settings(&mut db), format!("{isolation} on UTC 5s 5s 10s origin warning C"));
        db.batch_execute("COMMIT").unwrap();
        assert_eq!(settings(&mut db), before);
    }
}

#[cfg(feature = "postgres")]
#[test]
#[ignore = "needs PostgreSQL: just test-all"]
fn what_was_asked_for_beyond_stays() {
    let query =
        "SELECT name, setting AS value FROM pg_settings WHERE name IN ('synchronous_commit', 'default_transaction_read_only')";
    let wanted = [("synchronous_commit", "remote_apply"), ("default_transaction_read_only", "on")];
    let asked = "SET synchronous_commit = 'remote_apply'; SET default_transaction_read_only = on";
    after(postgres(), asked, query, &wanted);
}

#[cfg(feature = "mysql")]
#[test]
#[ignore = "needs MariaDB: just test-all"]
fn what_mysql_was_told_otherwise_does_not_count() {
    let url = env::var("TEST_MYSQL_URL").unwrap_or_else(|_| "mysql://root@127.0.0.1:3306/mysql".to_owned());
    let connection = AnyConnection::Mysql(diesel::MysqlConnection::establish(&url).unwrap());
    let spoil = "SET autocommit = 0, completion_type = 'CHAIN', time_zone = '+05:00', sql_mode = 'ANSI_QUOTES', lc_messages = 'de_DE', \
        foreign_key_checks = 0, unique_checks = 0, sql_safe_updates = 1, sql_big_selects = 0, \
        sql_select_limit = 1, innodb_lock_wait_timeout = 50, lock_wait_timeout = 50, wait_timeout = 60, wsrep_sync_wait = 0; \
        SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE";
    let query = "SELECT LOWER(variable_name) AS name, CAST(variable_value AS CHAR) AS value \
        FROM information_schema.session_variables WHERE variable_name IN ('autocommit', 'completion_type', 'time_zone', \
        'lc_messages', 'foreign_key_checks', 'unique_checks', 'sql_safe_updates', 'sql_big_selects', \
        'sql_select_limit', 'innodb_lock_wait_timeout', 'lock_wait_timeout', 'wait_timeout', 'tx_isolation', 'sql_mode', 'wsrep_sync_wait')";
    let wanted = [
        ("autocommit", "ON"),
        ("completion_type", "NO_CHAIN"),
        ("time_zone", "+00:00"),
        ("lc_messages", "en_US"),
        ("foreign_key_checks", "ON"),
        ("unique_checks", "ON"),
        ("sql_safe_updates", "OFF"),
        ("sql_big_selects", "ON"),
        ("sql_select_limit", "18446744073709551615"),
        ("innodb_lock_wait_timeout", "5"),
        ("lock_wait_timeout", "5"),
        ("wait_timeout", "3600"),
        ("tx_isolation", "READ-COMMITTED"),
        // Debian's MariaDB may be part of a Galera cluster.
        ("wsrep_sync_wait", "7"),
        (
            "sql_mode",
            "STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,TRADITIONAL,\
             NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION",
        ),
    ];
    after(connection, spoil, query, &wanted);
}
