//! How a test starts a database server of its own. The tests of `auth-http` include this file as well.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// Runs a program to its end, and expects it to succeed.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A port of the loopback interface that nobody listens on, and that this process has given nobody else. Below those that the kernel
/// gives to outgoing connections: one of them could take it before the server that it is for has started.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let number = || NEXT.fetch_add(1, Ordering::Relaxed) + std::process::id() * 97;
    let mut candidates = std::iter::repeat_with(|| u16::try_from(20_000 + number() % 12_000).unwrap());
    candidates.find(is_free).unwrap()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Database servers refuse to run as root.
pub(crate) fn as_user(user: &str, program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]).arg(program);
    command
}

/// A file, or a folder with all that is in it.
pub(crate) fn give_to(user: &str, path: &Path) {
    if is_root() {
        run(Command::new("chown").arg("-R").arg(user).arg(path));
    }
}

/// Where Debian has the programs of the server.
pub(crate) fn postgres_program(name: &str) -> PathBuf {
    let folder = "/usr/lib/postgresql";
    let versions = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder} (Debian: postgresql): {error}"));
    versions.map(|version| version.unwrap().path().join("bin").join(name)).find(|path| path.exists()).unwrap()
}

/// Lays out PostgreSQL's data, for anybody on this machine.
pub(crate) fn lay_postgres(data: &Path) {
    run(as_user("postgres", &postgres_program("initdb")).args(["-A", "trust", "-U", "postgres", "-D"]).arg(data));
}

/// Lays out MariaDB's data.
#[cfg(feature = "mysql")]
pub(crate) fn lay_mariadb(data: &Path) {
    let mut install = Command::new("mariadb-install-db");
    install.args(["--no-defaults", "--user=mysql", "--skip-test-db", "--auth-root-authentication-method=normal"]);
    run(in_its_folder(&mut install, data));
}

/// What starts MariaDB on data that were laid out.
#[cfg(feature = "mysql")]
pub(crate) fn mariadb(data: &Path, port: u16) -> Command {
    let mut command = Command::new("mariadbd");
    command.args(["--no-defaults", "--user=mysql", "--bind-address=127.0.0.1"]).arg(format!("--port={port}"));
    in_its_folder(&mut command, data).arg(format!("--socket={}/socket", data.display()));
    command
}

/// A server that starts clears the temporary files of others away where they share a folder.
#[cfg(feature = "mysql")]
fn in_its_folder<'a>(command: &'a mut Command, data: &Path) -> &'a mut Command {
    command.arg(format!("--datadir={}", data.display())).arg(format!("--tmpdir={}", data.display()))
}
