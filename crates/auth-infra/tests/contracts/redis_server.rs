//! A Redis server of a test's own, to be stopped, frozen and started. The tests of `auth-http` include this file as well.

use std::{
    cell::RefCell,
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::servers;

/// How long a test waits for the server: long, since machines are noisy.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct RedisServer {
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
    /// How `redis-cli` gets in.
    login: Vec<String>,
    process: RefCell<Option<Child>>,
}

impl RedisServer {
    /// A running server without data.
    pub(crate) fn start() -> Self {
        Self::told(&[], &[])
    }

    /// The same, with arguments of its own, and those that `redis-cli` needs then.
    pub(crate) fn told(arguments: &[&str], login: &[&str]) -> Self {
        let owned = |arguments: &[&str]| arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let (folder, process) = (tempfile::tempdir().unwrap(), RefCell::default());
        let server = Self { folder, port: free_port(), arguments: owned(arguments), login: owned(login), process };
        server.launch();
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it, empty.
    pub(crate) fn launch(&self) {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--port", &self.port.to_string(), "--dir"]).arg(self.folder.path());
        let child = command.args(&self.arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| panic!("redis-server (Debian: redis-server): {error}"));
        *self.process.borrow_mut() = Some(child);
        until(|| self.try_cli(&["PING"]).is_some_and(|answer| answer == "PONG"));
    }

    /// What `redis-cli` prints.
    pub(crate) fn cli(&self, arguments: &[&str]) -> String {
        self.try_cli(arguments).unwrap_or_else(|| panic!("redis-cli {arguments:?} fails"))
    }

    fn try_cli(&self, arguments: &[&str]) -> Option<String> {
        let mut command = Command::new("redis-cli");
        command.args(["-h", "localhost", "-p", &self.port.to_string(), "-e"]).args(&self.login).args(arguments);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        output.status.success().then_some(text)
    }

    /// How often it has been sent a command; refusals of the command count as well.
    pub(crate) fn calls(&self, command: &str) -> u64 {
        let stats = self.cli(&["INFO", "commandstats"]);
        let line = stats.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
        line.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
    }

    /// Pulls the plug: nothing is kept.
    pub(crate) fn stop(&self) {
        if let Some(mut process) = self.process.borrow_mut().take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Has it stand still: it takes connections and says nothing.
    pub(crate) fn freeze(&self) {
        let pid = self.signal("-STOP");
        let stat = Path::new("/proc").join(pid).join("stat");
        until(|| fs::read_to_string(&stat).unwrap().rsplit_once(") ").unwrap().1.starts_with('T'));
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) -> String {
        let pid = self.process.borrow().as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        pid
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port that nobody listens on, whose bus port of a cluster exists as well.
fn free_port() -> u16 {
    let ports = std::iter::repeat_with(servers::free_port);
    ports.into_iter().find(|port| *port < u16::MAX - 10_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok()).unwrap()
}

/// Waits for a state.
pub(crate) fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it never came to that");
        thread::yield_now();
    }
}
