//! PgBouncer before a database, started for a test. The tests of `auth-http` include this file as well.

use std::{
    fs,
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::servers::{as_user, free_port, give_to, run};

pub(crate) struct PgBouncer {
    /// `None` while it is stopped.
    process: Option<Child>,
    folder: TempDir,
    port: u16,
    database: String,
}

impl PgBouncer {
    /// Before a database, named by its URL. `settings` are lines of its own configuration.
    pub(crate) fn before(url: &str, settings: &str) -> Self {
        let (_, place) = url.rsplit_once('@').unwrap();
        let (server, database) = place.split_once('/').unwrap();
        let (host, server_port) = server.split_once(':').unwrap();
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display();
        let configuration = format!(
            "[databases]\n{database} = host={host} port={server_port} dbname={database} user=postgres\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\nunix_socket_dir =\npidfile = {path}/pid\n{settings}\n"
        );
        fs::write(folder.path().join("pgbouncer.ini"), configuration).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        give_to("postgres", folder.path());
        let mut bouncer = Self { process: None, folder, port, database: database.to_owned() };
        bouncer.start();
        bouncer
    }

    /// The database through it, as a client names it that knows of no pooler.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", self.port, self.database)
    }

    pub(crate) fn start(&mut self) {
        let mut command = as_user("postgres", Path::new("/usr/sbin/pgbouncer"));
        command.arg(self.folder.path().join("pgbouncer.ini")).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().unwrap_or_else(|error| panic!("/usr/sbin/pgbouncer (Debian: pgbouncer): {error}"));
        self.process = Some(process);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "PgBouncer does not start");
            thread::yield_now();
        }
    }

    /// At once, whoever is connected.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Behind `runuser` it is a child of the process that was started.
            let pid = fs::read_to_string(self.folder.path().join("pid")).unwrap();
            run(Command::new("kill").arg(pid.trim()));
            process.wait().unwrap();
        }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.stop();
    }
}
