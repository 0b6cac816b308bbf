//! Whether the database can store every text there is. One that cannot would refuse single rows later, for good.

use diesel::QueryResult;

use crate::db::connection::{AnyConnection, texts};

/// Why it cannot, and what to do.
pub(crate) fn fault(db: &mut AnyConnection) -> QueryResult<Option<String>> {
    match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => of_sqlite(db),
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => of_postgres(db),
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => of_mysql(db),
    }
}

/// UTF-16 stores all texts, but orders them by its bytes: addresses would not be found by how they begin.
#[cfg(feature = "sqlite")]
fn of_sqlite(db: &mut AnyConnection) -> QueryResult<Option<String>> {
    let encoding = texts(db, "SELECT encoding AS text FROM pragma_encoding")?.concat();
    Ok((encoding != "UTF-8").then(|| {
        format!(
            "its encoding is {encoding}, and it must be UTF-8, which a file keeps from its first table on: move its content to a \
             new file, with `sqlite3 old.db .dump | grep -v '^PRAGMA encoding' | sqlite3 new.db`"
        )
    }))
}

#[cfg(feature = "postgres")]
fn of_postgres(db: &mut AnyConnection) -> QueryResult<Option<String>> {
    let encoding = texts(db, "SELECT current_setting('server_encoding') AS text")?.concat();
    Ok((encoding != "UTF8").then(|| {
        format!(
            "its encoding is {encoding}, and it must be UTF8, which a database keeps from its making on: make another with \
             `createdb --encoding=UTF8 --locale=C.UTF-8 --template=template0 NAME`, and move what is there with pg_dump and pg_restore"
        )
    }))
}

/// The migrations name the character set of each column; somebody may have converted them since. A collation that is not binary
/// takes different addresses for one.
#[cfg(feature = "mysql")]
fn of_mysql(db: &mut AnyConnection) -> QueryResult<Option<String>> {
    let session =
        texts(db, "SELECT CONCAT_WS(', ', @@character_set_client, @@character_set_connection, @@character_set_results) AS text")?
            .concat();
    if session != "utf8mb4, utf8mb4, utf8mb4" {
        return Ok(Some(format!(
            "its connections use the character sets {session}, and must use utf8mb4: remove skip-character-set-client-handshake \
             and SET NAMES in init_connect from the server's configuration"
        )));
    }
    let columns = texts(db, &altered_columns())?;
    Ok((!columns.is_empty()).then(|| {
        format!(
            "columns have another character set or collation than they were made with ({}): give each its own back with \
             `ALTER TABLE … MODIFY …`, utf8mb4 COLLATE utf8mb4_bin, as in migrations/mysql",
            columns.join(", ")
        )
    }))
}

/// Columns of ASCII are those for ids, addresses of the network and words of this program.
#[cfg(feature = "mysql")]
fn altered_columns() -> String {
    let tables: Vec<_> = super::tables::TABLES.iter().map(|table| format!("'{table}'")).collect();
    format!(
        "SELECT CONCAT(table_name, '.', column_name, ': ', collation_name) AS text FROM information_schema.columns \
         WHERE table_schema = DATABASE() AND table_name IN ({}) AND collation_name IS NOT NULL AND NOT \
         (collation_name LIKE 'utf8mb4%\\_bin' OR (collation_name = 'ascii_bin' AND column_name NOT IN \
         ('email', 'user_agent', 'request_id', 'name', 'event', 'outcome', 'reason'))) ORDER BY table_name, column_name",
        tables.join(", ")
    )
}
