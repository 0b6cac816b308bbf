//! A database server for this run only, which differs from the machine's in one thing: it has memory for two million accounts.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::engine::Engine;

/// How long it may take to start.
const START: Duration = Duration::from_secs(60);

/// The name of this server in the table.
pub(crate) const MEMORY: &str = "2 GB of buffers";

/// Runs until it is dropped, and leaves nothing behind.
pub(crate) struct Roomy {
    engine: Engine,
    process: Child,
    pub(crate) url: String,
    /// Dropped last.
    _folder: TempDir,
}

impl Roomy {
    /// Starts it in a folder of its own below `folder`.
    pub(crate) fn start(engine: Engine, folder: &Path) -> Result<Self> {
        let folder = TempDir::new_in(folder)?;
        // The server runs as another user, which needs access.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let data = folder.path().canonicalize()?.join("data");
        fs::create_dir(&data)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (url, mut command) = match engine {
            Engine::Postgres => (format!("postgres://postgres@127.0.0.1:{port}/postgres"), postgres(&data, port)?),
            Engine::Mariadb => (format!("mysql://root@127.0.0.1:{port}/mysql"), mariadb(&data, port)?),
            Engine::Sqlite => anyhow::bail!("SQLite has no server"),
        };
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let roomy = Self { engine, process, url, _folder: folder };
        let begun = Instant::now();
        while let Err(error) = engine.connect(&roomy.url) {
            ensure!(begun.elapsed() < START, "a server of our own does not start: {error:#}");
            sleep(Duration::from_millis(50));
        }
        Ok(roomy)
    }
}

impl Drop for Roomy {
    fn drop(&mut self) {
        // Nothing to lose. PostgreSQL's processes end with the first one, which `setpriv` has become.
        let signal = if self.engine == Engine::Postgres { "-QUIT" } else { "-KILL" };
        let _told = Command::new("kill").args([signal, &self.process.id().to_string()]).status();
        let _reaped = self.process.wait();
    }
}

fn postgres(data: &Path, port: u16) -> Result<Command> {
    give_to("postgres", data)?;
    done(as_user("postgres", &postgres_program("initdb")?).args(["-A", "trust", "-U", "postgres", "-D"]).arg(data))?;
    let mut command = as_user("postgres", &postgres_program("postgres")?);
    command.args(["-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=2GB", "-p", &port.to_string(), "-D"]);
    command.arg(data).arg("-k").arg(data);
    Ok(command)
}

fn mariadb(data: &Path, port: u16) -> Result<Command> {
    give_to("mysql", data)?;
    let data = data.display();
    let mut install = Command::new("mariadb-install-db");
    install.args(["--no-defaults", "--user=mysql", "--skip-test-db", "--auth-root-authentication-method=normal"]);
    done(install.arg(format!("--datadir={data}")).arg(format!("--tmpdir={data}")))?;
    let mut command = Command::new("mariadbd");
    command.args(["--no-defaults", "--user=mysql", "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=2G"]);
    command.arg(format!("--port={port}")).arg(format!("--datadir={data}")).arg(format!("--socket={data}/socket"));
    // In the shared folder, it would delete the files of other servers when it starts.
    command.arg(format!("--tmpdir={data}"));
    Ok(command)
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// Database servers refuse to run as root.
fn as_user(user: &str, program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", user, "--clear-groups", "--"]).arg(program);
    command
}

fn give_to(user: &str, folder: &Path) -> Result<()> {
    if is_root() { done(Command::new("chown").arg(user).arg(folder)) } else { Ok(()) }
}

fn postgres_program(name: &str) -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").context("PostgreSQL's server programs (Debian: postgresql)")?;
    let programs = versions.flatten().map(|version| version.path().join("bin").join(name));
    programs.into_iter().find(|path| path.exists()).with_context(|| format!("no {name} below /usr/lib/postgresql"))
}

fn done(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
