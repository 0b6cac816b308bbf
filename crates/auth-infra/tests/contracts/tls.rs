//! Encrypted connections: the right certificate connects, the wrong authority or name does not, and no
//! demand for TLS ends in plain text.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use auth_infra::db::{Database, DatabaseUrl};
use diesel::{Connection, MysqlConnection, PgConnection, connection::SimpleConnection};
use tempfile::TempDir;

use crate::{
    certificates::make_certificates,
    scratch::Engine,
    servers::{self, as_user, free_port, give_to, postgres_program, run},
};

/// A server of the test's own, with a certificate for `localhost` and no other name, or without any.
struct PrivateServer {
    engine: Engine,
    encrypts: bool,
    folder: TempDir,
    port: u16,
    process: Child,
}

impl PrivateServer {
    fn start(engine: Engine, encrypts: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        make_certificates(folder.path());
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        let port = free_port();
        let mut command = match engine {
            Engine::Sqlite => panic!("SQLite has no server"),
            Engine::Postgres => postgres(folder.path(), &data, port, encrypts),
            Engine::Mysql => mariadb(folder.path(), &data, port, encrypts),
        };
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { engine, encrypts, folder, port, process };
        let begun = Instant::now();
        while !server.is_prepared() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the server does not start");
            thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// Lets in over TCP only who encrypts.
    fn is_prepared(&self) -> bool {
        let data = self.folder.path().join("data");
        match self.engine {
            Engine::Sqlite => false,
            Engine::Postgres => {
                let url = format!("postgres://postgres@localhost:{}/postgres", self.port);
                PgConnection::establish(&url).is_ok()
            }
            Engine::Mysql => {
                let url = format!("mysql://root@localhost/mysql?unix_socket={}/socket", data.display());
                MysqlConnection::establish(&url).is_ok_and(|mut admin| {
                    let demand = if self.encrypts { "REQUIRE SSL" } else { "" };
                    let user = format!("CREATE USER tls@'%' IDENTIFIED BY 'p/w@:#' {demand}; GRANT ALL ON *.* TO tls@'%'");
                    admin.batch_execute(&format!("{user}; CREATE DATABASE auth")).unwrap();
                    true
                })
            }
        }
    }

    fn open(&self, host: &str, query: &str) -> Result<Database, String> {
        let port = self.port;
        let url = match self.engine {
            Engine::Sqlite => panic!("SQLite has no server"),
            Engine::Postgres => format!("postgres://postgres@{host}:{port}/postgres?{query}"),
            Engine::Mysql => format!("mysql://tls:p%2Fw%40%3A%23@{host}:{port}/auth?{query}"),
        };
        let url: DatabaseUrl = url.parse().map_err(|fault| format!("{fault}"))?;
        Database::open(&url, 2).map_err(|error| error.to_string())
    }

    fn certificate(&self, authority: &str) -> String {
        self.folder.path().join(format!("{authority}.pem")).display().to_string()
    }
}

fn postgres(folder: &Path, data: &Path, port: u16, encrypts: bool) -> Command {
    give_to("postgres", data);
    servers::lay_postgres(data);
    let (kind, ssl) = if encrypts { ("hostssl", "ssl=on") } else { ("host", "ssl=off") };
    fs::write(data.join("pg_hba.conf"), format!("{kind} all all 127.0.0.1/32 trust\n")).unwrap();
    give_to("postgres", &folder.join("server.key"));
    give_to("postgres", data);
    let mut command = as_user("postgres", &postgres_program("postgres"));
    command.arg("-D").arg(data).arg("-k").arg(data).args([
        "-p",
        &port.to_string(),
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        ssl,
    ]);
    for (name, file) in [("ssl_cert_file", "server.pem"), ("ssl_key_file", "server.key")] {
        command.args(["-c", &format!("{name}={}", folder.join(file).display())]);
    }
    command
}

fn mariadb(folder: &Path, data: &Path, port: u16, encrypts: bool) -> Command {
    give_to("mysql", data);
    servers::lay_mariadb(data);
    give_to("mysql", &folder.join("server.key"));
    let mut command = servers::mariadb(data, port);
    command.arg("--skip-name-resolve");
    if !encrypts {
        command.arg("--skip-ssl");
        return command;
    }
    for (name, file) in [("ca", "ca.pem"), ("cert", "server.pem"), ("key", "server.key")] {
        command.arg(format!("--ssl-{name}={}", folder.join(file).display()));
    }
    command
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        if self.engine == Engine::Postgres {
            // The server is a child of `runuser`.
            let data = self.folder.path().join("data");
            run(as_user("postgres", &postgres_program("pg_ctl")).arg("stop").args(["-m", "immediate", "-D"]).arg(data));
        } else {
            self.process.kill().unwrap();
        }
        self.process.wait().unwrap();
    }
}

fn holds_to_certificates(server: &PrivateServer) {
    let (ca, stranger) = (server.certificate("ca"), server.certificate("stranger"));
    let full = |authority: &str| format!("sslmode=verify-full&sslrootcert={authority}");

    let database = server.open("localhost", &full(&ca)).unwrap();
    assert!(!database.migrate().unwrap().is_empty());
    server.open("127.0.0.1", "sslmode=require").unwrap();

    for (host, query, why) in [
        ("localhost", full(&stranger), "another authority"),
        ("127.0.0.1", full(&ca), "another name"),
        ("localhost", "sslmode=disable".to_owned(), "the server demands TLS"),
        ("localhost", format!("sslmode=verify-ca&sslrootcert={stranger}"), "another authority"),
        ("localhost", full("/no/such/file.pem"), "no authority"),
    ] {
        let error = server.open(host, &query).err().unwrap_or_else(|| panic!("{query} on {host} connected: {why}"));
        assert!(!error.contains("p/w@:#") && !error.contains("%2F"), "{error}");
        println!("{query} on {host}: {error}");
    }
}

fn never_settles_for_plain_text(server: &PrivateServer) {
    let ca = server.certificate("ca");
    for mode in ["require", "verify-ca", "verify-full"] {
        let query = format!("sslmode={mode}&sslrootcert={ca}");
        let error = server.open("localhost", &query).err().unwrap_or_else(|| panic!("{mode} was content with plain text"));
        println!("{mode}: {error}");
    }
    for mode in ["prefer", "disable"] {
        server.open("localhost", &format!("sslmode={mode}")).unwrap();
    }
}

#[test]
#[ignore = "needs PostgreSQL: just test-all"]
fn postgres_holds_to_certificates() {
    holds_to_certificates(&PrivateServer::start(Engine::Postgres, true));
}

#[test]
#[ignore = "needs MariaDB: just test-all"]
fn mysql_holds_to_certificates() {
    let server = PrivateServer::start(Engine::Mysql, true);
    holds_to_certificates(&server);
    // In MySQL's words, and with those of the client's own authorities that do not know this server.
    let ca = server.certificate("ca");
    server.open("localhost", &format!("ssl_mode=VERIFY_IDENTITY&ssl_ca={ca}")).unwrap();
    server.open("localhost", "ssl_mode=verify_identity").unwrap_err();
    server.open("[::1]", &format!("ssl_mode=verify_identity&ssl_ca={ca}")).unwrap_err();
}

#[test]
#[ignore = "needs PostgreSQL: just test-all"]
fn postgres_never_settles_for_plain_text() {
    never_settles_for_plain_text(&PrivateServer::start(Engine::Postgres, false));
}

#[test]
#[ignore = "needs MariaDB: just test-all"]
fn mysql_never_settles_for_plain_text() {
    never_settles_for_plain_text(&PrivateServer::start(Engine::Mysql, false));
}
