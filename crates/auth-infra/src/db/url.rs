//! `DATABASE_URL`: the URL alone decides the engine, and its password is never shown.

mod mysql;
mod postgres;
mod sqlite;

use std::{fmt, path::Path, str::FromStr};

#[cfg(feature = "sqlite")]
pub(super) use sqlite::obstacle;

/// The supported engines, built in or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
    Mysql,
}

/// Where the database is.
#[derive(Clone)]
pub struct DatabaseUrl {
    engine: Engine,
    target: Target,
    /// Engine and place, without user and password.
    shown: String,
}

/// What the engine's own library connects with.
#[derive(Clone)]
pub(super) enum Target {
    #[cfg(feature = "sqlite")]
    Sqlite(String),
    #[cfg(feature = "postgres")]
    Postgres { url: String, pool_mode: PoolMode, hosts: usize },
    /// Also whether the connection has to be encrypted: the library may silently settle for less.
    #[cfg(feature = "mysql")]
    Mysql { url: String, encrypted: bool },
}

/// What a client of the server has for itself, in PgBouncer's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PoolMode {
    /// A session, as without a pooler.
    Session,
    /// No more than a transaction: the next may be in another session.
    Transaction,
}

/// Why a text is not a valid `DATABASE_URL`. Never repeats it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlFault {
    #[error("must begin with sqlite:, postgresql://, postgres:// or mysql://")]
    UnknownScheme,
    #[error("{engine} is not built in; build with the feature `{feature}`: cargo build --no-default-features --features full")]
    NotBuiltIn { engine: Engine, feature: &'static str },
    #[error("must name a {0}")]
    Lacks(&'static str),
    #[error("is no URL: {0}")]
    Malformed(String),
    #[error(
        "demands TLS, which this build's client library lacks; build with: cargo build --no-default-features --features full"
    )]
    TlsNotBuiltIn,
    #[error("sslmode must be one of disable, prefer, require, verify-ca and verify-full")]
    UnknownSslMode,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
        })
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.shown)
    }
}

impl DatabaseUrl {
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// SQLite's file; `None` for the other engines, and in memory.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.path().filter(|path| *path != sqlite::MEMORY).map(Path::new)
    }

    /// The path of SQLite's file, or [`sqlite::MEMORY`].
    pub(super) fn path(&self) -> Option<&str> {
        match &self.target {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(path) => Some(path),
            #[cfg(feature = "postgres")]
            Target::Postgres { .. } => None,
            #[cfg(feature = "mysql")]
            Target::Mysql { .. } => None,
        }
    }

    pub(super) fn pool_mode(&self) -> PoolMode {
        match &self.target {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(_) => PoolMode::Session,
            #[cfg(feature = "postgres")]
            Target::Postgres { pool_mode, .. } => *pool_mode,
            #[cfg(feature = "mysql")]
            Target::Mysql { .. } => PoolMode::Session,
        }
    }

    /// How many servers it names.
    pub(super) fn hosts(&self) -> usize {
        match &self.target {
            #[cfg(feature = "sqlite")]
            Target::Sqlite(_) => 1,
            #[cfg(feature = "postgres")]
            Target::Postgres { hosts, .. } => *hosts,
            #[cfg(feature = "mysql")]
            Target::Mysql { .. } => 1,
        }
    }

    pub(super) fn is_in_memory(&self) -> bool {
        self.path() == Some(sqlite::MEMORY)
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlFault;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlFault> {
        let text = text.trim();
        let (scheme, rest) = text.split_once(':').ok_or(DatabaseUrlFault::UnknownScheme)?;
        match scheme {
            "sqlite" => sqlite::parse(rest),
            // Without the slashes, libpq would take the text for keywords, and repeat the unknown ones in errors.
            _server if !rest.starts_with("//") => Err(DatabaseUrlFault::UnknownScheme),
            "postgres" | "postgresql" => postgres::parse(text),
            "mysql" => mysql::parse(text),
            _unknown => Err(DatabaseUrlFault::UnknownScheme),
        }
    }
}

/// What is wrong with a password that is not encoded.
const RESERVED: &str = "reserved characters of the password must be percent-encoded, as in `%2F` for `/`";

/// Refuses what libpq's errors would repeat together with the text around it, which may be the password.
fn demand_percent_encoding(text: &str) -> Result<(), DatabaseUrlFault> {
    let decodes =
        |rest: &str| rest.get(..2).is_some_and(|digits| digits != "00" && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let fault = if !text.split('%').skip(1).all(decodes) {
        "a `%` must begin an encoded character other than NUL, as in `%40` for `@`"
    } else if text.contains(char::is_control) {
        "control characters must be percent-encoded"
    } else {
        return Ok(());
    };
    Err(DatabaseUrlFault::Malformed(fault.to_owned()))
}

#[cfg(test)]
mod tests;
