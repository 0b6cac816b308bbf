//! Load at full speed by `wrk`: each connection sends its next request as soon as it has an answer.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::{load::Outcome, seconds, tokens};

/// The threads of `wrk`: one per core, as many as the server has workers.
const THREADS: &str = "2";

/// The most accounts that send requests: those who are signed in and active.
pub(crate) const TOKENS: u64 = 10_000;

/// Writes access tokens to a file, for accounts spread evenly over all.
pub(crate) fn tokens(folder: &Path, accounts: u64) -> Result<PathBuf> {
    let file = folder.join("tokens");
    let count = accounts.min(TOKENS);
    let mut text = String::new();
    for turn in 0..count {
        writeln!(text, "{}", tokens::access(turn * (accounts / count))?)?;
    }
    fs::write(&file, text)?;
    Ok(file)
}

/// Requests one path, with tokens if there is a file of them.
pub(crate) fn run(port: u16, path: &str, clients: usize, length: u64, tokens: Option<&Path>) -> Result<Outcome> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("wrk.lua");
    let mut command = Command::new("wrk");
    command.args(["-t", THREADS, "-c", &clients.to_string(), "-d", &format!("{length}s"), "--timeout", "10s", "-s"]);
    command.arg(script).arg(format!("http://127.0.0.1:{port}{path}")).arg("--").args(tokens);
    let output = command.stderr(Stdio::inherit()).output().context("wrk is needed: apt-get install wrk")?;
    ensure!(output.status.success(), "wrk ended with {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find_map(|line| line.strip_prefix("RESULT ")).context("wrk said nothing")?;
    let numbers: Vec<u32> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    let [requests, duration, p50, p99, errors] = numbers[..] else { anyhow::bail!("wrk said {line}") };
    let good = requests.saturating_sub(errors);
    Ok(Outcome {
        answers: requests,
        rate: f64::from(good) / seconds(duration),
        p50: f64::from(p50) / 1e3,
        p99: f64::from(p99) / 1e3,
        errors: u64::from(errors),
        ..Outcome::default()
    })
}
