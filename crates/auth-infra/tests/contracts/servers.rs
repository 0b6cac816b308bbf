//! How a test starts a database server of its own. The tests of `auth-http` include this file as well.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

/// Runs a program to its end, and expects it to succeed.
pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A port of the loopback interface that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
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
