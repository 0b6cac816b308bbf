//! The programs under load: building, starting, measuring and stopping them.

use std::{
    env, fs,
    fs::File,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum as _;

use crate::{
    client::Client,
    engine::Scratch,
    floor, lifelike,
    load::Outcome,
    passkey,
    store::Store,
    tokens::{ACCESS_SECRET, REFRESH_SECRET},
    wrk,
};

/// How long a program may take to answer.
const START: Duration = Duration::from_secs(10);

/// The root of the server's workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Builds the release server with all engines, and returns its path.
pub(crate) fn build() -> Result<PathBuf> {
    let arguments = ["build", "--release", "--locked", "-p", "auth-http", "--no-default-features", "--features", "full"];
    let status = Command::new("cargo").args(arguments).current_dir(root()).status()?;
    ensure!(status.success(), "the server does not build");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release/auth-server"))
}

/// A child process that ends when this is dropped.
pub(crate) struct Process(Child);

/// A program that serves on loopback; it ends when this is dropped.
pub(crate) struct Running {
    process: Process,
    pub(crate) port: u16,
    /// From the start of the process to the first 200.
    pub(crate) started_in: Duration,
}

pub(crate) fn server(program: &Path, scratch: &Scratch) -> Result<Running> {
    let mut command = Command::new(program);
    configure(&mut command, scratch)?.arg("serve");
    Running::start(command.stdout(log()?))
}

/// Without TLS to PostgreSQL, which the client library otherwise tries even on the same machine.
pub(crate) fn server_without_tls(program: &Path, scratch: &Scratch) -> Result<Running> {
    let mut command = Command::new(program);
    let url = format!("{}?sslmode=disable", scratch.url()?);
    Running::start(configure(&mut command, scratch)?.env("DATABASE_URL", url).arg("serve").stdout(log()?))
}

/// With a queue for passwords that is full soon.
pub(crate) fn server_with_a_short_queue(program: &Path, scratch: &Scratch) -> Result<Running> {
    let mut command = Command::new(program);
    Running::start(configure(&mut command, scratch)?.env("HASH_MAX_WAIT_SECONDS", "1").arg("serve").stdout(log()?))
}

/// With hashes that take as little as can be configured.
pub(crate) fn server_with_cheap_hashes(program: &Path, scratch: &Scratch) -> Result<Running> {
    let mut command = Command::new(program);
    let cost = lifelike::COST.to_string();
    Running::start(configure(&mut command, scratch)?.env("BCRYPT_COST", cost).arg("serve").stdout(log()?))
}

/// One that sends mail there, and these settings besides.
pub(crate) fn server_with_mail(program: &Path, scratch: &Scratch, url: &str, settings: &[(&str, &str)]) -> Result<Running> {
    let mut command = Command::new(program);
    let mail = [("MAIL_URL", url), ("MAIL_FROM", "Bench <bench@sender.example>"), ("PUBLIC_URL", "https://auth.example.org")];
    let all = mail.into_iter().chain(settings.iter().copied());
    Running::start(configure(&mut command, scratch)?.envs(all).arg("serve").stdout(log()?))
}

/// One that shares its budgets there, once it does.
pub(crate) fn server_with_shared_budgets(program: &Path, scratch: &Scratch, store: &Store) -> Result<Running> {
    let mut command = Command::new(program);
    let settings = [("RATE_LIMIT_URL", store.url())];
    let running = Running::start(configure(&mut command, scratch)?.envs(settings).arg("serve").stdout(log()?))?;
    store.wait_for_a_client()?;
    Ok(running)
}

/// One that takes passkeys.
pub(crate) fn server_with_passkeys(program: &Path, scratch: &Scratch) -> Result<Running> {
    let mut command = Command::new(program);
    let settings = [("WEBAUTHN_RP_ID", passkey::RP_ID), ("WEBAUTHN_ORIGINS", passkey::ORIGIN)];
    Running::start(configure(&mut command, scratch)?.envs(settings).arg("serve").stdout(log()?))
}

/// One with an API for administrators, for whom a password is enough.
pub(crate) fn server_for_administrators(program: &Path, scratch: &Scratch) -> Result<Running> {
    let mut command = Command::new(program);
    let settings = [("ADMIN_API", "true"), ("ADMIN_REQUIRE_MFA", "false"), ("RATE_LIMIT_ADMIN_REQUESTS", "1000000")];
    Running::start(configure(&mut command, scratch)?.envs(settings).arg("serve").stdout(log()?))
}

/// A mail server that accepts connections, by its kernel, and never says a word.
pub(crate) struct Silent {
    pub(crate) url: String,
    _listener: TcpListener,
}

pub(crate) fn silent() -> Result<Silent> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("smtp://127.0.0.1:{}?tls=off", listener.local_addr()?.port());
    Ok(Silent { url, _listener: listener })
}

/// Where files need no disk, on Linux.
const MEMORY: &str = "/dev/shm";

/// Log lines go to a file, since writing them is part of the work. Not on the database's disk: under a service manager stdout is a
/// pipe, while a write to a file waits whenever the file system commits its journal for the database's sync.
fn log() -> Result<File> {
    let folder = Some(PathBuf::from(MEMORY)).filter(|folder| folder.is_dir()).unwrap_or_else(env::temp_dir);
    Ok(File::create(folder.join(format!("bench_{}.log", std::process::id())))?)
}

pub(crate) fn migrate(program: &Path, scratch: &Scratch) -> Result<()> {
    let mut command = Command::new(program);
    let status = configure(&mut command, scratch)?.arg("migrate").stderr(Stdio::null()).stdout(Stdio::null()).status()?;
    ensure!(status.success(), "the server does not migrate {}", scratch.url()?);
    Ok(())
}

/// Registers a client with these scopes: its id and its secret.
pub(crate) fn add_client(program: &Path, scratch: &Scratch, scopes: &str) -> Result<(String, String)> {
    let mut command = Command::new(program);
    let added = configure(&mut command, scratch)?.args(["clients", "add", "bench", "--scope", scopes, "--json"]).output()?;
    ensure!(added.status.success(), "no client: {}", String::from_utf8_lossy(&added.stderr));
    let client: serde_json::Value = serde_json::from_slice(&added.stdout)?;
    let text = |name: &str| client.get(name).and_then(serde_json::Value::as_str).map(str::to_owned).context("no such member");
    Ok((text("client_id")?, text("client_secret")?))
}

/// The defaults, except for the rate limit: all requests come from one address.
fn configure<'a>(command: &'a mut Command, scratch: &Scratch) -> Result<&'a mut Command> {
    Ok(command
        .env_clear()
        .current_dir(env::temp_dir())
        .envs([("JWT_SECRET_KEY", ACCESS_SECRET), ("JWT_REFRESH_SECRET_KEY", REFRESH_SECRET)])
        .envs([("RATE_LIMIT_REQUESTS", "100000"), ("RATE_LIMIT_WINDOW", "1")])
        .env("ACCESS_TOKEN_EXPIRE_MINUTES", "60")
        .env("DATABASE_URL", scratch.url()?))
}

/// The bare endpoints, in a process of their own like the server; with a scratch database, also a bare `me`.
pub(crate) fn floor(scratch: Option<&Scratch>) -> Result<Running> {
    let mut command = Command::new(env::current_exe()?);
    if let Some(scratch) = scratch {
        let engine = scratch.engine.to_possible_value().context("an engine without a name")?;
        command.env(floor::DATABASE, format!("{} {}", engine.get_name(), scratch.plain_url()?));
    }
    Running::start(command.arg("floor").stdout(log()?))
}

/// A process that hashes on all cores until it is dropped, at the priority of the server's hashing threads.
pub(crate) fn hashing() -> Result<Process> {
    let child = Command::new("nice").args(["-n", "7"]).arg(env::current_exe()?).arg("hash").spawn();
    Ok(Process(child.context("nice does not start")?))
}

impl Running {
    fn start(command: &mut Command) -> Result<Self> {
        let port = free_port()?;
        let begun = Instant::now();
        let child = command.env("PORT", port.to_string()).spawn().context("the program does not start")?;
        let mut running = Self { process: Process(child), port, started_in: Duration::ZERO };
        while begun.elapsed() < START {
            if is_up(port) {
                running.started_in = begun.elapsed();
                return Ok(running);
            }
            if let Some(status) = running.process.0.try_wait()? {
                bail!("the program ended: {status}");
            }
            sleep(Duration::from_micros(200));
        }
        bail!("the program does not answer")
    }

    /// Load by `wrk`, and the CPU time that it costs this program.
    pub(crate) fn drive(&self, path: &str, clients: usize, length: u64, tokens: Option<&Path>) -> Result<Outcome> {
        let before = self.cpu()?;
        let outcome = wrk::run(self.port, path, clients, length, tokens)?;
        let spent = self.cpu()? - before;
        Ok(Outcome { cpu: spent * 1e6 / (outcome.rate * f64::from(u32::try_from(length)?)), ..outcome })
    }

    /// Seconds of CPU so far.
    pub(crate) fn cpu(&self) -> Result<f64> {
        Ok(cpu(&self.folder().join("stat"))?.1)
    }

    /// Seconds of CPU so far: of the hashing threads, and of all others.
    pub(crate) fn cpu_of_threads(&self) -> Result<(f64, f64)> {
        let (mut hashing, mut others) = (0.0, 0.0);
        for thread in fs::read_dir(self.folder().join("task"))? {
            let (name, seconds) = cpu(&thread?.path().join("stat"))?;
            *if name.starts_with("hash-") { &mut hashing } else { &mut others } += seconds;
        }
        Ok((hashing, others))
    }

    /// Ends it in order: what it has queued for the audit trail is written.
    pub(crate) fn stop(mut self) -> Result<()> {
        ensure!(Command::new("kill").args(["-TERM", &self.id().to_string()]).status()?.success(), "no kill");
        ensure!(self.process.0.wait()?.success(), "the program does not stop in order");
        Ok(())
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Whether a tracer has attached to every thread.
    pub(crate) fn is_traced(&self) -> Result<bool> {
        for thread in fs::read_dir(self.folder().join("task"))? {
            if fs::read_to_string(thread?.path().join("status"))?.contains("TracerPid:\t0\n") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn folder(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.process.0.id()))
    }

    /// Resident memory, the most there has been of it, and how much of it no file backs, in megabytes of 10^6 bytes.
    pub(crate) fn memory(&self) -> Result<(f64, f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.0.id()))?;
        let field = |name: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such field")?;
            let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
            Ok(kibibytes * 1024.0 / 1e6)
        };
        Ok((field("VmRSS:")?, field("VmHWM:")?, field("RssAnon:")?))
    }
}

/// Seconds of CPU that this process has used.
pub(crate) fn own_cpu() -> Result<f64> {
    Ok(cpu(Path::new("/proc/self/stat"))?.1)
}

/// The name and the seconds of CPU in a `stat` file. The kernel counts in hundredths of a second.
fn cpu(stat: &Path) -> Result<(String, f64)> {
    let stat = fs::read_to_string(stat)?;
    // After the name, which may be anything, come the state and ten other fields.
    let (name, fields) = stat.split_once('(').and_then(|(_id, rest)| rest.rsplit_once(')')).context("no name")?;
    let ticks: Vec<u32> = fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok((name.to_owned(), f64::from(ticks.iter().sum::<u32>()) / 100.0))
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing to lose: the next test makes its own database or finds what was committed.
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn is_up(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
        && Client::connect(port).and_then(|mut client| client.get("/health", None)).is_ok_and(|answer| answer.status == 200)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
