//! `DATABASE_URL`: the URL alone decides the engine, and its password is never shown.

mod mysql;
mod postgres;
mod sqlite;

use std::{borrow::Cow, fmt, path::Path, str::FromStr};

use url::Url;

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
    Postgres(String),
    /// Also whether the connection has to be encrypted: the library may silently settle for less.
    #[cfg(feature = "mysql")]
    Mysql { url: String, encrypted: bool },
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
            Target::Postgres(_) => None,
            #[cfg(feature = "mysql")]
            Target::Mysql { .. } => None,
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

/// The parsed URL of a server, and how it is shown.
fn server(engine: Engine, text: &str, default_port: u16) -> Result<(Url, String), DatabaseUrlFault> {
    // libpq's errors repeat a `%` that it cannot decode and the text around it, which may be the password.
    if !is_percent_encoded(text) {
        return Err(DatabaseUrlFault::Malformed(
            "a `%` must begin an encoded character other than NUL, as in `%40` for `@`".to_owned(),
        ));
    }
    let url = Url::parse(text).map_err(|error| DatabaseUrlFault::Malformed(error.to_string()))?;
    let host = match url.host_str().filter(|host| !host.is_empty()) {
        Some(host) => Cow::Borrowed(host),
        None => parameter(&url, "host").ok_or(DatabaseUrlFault::Lacks("host"))?,
    };
    let database = url.path().trim_start_matches('/');
    if database.is_empty() {
        return Err(DatabaseUrlFault::Lacks("database"));
    }
    // What follows the host may be the rest of an unencoded password. Checks the text itself: parsing would resolve `/../` and
    // drop what precedes it.
    let behind = text.split_once("://").and_then(|(_, rest)| rest.split_once(['/', '?', '#']));
    let at_behind = behind.is_some_and(|(_authority, behind)| behind.contains('@'));
    // A host parameter may contain such a rest, too.
    if at_behind || host.contains('@') || database.contains([':', '/']) || url.fragment().is_some() {
        let hint = "reserved characters of the password must be percent-encoded, as in `%2F` for `/`";
        return Err(DatabaseUrlFault::Malformed(hint.to_owned()));
    }
    let shown = format!("{engine} at {host}:{}, database {database}", url.port().unwrap_or(default_port));
    Ok((url, shown))
}

fn is_percent_encoded(text: &str) -> bool {
    let decodes =
        |rest: &str| rest.get(..2).is_some_and(|digits| digits != "00" && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    text.split('%').skip(1).all(decodes)
}

fn parameter<'a>(url: &'a Url, name: &str) -> Option<Cow<'a, str>> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests;
