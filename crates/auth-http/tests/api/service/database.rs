//! A database of a test's own, made before and dropped after it.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_query};
use tempfile::TempDir;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
    #[cfg(feature = "mysql")]
    Mysql,
}

pub struct TestDatabase {
    engine: Engine,
    /// Another database on its server; nothing where that ends before the database does.
    admin: Option<String>,
    name: String,
    /// As tests reach it.
    direct: String,
    /// As servers and commands are told.
    url: String,
    folder: TempDir,
}

impl TestDatabase {
    pub fn engine(&self) -> Engine {
        self.engine
    }

    pub fn create(engine: Engine) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("api_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = tempfile::tempdir().unwrap();
        let admin = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres_url()),
            #[cfg(feature = "mysql")]
            Engine::Mysql => Some(mysql_url()),
        };
        let direct = match &admin {
            None => format!("sqlite:///{}/auth.db", folder.path().display()),
            Some(admin) => sibling(admin, &name),
        };
        let url = match env::var("TEST_PGBOUNCER") {
            Ok(place) if engine == Engine::Postgres => format!("postgres://postgres@{place}/{name}?pgbouncer=true"),
            Ok(_) | Err(_) => direct.clone(),
        };
        let database = Self { engine, admin, name, direct, url, folder };
        database.administer(&format!("CREATE DATABASE {}", database.name));
        database
    }

    /// One that is there, on a server of the test's own.
    #[cfg(feature = "mysql")]
    pub fn at(engine: Engine, url: &str) -> Self {
        let name = url.rsplit_once('/').unwrap().1.to_owned();
        Self { engine, admin: None, name, direct: url.to_owned(), url: url.to_owned(), folder: tempfile::tempdir().unwrap() }
    }

    /// As servers are told it: on PostgreSQL by way of the PgBouncer at `TEST_PGBOUNCER`, if there is one.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// By way of no pooler.
    pub fn direct_url(&self) -> &str {
        &self.direct
    }

    /// Where the server runs, and where SQLite's file is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a statement on the server, outside of this database.
    fn administer(&self, statement: &str) {
        let Some(admin) = &self.admin else { return };
        match self.engine {
            Engine::Sqlite => {}
            Engine::Postgres => {
                let mut connection = PgConnection::establish(admin).unwrap();
                sql_query(statement).execute(&mut connection).unwrap();
            }
            #[cfg(feature = "mysql")]
            Engine::Mysql => {
                let mut connection = diesel::MysqlConnection::establish(admin).unwrap();
                sql_query(statement).execute(&mut connection).unwrap();
            }
        }
    }

    /// Runs statements in this database, behind the server's back.
    pub fn execute(&self, statements: &str) {
        match self.engine {
            Engine::Sqlite => self.open_file().batch_execute(statements),
            Engine::Postgres => PgConnection::establish(&self.direct).unwrap().batch_execute(statements),
            #[cfg(feature = "mysql")]
            Engine::Mysql => by_mysql(&mut self.mysql(), statements),
        }
        .unwrap();
    }

    /// How many tables there are, whoever's.
    pub fn tables(&self) -> i64 {
        self.number(match self.engine {
            Engine::Sqlite => "SELECT COUNT(*) AS count FROM sqlite_master WHERE type = 'table'",
            Engine::Postgres => "SELECT COUNT(*) AS count FROM pg_tables WHERE schemaname = 'public'",
            #[cfg(feature = "mysql")]
            Engine::Mysql => "SELECT COUNT(*) AS count FROM information_schema.tables WHERE table_schema = DATABASE()",
        })
    }
}

/// How many rows a table has.
#[derive(diesel::QueryableByName)]
struct Rows {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// A value of whatever kind, as text.
#[derive(diesel::QueryableByName)]
struct Cell {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    value: Option<String>,
}

/// Counts what a statement finds.
#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

impl TestDatabase {
    /// How many rows a table has.
    pub fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) AS count FROM {table}"))
    }

    /// How many rows each of these tables has.
    pub fn counts(&self, tables: &[&str]) -> BTreeMap<String, i64> {
        let each = tables.iter().map(|table| format!("SELECT '{table}' AS name, COUNT(*) AS count FROM {table}"));
        let statement = sql_query(each.collect::<Vec<_>>().join(" UNION ALL "));
        let rows: Vec<Rows> = match self.engine {
            Engine::Sqlite => statement.get_results(&mut self.open_file()),
            Engine::Postgres => statement.get_results(&mut PgConnection::establish(&self.direct).unwrap()),
            #[cfg(feature = "mysql")]
            Engine::Mysql => statement.get_results(&mut self.mysql()),
        }
        .unwrap();
        rows.into_iter().map(|Rows { name, count }| (name, count)).collect()
    }

    /// Every value of every table, as text.
    pub fn values(&self) -> BTreeSet<String> {
        let columns = self.cells(match self.engine {
            Engine::Sqlite => {
                "SELECT m.name || ' ' || c.name AS value FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                 WHERE m.type = 'table'"
            }
            Engine::Postgres => {
                "SELECT table_name || ' ' || column_name AS value FROM information_schema.columns WHERE table_schema = 'public'"
            }
            #[cfg(feature = "mysql")]
            Engine::Mysql => {
                "SELECT CONCAT(table_name, ' ', column_name) AS value FROM information_schema.columns \
                 WHERE table_schema = DATABASE()"
            }
        });
        let text = if matches!(self.engine, Engine::Sqlite | Engine::Postgres) { "TEXT" } else { "CHAR" };
        let cells = columns.iter().flat_map(|column| {
            let (table, column) = column.split_once(' ').unwrap();
            self.cells(&format!("SELECT CAST({column} AS {text}) AS value FROM {table}"))
        });
        cells.collect()
    }

    /// What a query finds, which calls it `value`.
    fn cells(&self, statement: &str) -> Vec<String> {
        let cells: Vec<Cell> = match self.engine {
            Engine::Sqlite => sql_query(statement).get_results(&mut self.open_file()),
            Engine::Postgres => sql_query(statement).get_results(&mut PgConnection::establish(&self.direct).unwrap()),
            #[cfg(feature = "mysql")]
            Engine::Mysql => sql_query(statement).get_results(&mut self.mysql()),
        }
        .unwrap();
        cells.into_iter().filter_map(|cell| cell.value).collect()
    }

    /// The number that a query finds, which calls it `count`.
    pub fn number(&self, statement: &str) -> i64 {
        let counted: Count = match self.engine {
            Engine::Sqlite => sql_query(statement).get_result(&mut self.open_file()),
            Engine::Postgres => sql_query(statement).get_result(&mut PgConnection::establish(&self.direct).unwrap()),
            #[cfg(feature = "mysql")]
            Engine::Mysql => sql_query(statement).get_result(&mut self.mysql()),
        }
        .unwrap();
        counted.count
    }

    /// As the program opens it: on a cluster, it shows what the other servers were told before.
    #[cfg(feature = "mysql")]
    fn mysql(&self) -> diesel::MysqlConnection {
        let mut connection = diesel::MysqlConnection::establish(&self.direct).unwrap();
        // MySQL itself has no clusters of this kind.
        drop(connection.batch_execute("SET SESSION wsrep_sync_wait = 7"));
        connection
    }

    pub(super) fn open_file(&self) -> diesel::SqliteConnection {
        let path = self.folder.path().join("auth.db");
        let mut connection = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        connection
    }
}

/// Again, where another server of a cluster came first.
#[cfg(feature = "mysql")]
fn by_mysql(connection: &mut diesel::MysqlConnection, statements: &str) -> diesel::QueryResult<()> {
    loop {
        match connection.batch_execute(statements) {
            Err(error) if error.to_string().starts_with("Deadlock found") => {}
            outcome => return outcome,
        }
    }
}

/// Holds SQLite's write lock until dropped.
pub struct WriteLock(diesel::SqliteConnection);

impl TestDatabase {
    pub fn lock_for_writing(&self) -> WriteLock {
        let mut connection = self.open_file();
        connection.batch_execute("BEGIN IMMEDIATE").unwrap();
        WriteLock(connection)
    }
}

impl Drop for WriteLock {
    fn drop(&mut self) {
        self.0.batch_execute("ROLLBACK").unwrap();
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let force = if self.engine == Engine::Postgres { " WITH (FORCE)" } else { "" };
        self.administer(&format!("DROP DATABASE IF EXISTS {}{force}", self.name));
    }
}

fn postgres_url() -> String {
    env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
}

#[cfg(feature = "mysql")]
fn mysql_url() -> String {
    env::var("TEST_MYSQL_URL").unwrap_or_else(|_| "mysql://root@127.0.0.1:3306/mysql".to_owned())
}

/// The URL of another database on the same server.
fn sibling(admin: &str, name: &str) -> String {
    let (server, _database) = admin.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}
