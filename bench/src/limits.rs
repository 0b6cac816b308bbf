//! The limits of hardware and databases: no server can be faster.

use std::{
    io::Write as _,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use tempfile::NamedTempFile;

use crate::{
    engine::Scratch,
    load::Outcome,
    parts::{CLIENTS, ring},
    seed::{COST, rewind},
    tokens::{now, session},
    wrk::TOKENS,
};

diesel::table! {
    sessions (id) {
        id -> Text,
        generation -> BigInt,
        last_used_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        address -> Nullable<Text>,
        user_agent -> Nullable<Text>,
    }
}

pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Hashes per second when every core does nothing else: cores ÷ seconds per hash.
pub(crate) fn bcrypt(span: Duration) -> Result<f64> {
    let rates = on_threads(cores(), |_number| {
        let begun = Instant::now();
        let mut hashes = 0_u32;
        while begun.elapsed() < span {
            let _digest = bcrypt::bcrypt(COST, [7; 16], b"Correct-Horse-7-Battery\0");
            hashes += 1;
        }
        Ok(f64::from(hashes) / begun.elapsed().as_secs_f64())
    })?;
    Ok(rates.iter().sum())
}

/// How often all cores together do something in a second when they do nothing else.
pub(crate) fn repeated(span: Duration, work: impl Fn() -> Result<()> + Sync) -> Result<f64> {
    let rates = on_threads(cores(), |_number| {
        let (begun, mut done) = (Instant::now(), 0_u32);
        while begun.elapsed() < span {
            work()?;
            done += 1;
        }
        Ok(f64::from(done) / begun.elapsed().as_secs_f64())
    })?;
    Ok(rates.iter().sum())
}

/// The UPDATE of a refresh in a loop, on `connections` connections at once. Uses the same rows as `parts::refresh`, since the
/// place of a row determines the cost of its change. Returns rows per second.
pub(crate) fn updates(scratch: &Scratch, connections: usize, accounts: u64, span: Duration) -> Result<f64> {
    rewind(scratch)?;
    let rates = on_threads(connections, |number| {
        let mut db = scratch.connect()?;
        let rings = (number..CLIENTS).step_by(connections).map(|client| ring(client, CLIENTS, accounts));
        let rows: Vec<u64> = rings.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        let (mut turns, mut done) = ((1..).flat_map(|generation| rows.iter().map(move |row| (*row, generation))), 0_u32);
        let begun = Instant::now();
        while begun.elapsed() < span {
            let (account, generation) = turns.next().context("no rows")?;
            ensure!(update(&mut db, account, generation, now().naive_utc())? == 1, "no row");
            done += 1;
        }
        Ok(f64::from(done) / begun.elapsed().as_secs_f64())
    })?;
    rewind(scratch)?;
    Ok(rates.iter().sum())
}

/// The same statement that the server sends.
fn update(db: &mut crate::engine::AnyConnection, account: u64, generation: i64, now: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(sessions::table.find(session(account)))
        .filter(sessions::generation.eq(generation))
        .filter(sessions::ended_at.is_null().and(sessions::expires_at.gt(now)))
        .set((
            sessions::generation.eq(generation + 1),
            sessions::last_used_at.eq(now),
            sessions::expires_at.eq(now + TimeDelta::days(7)),
            sessions::address.eq(Some("127.0.0.1")),
            sessions::user_agent.eq(None::<&str>),
        ))
        .execute(db)
}

fn on_threads<T: Send>(count: usize, work: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|number| scope.spawn(move || work(number))).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_panic| anyhow!("a thread panicked"))?).collect()
    })
}

/// The queries of PostgreSQL's own client.
pub(crate) enum Script {
    /// `pgbench -S`: one row by its key.
    OneRow,
    /// The query of `me`, for the sessions of `wrk::tokens`, whose accounts are `step` apart.
    Me { step: u64, count: u64 },
}

impl Script {
    pub(crate) fn me(accounts: u64) -> Self {
        let count = accounts.min(TOKENS);
        Self::Me { step: accounts / count, count }
    }
}

/// Runs `pgbench` with prepared statements.
pub(crate) fn pgbench(scratch: &Scratch, script: &Script, clients: usize, length: u64) -> Result<Outcome> {
    let url = scratch.plain_url()?;
    let run = |arguments: &[&str]| -> Result<String> {
        let output = Command::new("pgbench").args(arguments).arg(&url).output().context("pgbench is needed")?;
        ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    };
    let mut file = NamedTempFile::new()?;
    let what = match script {
        Script::OneRow => {
            run(&["--initialize", "--quiet", "--scale", "1"])?;
            "--select-only".to_owned()
        }
        Script::Me { step, count } => {
            let first = session(0);
            let (prefix, _digits) = first.split_at(24);
            write!(
                file,
                "\\set turn random(0, {count} - 1)\nSELECT * FROM sessions JOIN users ON users.id = sessions.user_id \
                 WHERE sessions.id = '{prefix}' || lpad((:turn * {step})::text, 12, '0');\n"
            )?;
            format!("--file={}", file.path().display())
        }
    };
    let (clients, length) = (clients.to_string(), length.to_string());
    let text = run(&[&what, "--no-vacuum", "--protocol", "prepared", "-j", "2", "-c", &clients, "-T", &length])?;
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).and_then(|rest| rest.split_whitespace().next());
    let rate = field("tps = ").context("pgbench says no rate")?.parse()?;
    let average = field("latency average = ").context("pgbench says no latency")?.parse()?;
    Ok(Outcome { rate, p50: average, ..Outcome::default() })
}
