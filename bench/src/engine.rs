//! The engines, and a scratch database on each, deleted when it is dropped.

use std::{env, path::Path};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use diesel::{Connection, connection::SimpleConnection};
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
    Mariadb,
}

/// One set of queries for three engines, as in the server.
#[derive(diesel::MultiConnection)]
pub(crate) enum AnyConnection {
    Sqlite(diesel::SqliteConnection),
    Postgres(diesel::PgConnection),
    Mysql(diesel::MysqlConnection),
}

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mariadb => "MariaDB",
        }
    }

    /// Where databases can be created: the same variables as in the tests.
    fn server(self) -> String {
        let (variable, default) = match self {
            Self::Sqlite => return ":memory:".to_owned(),
            Self::Postgres => ("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
            Self::Mariadb => ("TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/mysql"),
        };
        env::var(variable).unwrap_or_else(|_unset| default.to_owned())
    }

    pub(crate) fn connect(self, url: &str) -> Result<AnyConnection> {
        let connection = match self {
            Self::Sqlite => {
                let mut connection = diesel::SqliteConnection::establish(url)?;
                // As in the server: the same durability.
                connection.batch_execute(
                    "PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
                )?;
                AnyConnection::Sqlite(connection)
            }
            Self::Postgres => AnyConnection::Postgres(diesel::PgConnection::establish(url)?),
            Self::Mariadb => {
                let mut connection = diesel::MysqlConnection::establish(url)?;
                connection.batch_execute("SET time_zone = '+00:00'")?;
                AnyConnection::Mysql(connection)
            }
        };
        Ok(connection)
    }
}

/// A database for this run only.
pub(crate) struct Scratch {
    pub(crate) engine: Engine,
    /// Where databases can be created.
    server: String,
    name: String,
    folder: TempDir,
}

impl Scratch {
    /// SQLite's file is in `folder`, which must be on a disk: on a file system in memory, writes would cost nothing.
    pub(crate) fn new(engine: Engine, label: &str, folder: &Path) -> Result<Self> {
        Self::on(engine, engine.server(), label, folder)
    }

    /// On the given server.
    pub(crate) fn on(engine: Engine, server: String, label: &str, folder: &Path) -> Result<Self> {
        let name = format!("bench_{}_{label}", std::process::id());
        let scratch = Self { engine, server, name, folder: TempDir::new_in(folder)? };
        if engine != Engine::Sqlite {
            scratch.administer(&format!("CREATE DATABASE {}", scratch.name))?;
        }
        Ok(scratch)
    }

    fn administer(&self, statement: &str) -> Result<()> {
        let mut server = self.engine.connect(&self.server).context("the database server cannot be reached")?;
        Ok(server.batch_execute(statement)?)
    }

    /// The URL in the form of Diesel and pgbench.
    pub(crate) fn plain_url(&self) -> Result<String> {
        if self.engine == Engine::Sqlite {
            return Ok(self.folder.path().join("auth.db").display().to_string());
        }
        let Some((host, _database)) = self.server.rsplit_once('/') else { bail!("{} names no database", self.server) };
        Ok(format!("{host}/{}", self.name))
    }

    /// The URL in the form of the server.
    pub(crate) fn url(&self) -> Result<String> {
        let plain = self.plain_url()?;
        Ok(if self.engine == Engine::Sqlite { format!("sqlite:///{plain}") } else { plain })
    }

    pub(crate) fn connect(&self) -> Result<AnyConnection> {
        self.engine.connect(&self.plain_url()?)
    }

    pub(crate) fn execute(&self, statements: &str) -> Result<()> {
        Ok(self.connect()?.batch_execute(statements)?)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let statement = match self.engine {
            Engine::Sqlite => return,
            Engine::Postgres => format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
            Engine::Mariadb => format!("DROP DATABASE IF EXISTS {}", self.name),
        };
        if let Err(error) = self.administer(&statement) {
            eprintln!("{} is left behind: {error:#}", self.name);
        }
    }
}
