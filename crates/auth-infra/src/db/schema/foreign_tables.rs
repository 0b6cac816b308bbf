//! Whose database it is: a database with tables of another program is left alone.

use auth_domain::identity::port_error::PortError;
use diesel::{ConnectionError, ConnectionResult, QueryResult};

use super::{migrate, tables::TABLES};
use crate::db::{
    connection::{AnyConnection, Connector, texts},
    transaction::in_session,
    url::{DatabaseUrl, Engine},
};
#[cfg(feature = "sqlite")]
use crate::db::{
    connection::{patiently, read_only},
    url::{Target, obstacle},
};

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(
        "{url} belongs to another program: it has tables ({tables}), and none of them by this one. Nothing was touched. \
         Let DATABASE_URL name a database of its own; to take over the accounts of another system: \
         auth-server users import --from {example}"
    )]
    NotOurs { url: String, tables: String, example: String },
    #[error("{url} cannot store every text: {fault}")]
    Unfit { url: String, fault: String },
    #[error(
        "{url} is behind a pooler, such as PgBouncer, that hands one session to several clients, and DATABASE_URL does not say so. \
         Nothing was touched. If its pool_mode is transaction, add pgbouncer=true to the parameters of DATABASE_URL; with pool_mode = \
         session nothing needs to be added; statement is not supported"
    )]
    Pooled { url: String },
}

/// Enough names to recognise a database by.
const NAMES_SHOWN: usize = 5;

impl OpenError {
    pub(crate) fn not_ours(url: &DatabaseUrl, mut tables: Vec<String>) -> Self {
        let more = tables.len() > NAMES_SHOWN;
        tables.truncate(NAMES_SHOWN);
        let tables = tables.join(", ") + if more { ", …" } else { "" };
        let example = if url.engine() == Engine::Sqlite { url.path().unwrap_or_default() } else { "./secure_app.db" };
        let example = format!("sqlite:///{example}");
        Self::NotOurs { url: url.to_string(), tables, example }
    }
}

/// Connects, and returns the tables of another program. Looks before it sets up SQLite's file, so that a file of another
/// program stays the same to the byte.
pub(crate) fn first_look(connector: &Connector) -> ConnectionResult<Vec<String>> {
    #[cfg(feature = "sqlite")]
    if let Target::Sqlite(path) = connector.url().target() {
        if let Some(obstacle) = obstacle(path) {
            return Err(ConnectionError::BadConnection(obstacle));
        }
        if has_content(path) {
            let mut connection = AnyConnection::Sqlite(read_only(path)?);
            let strangers = patiently(|| foreign_tables(&mut connection)).map_err(ConnectionError::CouldntSetupConfiguration)?;
            if !strangers.is_empty() {
                return Ok(strangers);
            }
        }
    }
    let mut connection = connector.try_connect()?;
    let pool_mode = connector.url().pool_mode();
    in_session(&mut connection, pool_mode, foreign_tables).map_err(ConnectionError::CouldntSetupConfiguration)
}

/// Whether the file exists and is not empty.
#[cfg(feature = "sqlite")]
fn has_content(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.len() > 0)
}

/// The tables of a database that belongs to another program; none where it is ours or empty. Reads only.
fn foreign_tables(db: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let mut tables = tables(db)?;
    let Some(applied) = migrate::applied(db)? else { return Ok(tables) };
    let known = migrate::known(db)?;
    if applied.iter().any(|version| known.iter().any(|(known, _)| known == version)) {
        return Ok(Vec::new());
    }
    // Diesel's table without an entry: on MySQL, a first migration that stopped half-way leaves it so.
    if applied.is_empty() {
        tables.retain(|table| table != migrate::BOOK && !TABLES.contains(&table.as_str()));
    }
    Ok(tables)
}

/// Without the tables of the engine itself and of extensions.
fn tables(db: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let query = match db {
        #[cfg(feature = "sqlite")]
        AnyConnection::Sqlite(_) => {
            "SELECT name AS text FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name"
        }
        #[cfg(feature = "postgres")]
        AnyConnection::Postgres(_) => {
            "SELECT c.relname::text AS text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT EXISTS \
             (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') \
             ORDER BY c.relname"
        }
        #[cfg(feature = "mysql")]
        AnyConnection::Mysql(_) => {
            "SELECT table_name AS text FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_type <> 'VIEW' ORDER BY table_name"
        }
    };
    texts(db, query)
}
