//! The program as an operator runs it.

use std::{
    collections::HashMap,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use super::{ACCESS_SECRET, REFRESH_SECRET, TestDatabase};

/// The program, with nothing of this process's environment but what it needs to run.
pub fn program(folder: &Path) -> Command {
    program_by(&[], folder)
}

/// The same, started by another program, which gives it a worse world.
pub fn program_by(launcher: &[&str], folder: &Path) -> Command {
    let [first, rest @ ..] = &[launcher, &[env!("CARGO_BIN_EXE_auth-server")]].concat()[..] else { unreachable!() };
    let mut command = Command::new(first);
    command.args(rest).env_clear().current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program to its end: exit code, stdout, stderr.
pub fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    run_with_input(folder, arguments, variables, "")
}

/// The same, with something to read.
pub fn run_with_input(folder: &Path, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> (i32, String, String) {
    let mut child = program(folder).args(arguments).envs(variables.iter().copied()).stdin(Stdio::piped()).spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_owned());
    // Beside the reading: a program that says much while it reads much would wait for its reader. Who does not read closes the pipe.
    let giving = thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    giving.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("{arguments:?} died: {}", output.status));
    (code, text(output.stdout), text(output.stderr))
}

/// A folder that is gone after the test.
pub fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    (folder, path)
}

/// The environment of a test's server: no limit gets in the way, and hashes are cheap.
pub fn environment(database: &TestDatabase, overrides: &[(&str, &str)]) -> HashMap<String, String> {
    let defaults = [
        ("JWT_SECRET_KEY", ACCESS_SECRET),
        ("JWT_REFRESH_SECRET_KEY", REFRESH_SECRET),
        ("DATABASE_URL", database.url()),
        ("PORT", "0"),
        ("BCRYPT_COST", "10"),
        ("RATE_LIMIT_REQUESTS", "100000"),
        ("RATE_LIMIT_WINDOW", "1"),
        ("HASH_MAX_WAIT_SECONDS", "60"),
        ("LOG_FORMAT", "json"),
    ];
    defaults.iter().chain(overrides).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Runs the program in such an environment to its end: exit code, stdout, stderr.
pub fn command(database: &TestDatabase, overrides: &[(&str, &str)], arguments: &[&str], input: &str) -> (i32, String, String) {
    let variables = environment(database, overrides);
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    run_with_input(database.folder(), arguments, &variables, input)
}
