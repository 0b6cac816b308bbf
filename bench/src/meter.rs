//! What a database writes meanwhile, by the engine's own counters; of SQLite, by the system calls of the program.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use diesel::{
    QueryableByName, RunQueryDsl,
    connection::SimpleConnection as _,
    sql_query,
    sql_types::{BigInt, Text},
};
use tempfile::NamedTempFile;

use crate::{
    engine::{AnyConnection, Engine, Scratch},
    server::Running,
};

/// How long the sessions of a server that has gone may take to go.
const PATIENCE: Duration = Duration::from_secs(60);

/// A counter and its value.
#[derive(QueryableByName, Debug, Clone)]
pub(crate) struct Count {
    #[diesel(sql_type = Text)]
    pub(crate) what: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) count: i64,
}

/// Counters of the whole database server, which nobody else may use.
const POSTGRES: &str = "SELECT 'bytes of WAL' AS what, (pg_current_wal_lsn() - '0/0')::bigint AS count \
    UNION ALL SELECT 'whole pages in it', wal_fpi FROM pg_stat_wal UNION ALL SELECT 'syncs', wal_sync FROM pg_stat_wal";
const MARIADB: &str = "SELECT CASE variable_name WHEN 'INNODB_OS_LOG_WRITTEN' THEN 'bytes of redo log' ELSE 'syncs' END AS what, \
    CAST(variable_value AS SIGNED) AS count FROM information_schema.global_status \
    WHERE variable_name IN ('INNODB_OS_LOG_WRITTEN', 'INNODB_DATA_FSYNCS') ORDER BY what";

/// Runs until it is read.
pub(crate) enum Meter {
    Counters(Vec<Count>),
    Calls { strace: Child, file: NamedTempFile },
}

impl Meter {
    /// Begins to count, for a server that runs already.
    pub(crate) fn start(scratch: &Scratch, server: &Running) -> Result<Self> {
        if scratch.engine != Engine::Sqlite {
            return Ok(Self::Counters(counters(scratch)?));
        }
        let file = NamedTempFile::new()?;
        let strace = Command::new("strace")
            .args([
                "--follow-forks",
                "--trace=pwrite64,fdatasync,fsync",
                "--string-limit=0",
                "--attach",
                &server.id().to_string(),
            ])
            .arg("--output")
            .arg(file.path())
            .stderr(Stdio::null())
            .spawn()
            .context("strace (Debian: strace)")?;
        // It writes its first line with the first call; until then the kernel says who traces.
        let begun = Instant::now();
        while !server.is_traced()? {
            ensure!(begun.elapsed() < PATIENCE, "strace does not attach");
            sleep(Duration::from_millis(10));
        }
        Ok(Self::Calls { strace, file })
    }

    /// What was counted since. Ends the server: PostgreSQL's sessions tell what they did when they end.
    pub(crate) fn read(self, scratch: &Scratch, server: Running) -> Result<Vec<Count>> {
        server.stop()?;
        match self {
            Self::Counters(before) => {
                wait_until_alone(scratch)?;
                let mut counts = counters(scratch)?;
                for (count, before) in counts.iter_mut().zip(before) {
                    count.count -= before.count;
                }
                Ok(counts)
            }
            Self::Calls { mut strace, file } => {
                // Ends with what it traces.
                strace.wait()?;
                calls(&fs::read_to_string(file.path())?)
            }
        }
    }
}

fn counters(scratch: &Scratch) -> Result<Vec<Count>> {
    Ok(match scratch.connect()? {
        AnyConnection::Sqlite(_db) => Vec::new(),
        AnyConnection::Postgres(mut db) => sql_query(POSTGRES).load(&mut db)?,
        AnyConnection::Mysql(mut db) => sql_query(MARIADB).load(&mut db)?,
    })
}

fn wait_until_alone(scratch: &Scratch) -> Result<()> {
    let AnyConnection::Postgres(mut db) = scratch.connect()? else { return Ok(()) };
    let others = "SELECT 'others' AS what, COUNT(*) AS count FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let begun = Instant::now();
    while sql_query(others).get_result::<Count>(&mut db)?.count > 0 {
        ensure!(begun.elapsed() < PATIENCE, "sessions that do not end");
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// From the lines of strace: the bytes of each write, and how many syncs there were.
fn calls(text: &str) -> Result<Vec<Count>> {
    let (mut bytes, mut syncs) = (0, 0);
    for line in text.lines() {
        let Some((call, value)) = line.rsplit_once("= ") else { continue };
        if call.contains("pwrite64") {
            bytes += value.trim().parse::<i64>().context("strace speaks another language")?;
        } else if call.contains("sync") {
            syncs += 1;
        }
    }
    let count = |what: &str, count| Count { what: what.to_owned(), count };
    Ok(vec![count("bytes written", bytes), count("syncs", syncs)])
}

/// Lets the next change of each page log the whole page, as after each of the server's own checkpoints.
pub(crate) fn checkpoint(scratch: &Scratch) -> Result<()> {
    match scratch.engine {
        Engine::Sqlite => scratch.execute("PRAGMA wal_checkpoint(TRUNCATE)"),
        Engine::Postgres => Ok(scratch.connect()?.batch_execute("CHECKPOINT")?),
        Engine::Mariadb => Ok(()),
    }
}
