//! A database that cannot store every text is refused at the start, with what to do; one that can is taken.

use auth_infra::db::Database;

use crate::scratch::{Engine, Scratch};

fn refusal(scratch: &Scratch) -> String {
    Database::open(&scratch.url(), 1).unwrap_err().to_string()
}

#[cfg(feature = "sqlite")]
#[test]
fn a_sqlite_file_in_utf_16_is_refused() {
    for encoding in ["UTF-16le", "UTF-16be"] {
        let scratch = Scratch::new(Engine::Sqlite);
        scratch.execute(&format!("PRAGMA encoding = '{encoding}'; CREATE TABLE first (id INT); DROP TABLE first;"));
        let told = refusal(&scratch);
        assert!(told.contains(encoding) && told.contains("must be UTF-8") && told.contains(".dump"), "{told}");
    }
    drop(Scratch::new(Engine::Sqlite).migrated());
}

#[cfg(feature = "postgres")]
#[test]
#[ignore = "needs PostgreSQL: just test-all"]
fn a_postgres_database_in_another_encoding_is_refused() {
    for encoding in ["LATIN1", "SQL_ASCII", "WIN1252"] {
        let scratch = Scratch::created(Engine::Postgres, &format!("ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"));
        let told = refusal(&scratch);
        assert!(told.contains(encoding) && told.contains("must be UTF8") && told.contains("createdb"), "{told}");
    }
    let utf8 = Scratch::created(Engine::Postgres, "ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0");
    drop(utf8.migrated());
}

#[cfg(feature = "mysql")]
#[test]
#[ignore = "needs MariaDB: just test-all"]
fn a_mysql_database_whose_tables_were_converted_is_refused() {
    for conversion in [
        "CHARACTER SET latin1",
        "CHARACTER SET utf8mb3",
        "CHARACTER SET ascii",
        "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    ] {
        let scratch = Scratch::new(Engine::Mysql);
        drop(scratch.migrated());
        drop(Database::open(&scratch.url(), 1).unwrap());
        scratch.execute(&format!("ALTER TABLE audit_events CONVERT TO {conversion}"));
        let told = refusal(&scratch);
        assert!(told.contains("audit_events.user_agent") && told.contains("utf8mb4_bin"), "{conversion}: {told}");
    }
    // The database's own character set does not matter: each column names its own.
    let latin = Scratch::created(Engine::Mysql, "CHARACTER SET latin1");
    drop(latin.migrated());
    drop(Database::open(&latin.url(), 1).unwrap());
}
