//! A Redis for this run only, in which servers share their budgets.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

/// How long it may take to start, or to be found.
const START: Duration = Duration::from_secs(10);

/// Runs until it is dropped, and keeps nothing.
pub(crate) struct Store {
    port: u16,
    process: Child,
}

impl Store {
    pub(crate) fn start() -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()]);
        let process = command.stdout(Stdio::null()).spawn().context("redis-server does not start (Debian: redis-server)")?;
        let store = Self { port, process };
        wait(|| store.ask(&["PING"]).is_ok_and(|answer| answer.trim() == "PONG"), "redis-server does not answer")?;
        Ok(store)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn ask(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(arguments).output()?;
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Until somebody has counted here.
    pub(crate) fn wait_for_a_client(&self) -> Result<()> {
        wait(|| self.counted().is_ok_and(|counted| counted > 0), "the server does not count in the store")
    }

    /// How many times the script has run since the start.
    pub(crate) fn counted(&self) -> Result<u64> {
        let stats = self.ask(&["INFO", "commandstats"])?;
        let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        calls.and_then(|rest| rest.split(',').next()).map_or(Ok(0), |calls| Ok(calls.parse()?))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn wait(is_so: impl Fn() -> bool, otherwise: &str) -> Result<()> {
    let begun = Instant::now();
    while !is_so() {
        ensure!(begun.elapsed() < START, "{otherwise}");
        sleep(Duration::from_millis(10));
    }
    Ok(())
}
