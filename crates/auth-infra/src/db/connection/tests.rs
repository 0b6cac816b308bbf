//! How connections are set up.
#![cfg(feature = "sqlite")]

use std::{fs, os::unix::fs::PermissionsExt};

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use r2d2::ManageConnection;

use super::*;

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

fn setting(db: &mut AnyConnection, pragma: &str, column: &str) -> i64 {
    let query = format!("SELECT {column} AS value FROM pragma_{pragma}");
    sql_query(query).get_result::<Setting>(db).unwrap().value
}

#[test]
fn every_sqlite_connection_is_durable_and_heeds_foreign_keys() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:///{}/auth.db", folder.path().display()).parse().unwrap();
    let connector = Connector::new(url);
    for _ in 0..2 {
        let mut pooled = connector.connect().unwrap();
        let db = &mut pooled.connection;
        assert_eq!(setting(db, "journal_mode", "journal_mode = 'wal'"), 1);
        assert_eq!(setting(db, "synchronous", "synchronous"), 2, "FULL");
        assert_eq!(setting(db, "foreign_keys", "foreign_keys"), 1);
        assert_eq!(setting(db, "busy_timeout", "timeout"), 5000);
    }
}

#[test]
fn only_its_owner_can_read_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let url: DatabaseUrl = format!("sqlite:///{}/auth.db", folder.path().display()).parse().unwrap();
    let mut connection = Connector::new(url).try_connect().unwrap();
    connection.batch_execute("CREATE TABLE t (x)").unwrap();
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() > 1, "the write-ahead log as well");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn a_database_in_memory_outlives_a_broken_statement() {
    let connector = Connector::new("sqlite::memory:".parse().unwrap());
    let mut pooled = connector.connect().unwrap();
    connector.distrust(&pooled);
    pooled.broken = true;
    assert!(connector.trusts(&pooled) && !connector.has_broken(&mut pooled));
}
