//! Requests for addresses with an account and without, in turns, so that whatever the machine does meets both alike.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::{
    client::{Answer, Client},
    server::Running,
    tokens,
};

/// The accounts from this number on ask; those before it are asked for.
const ASKERS: u64 = 5000;

/// The times of requests for addresses with an account and without.
#[derive(Default)]
pub(crate) struct Asked {
    known: Vec<Duration>,
    unknown: Vec<Duration>,
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

impl Asked {
    pub(crate) fn known(&self) -> Duration {
        median(self.known.iter().copied())
    }

    pub(crate) fn unknown(&self) -> Duration {
        median(self.unknown.iter().copied())
    }

    /// Of the medians: with an account to without.
    pub(crate) fn ratio(&self) -> f64 {
        self.known().as_secs_f64() / self.unknown().as_secs_f64()
    }
}

/// Of as many digits as a known one.
fn stranger(number: u64) -> String {
    format!("none{number:08}@example.org")
}

/// Each address once, since the server sends one mail a minute to each. Which of the two comes first changes.
fn in_turns(
    server: &Running,
    first: u64,
    count: u64,
    mut ask: impl FnMut(&mut Client, u64, &str) -> Result<Answer>,
) -> Result<Asked> {
    let (mut client, mut asked) = (Client::connect(server.port)?, Asked::default());
    for number in first..first + count {
        for turn in 0..2 {
            let is_known = (number + turn) % 2 == 0;
            let address = if is_known { tokens::email(number % ASKERS) } else { stranger(number) };
            let begun = Instant::now();
            let answer = ask(&mut client, number, &address)?;
            let took = begun.elapsed();
            ensure!(answer.status == 202, "{} for {address}: {}", answer.status, answer.body);
            if is_known { &mut asked.known } else { &mut asked.unknown }.push(took);
        }
    }
    Ok(asked)
}

pub(crate) fn forgot(server: &Running, first: u64, count: u64) -> Result<Asked> {
    in_turns(server, first, count, |client, _, address| {
        client.post("/auth/password/forgot", &format!(r#"{{"email":"{address}"}}"#))
    })
}

pub(crate) fn verification(server: &Running, first: u64, count: u64) -> Result<Asked> {
    in_turns(server, first, count, |client, _, address| {
        client.post("/auth/email/verification", &format!(r#"{{"email":"{address}"}}"#))
    })
}

/// Somebody else asks for each address as a new one.
pub(crate) fn email(server: &Running, first: u64, count: u64) -> Result<Asked> {
    let mut asker = ASKERS + 2 * first;
    in_turns(server, first, count, |client, _, address| {
        asker += 1;
        client.post_as(&tokens::access(asker)?, "/auth/email", &format!(r#"{{"new_email":"{address}"}}"#))
    })
}

pub(crate) fn register(server: &Running, first: u64, count: u64) -> Result<Asked> {
    in_turns(server, first, count, |client, _, address| {
        client.post("/auth/register", &format!(r#"{{"email":"{address}","password":"{}"}}"#, tokens::PASSWORD))
    })
}
