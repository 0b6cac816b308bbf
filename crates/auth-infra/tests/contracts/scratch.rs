//! A database of a test's own, made before it and dropped after it, even when it panics.

use std::{
    any::Any,
    env,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use auth_domain::testkit::Stores;
use auth_infra::db::{
    Database, DatabaseUrl, DieselAttempts, DieselAudit, DieselClients, DieselFactors, DieselKeys, DieselMailbox, DieselOutbox,
    DieselPasskeys, DieselProofs, DieselSecondSteps, DieselSessions, DieselTransfers, DieselUsers,
};
use diesel::{Connection, QueryResult, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text};
use tempfile::TempDir;

use crate::proxy::Proxy;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "mysql")]
    Mysql,
}

pub(crate) struct Scratch {
    engine: Engine,
    name: String,
    folder: TempDir,
}

/// A row of one text, called `text`.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

#[cfg(feature = "sqlite")]
#[derive(QueryableByName)]
struct SqlitePlan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[cfg(feature = "postgres")]
#[derive(QueryableByName)]
struct PostgresPlan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

#[cfg(feature = "mysql")]
#[derive(QueryableByName)]
struct MysqlPlan {
    #[diesel(sql_type = Text, column_name = "EXPLAIN")]
    json: String,
}

fn server(variable: &str, default: &str) -> String {
    env::var(variable).unwrap_or_else(|_| default.to_owned())
}

impl Engine {
    /// Where a database of the server itself is.
    pub(crate) fn server(self) -> String {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => ":memory:".to_owned(),
            #[cfg(feature = "postgres")]
            Self::Postgres => server("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
            #[cfg(feature = "mysql")]
            Self::Mysql => server("TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/mysql"),
        }
    }

    /// Runs statements with Diesel alone.
    fn execute(self, url: &str, statements: &str) -> QueryResult<()> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite => {
                let mut db = diesel::SqliteConnection::establish(url).unwrap();
                db.batch_execute(&format!("PRAGMA busy_timeout = 5000; {statements}"))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres => diesel::PgConnection::establish(url).unwrap().batch_execute(statements),
            #[cfg(feature = "mysql")]
            Self::Mysql => diesel::MysqlConnection::establish(url).unwrap().batch_execute(statements),
        }
    }
}

impl Scratch {
    /// An empty database.
    pub(crate) fn new(engine: Engine) -> Self {
        Self::named(engine, "test")
    }

    pub(crate) fn named(engine: Engine, prefix: &str) -> Self {
        Self::made(engine, prefix, "")
    }

    /// An empty database, made with these options.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) fn created(engine: Engine, options: &str) -> Self {
        Self::made(engine, "test", options)
    }

    fn made(engine: Engine, prefix: &str, options: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{prefix}_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let scratch = Self { engine, name, folder: tempfile::tempdir().unwrap() };
        scratch.administer(&format!("CREATE DATABASE {} {options}", scratch.name));
        scratch
    }

    fn administer(&self, statement: &str) {
        match self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => {}
            #[cfg(feature = "postgres")]
            Engine::Postgres => self.engine.execute(&self.engine.server(), statement).unwrap(),
            #[cfg(feature = "mysql")]
            Engine::Mysql => self.engine.execute(&self.engine.server(), statement).unwrap(),
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        self.engine
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join(format!("{}.db", self.name))
    }

    /// As Diesel takes it.
    pub(crate) fn plain_url(&self) -> String {
        match self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => self.file().display().to_string(),
            #[cfg(feature = "postgres")]
            Engine::Postgres => self.sibling(),
            #[cfg(feature = "mysql")]
            Engine::Mysql => self.sibling(),
        }
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    fn sibling(&self) -> String {
        let server = self.engine.server();
        let (host, _database) = server.rsplit_once('/').unwrap();
        format!("{host}/{}", self.name)
    }

    /// As the adapters take it: on PostgreSQL by way of the PgBouncer at `TEST_PGBOUNCER`, if there is one.
    pub(crate) fn url(&self) -> DatabaseUrl {
        let plain = self.plain_url();
        let url = match self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => format!("sqlite:///{plain}"),
            #[cfg(feature = "postgres")]
            Engine::Postgres => match env::var("TEST_PGBOUNCER") {
                Ok(place) => format!("postgres://postgres@{place}/{}?pgbouncer=true", self.name),
                Err(_none) => plain,
            },
            #[cfg(feature = "mysql")]
            Engine::Mysql => plain,
        };
        url.parse().unwrap()
    }

    pub(crate) fn open(&self) -> Database {
        Database::open(&self.url(), 8).unwrap()
    }

    pub(crate) fn migrated(&self) -> Database {
        let database = self.open();
        database.migrate().unwrap();
        database
    }

    /// Runs statements behind the adapters' back.
    pub(crate) fn execute(&self, statements: &str) {
        self.engine.execute(&self.plain_url(), statements).unwrap();
    }

    /// A connection that has run statements and stays open.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) fn holding(&self, statements: &str) -> Box<dyn SimpleConnection + Send> {
        let url = self.plain_url();
        let mut held: Box<dyn SimpleConnection + Send> = match self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => Box::new(diesel::SqliteConnection::establish(&url).unwrap()),
            #[cfg(feature = "postgres")]
            Engine::Postgres => Box::new(diesel::PgConnection::establish(&url).unwrap()),
            #[cfg(feature = "mysql")]
            Engine::Mysql => Box::new(diesel::MysqlConnection::establish(&url).unwrap()),
        };
        held.batch_execute(statements).unwrap();
        held
    }

    /// Waits until somebody waits for a row.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) fn until_somebody_waits(&self) {
        let query = match self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => panic!("nobody can see who waits for SQLite"),
            #[cfg(feature = "postgres")]
            Engine::Postgres => {
                "SELECT pid::text AS text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            }
            #[cfg(feature = "mysql")]
            Engine::Mysql => {
                "SELECT CAST(id AS CHAR) AS text FROM information_schema.processlist \
                 WHERE db = DATABASE() AND (info LIKE 'UPDATE %' OR info LIKE 'DELETE %' OR info LIKE 'INSERT %')"
            }
        };
        while self.texts(query).is_empty() {
            std::thread::yield_now();
        }
    }

    /// What the engine says of how it would run a statement.
    pub(crate) fn plan(&self, explain: &str) -> Vec<String> {
        let url = self.plain_url();
        let query = sql_query(explain);
        match self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => {
                let lines: Vec<SqlitePlan> = query.load(&mut diesel::SqliteConnection::establish(&url).unwrap()).unwrap();
                lines.into_iter().map(|line| line.detail).collect()
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres => {
                let lines: Vec<PostgresPlan> = query.load(&mut diesel::PgConnection::establish(&url).unwrap()).unwrap();
                lines.into_iter().map(|line| line.line).collect()
            }
            #[cfg(feature = "mysql")]
            Engine::Mysql => {
                let lines: Vec<MysqlPlan> = query.load(&mut diesel::MysqlConnection::establish(&url).unwrap()).unwrap();
                lines.iter().flat_map(|plan| plan.json.lines().map(str::to_owned)).collect()
            }
        }
    }

    /// The texts that a query gives, which calls its column `text`.
    pub(crate) fn texts(&self, query: &str) -> Vec<String> {
        let url = self.plain_url();
        let query = sql_query(query);
        let lines: Vec<Line> = match self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => query.load(&mut diesel::SqliteConnection::establish(&url).unwrap()),
            #[cfg(feature = "postgres")]
            Engine::Postgres => query.load(&mut diesel::PgConnection::establish(&url).unwrap()),
            #[cfg(feature = "mysql")]
            Engine::Mysql => query.load(&mut diesel::MysqlConnection::establish(&url).unwrap()),
        }
        .unwrap();
        lines.into_iter().map(|line| line.text).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        match self.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite => {}
            // Pools may still hold connections to it.
            #[cfg(feature = "postgres")]
            Engine::Postgres => self.administer(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)),
            #[cfg(feature = "mysql")]
            Engine::Mysql => self.administer(&format!("DROP DATABASE IF EXISTS {}", self.name)),
        }
    }
}

/// The stores over a fresh database.
pub(crate) async fn stores(engine: Engine) -> Stores {
    let (scratch, database) = tokio::task::spawn_blocking(move || {
        let scratch = Scratch::new(engine);
        let database = scratch.migrated();
        (scratch, database)
    })
    .await
    .unwrap();
    over(&database, scratch)
}

/// The stores over a database, and what has to be there as long.
pub(crate) fn over(database: &Database, guard: impl Any + Send + Sync) -> Stores {
    let users = Arc::new(DieselUsers(database.clone()));
    let sessions = Arc::new(DieselSessions(database.clone()));
    Stores {
        users: users.clone(),
        directory: users.clone(),
        search: users,
        transfer: Arc::new(DieselTransfers(database.clone())),
        sessions: sessions.clone(),
        ended: sessions,
        attempts: Arc::new(DieselAttempts(database.clone())),
        trail: Arc::new(DieselAudit(database.clone())),
        keys: Arc::new(DieselKeys(database.clone())),
        clients: Arc::new(DieselClients(database.clone())),
        proofs: Arc::new(DieselProofs(database.clone())),
        outbox: Arc::new(DieselOutbox(database.clone())),
        mails: Arc::new(DieselOutbox(database.clone())),
        mailbox: Arc::new(DieselMailbox(database.clone())),
        steps: Arc::new(DieselSecondSteps(database.clone())),
        factors: Arc::new(DieselFactors(database.clone())),
        passkeys: Arc::new(DieselPasskeys(database.clone())),
        guard: Arc::new(guard),
    }
}

/// A proxy before the scratch database's server, and the way to the database through it.
pub(crate) fn by_proxy(engine: Engine, scratch: &Scratch) -> (Proxy, DatabaseUrl) {
    let server = engine.server();
    let (before, host) = server.rsplit_once('@').unwrap();
    let (address, _database) = host.split_once('/').unwrap();
    let (proxy, port) = Proxy::before(address);
    (proxy, format!("{before}@127.0.0.1:{port}/{}", scratch.name()).parse().unwrap())
}
