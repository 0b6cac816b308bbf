//! What hardware and databases do by themselves: no server can be faster.

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use crate::{
    engine::Scratch,
    load::Outcome,
    seed::{COST, rewind},
    tokens::{now, session},
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

/// Hashes a second when every core does nothing else: cores ÷ seconds per hash.
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

/// The UPDATE of a refresh in a loop, on so many connections at once. Rows a second.
pub(crate) fn updates(scratch: &Scratch, connections: usize, accounts: u64, span: Duration) -> Result<f64> {
    rewind(scratch)?;
    let rates = on_threads(connections, |number| {
        let mut db = scratch.connect()?;
        let stride = u64::try_from(connections)?;
        let (mut account, mut generation, mut done) = (u64::try_from(number)?, 1_i64, 0_u32);
        let begun = Instant::now();
        while begun.elapsed() < span {
            let now = now().naive_utc();
            ensure!(update(&mut db, account, generation, now)? == 1, "no row");
            done += 1;
            account += stride;
            if account >= accounts {
                (account, generation) = (u64::try_from(number)?, generation + 1);
            }
        }
        Ok(f64::from(done) / begun.elapsed().as_secs_f64())
    })?;
    rewind(scratch)?;
    Ok(rates.iter().sum())
}

/// The very statement that the server sends.
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

/// `pgbench -S`: one row by its key, by a client of PostgreSQL's own.
pub(crate) fn pgbench(scratch: &Scratch, clients: usize, length: u64) -> Result<Outcome> {
    let url = scratch.plain_url()?;
    let run = |arguments: &[&str]| -> Result<String> {
        let output = Command::new("pgbench").args(arguments).arg(&url).output().context("pgbench is needed")?;
        ensure!(output.status.success(), "pgbench: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    };
    run(&["--initialize", "--quiet", "--scale", "1"])?;
    let (clients, length) = (clients.to_string(), length.to_string());
    let text = run(&["--select-only", "--no-vacuum", "--protocol", "prepared", "-j", "2", "-c", &clients, "-T", &length])?;
    let field =
        |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).and_then(|rest| rest.split_whitespace().next());
    let rate = field("tps = ").context("pgbench says no rate")?.parse()?;
    let average = field("latency average = ").context("pgbench says no latency")?.parse()?;
    Ok(Outcome { rate, p50: average, ..Outcome::default() })
}
