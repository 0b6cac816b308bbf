//! A database server of a test's own, to be stopped and started.

mod standby;

use std::{
    cell::RefCell,
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use tempfile::TempDir;

use super::{
    Engine,
    servers::{self, as_user, free_port, give_to, postgres_program, run},
};

pub struct PrivateServer {
    engine: Engine,
    folder: TempDir,
    port: u16,
    url: String,
    arguments: Vec<String>,
    process: RefCell<Option<Child>>,
}

impl PrivateServer {
    /// A running server with an empty database.
    pub fn create(engine: Engine) -> Self {
        Self::told(engine, &[])
    }

    /// The same, with arguments of its own.
    pub fn told(engine: Engine, arguments: &[&str]) -> Self {
        let server = Self::empty(engine, arguments.iter().map(|argument| (*argument).to_owned()).collect());
        server.lay();
        server.start();
        server.administer("CREATE DATABASE auth");
        server
    }

    /// A server that has yet to be started, and has nothing to start from.
    pub fn empty(engine: Engine, arguments: Vec<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The server runs as a user of its own and has to get in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let port = free_port();
        let url = match engine {
            Engine::Sqlite => panic!("SQLite has no server"),
            Engine::Postgres => format!("postgres://postgres@127.0.0.1:{port}/auth"),
            #[cfg(feature = "mysql")]
            Engine::Mysql => format!("mysql://root@127.0.0.1:{port}/auth"),
        };
        let server = Self { engine, folder, port, url, arguments, process: RefCell::default() };
        fs::create_dir(server.data()).unwrap();
        // PostgreSQL starts from no other.
        fs::set_permissions(server.data(), fs::Permissions::from_mode(0o700)).unwrap();
        match engine {
            Engine::Sqlite => {}
            Engine::Postgres => give_to("postgres", &server.data()),
            #[cfg(feature = "mysql")]
            Engine::Mysql => give_to("mysql", &server.data()),
        }
        server
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Puts what a server starts from where its data will be.
    pub fn lay(&self) {
        let data = self.data();
        match self.engine {
            Engine::Sqlite => {}
            Engine::Postgres => servers::lay_postgres(&data),
            #[cfg(feature = "mysql")]
            Engine::Mysql => servers::lay_mariadb(&data),
        }
    }

    pub fn start(&self) {
        self.begin(&[]);
        self.until_it_answers();
    }

    /// Starts it with more arguments, and does not wait for it.
    pub fn begin(&self, more: &[&str]) {
        let mut command = self.command();
        command.args(more);
        *self.process.borrow_mut() = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    pub fn until_it_answers(&self) {
        let begun = Instant::now();
        while !self.answers() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the private server does not start");
            thread::yield_now();
        }
    }

    /// What starts it.
    pub fn command(&self) -> Command {
        let data = self.data();
        let mut command = match self.engine {
            Engine::Sqlite => unreachable!("SQLite has no server"),
            Engine::Postgres => {
                let mut command = as_user("postgres", &postgres_program("postgres"));
                command
                    .arg("-D")
                    .arg(&data)
                    .args(["-c", "listen_addresses=127.0.0.1", "-p"])
                    .arg(self.port.to_string())
                    .arg("-k")
                    .arg(&data);
                command
            }
            #[cfg(feature = "mysql")]
            Engine::Mysql => servers::mariadb(&data, self.port),
        };
        command.args(&self.arguments);
        command
    }

    /// Whether its own administrative database can be reached.
    fn answers(&self) -> bool {
        match self.engine {
            Engine::Sqlite => false,
            Engine::Postgres => PgConnection::establish(&self.url.replace("/auth", "/postgres")).is_ok(),
            #[cfg(feature = "mysql")]
            Engine::Mysql => diesel::MysqlConnection::establish(&self.url.replace("/auth", "/mysql")).is_ok(),
        }
    }

    /// Runs a statement as the administrator, outside of the database.
    pub fn administer(&self, statement: &str) {
        match self.engine {
            Engine::Sqlite => {}
            Engine::Postgres => {
                let mut connection = PgConnection::establish(&self.url.replace("/auth", "/postgres")).unwrap();
                sql_query(statement).execute(&mut connection).unwrap();
            }
            #[cfg(feature = "mysql")]
            Engine::Mysql => {
                let mut connection = diesel::MysqlConnection::establish(&self.url.replace("/auth", "/mysql")).unwrap();
                sql_query(statement).execute(&mut connection).unwrap();
            }
        }
    }

    /// Pulls the plug: no farewell to anybody.
    pub fn stop(&self) {
        if let Some(mut process) = self.process.borrow_mut().take() {
            // The server behind `runuser` is its child; a postmaster told to QUIT stops at once.
            let pid_file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
            let pid = pid_file.lines().next().map_or_else(|| process.id().to_string(), str::to_owned);
            let signal = if self.engine == Engine::Postgres { "-QUIT" } else { "-KILL" };
            run(Command::new("kill").args([signal, &pid]));
            process.wait().unwrap();
        }
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        self.stop();
    }
}
