//! Logins that are refused because every hashing thread is taken, by clients that come back at once: what each costs, and what they
//! leave to those threads.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread::{scope, sleep},
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{LOGIN_SECONDS, Plan};
use crate::{
    Options,
    engine::Scratch,
    limits::cores,
    load::Outcome,
    parts::{self, span},
    report::{Aim, Row},
    server::{self, Running},
};

const CLIENTS: usize = 64;

/// How long the load that stands for the clients works and rests in turn.
const STEP: Duration = Duration::from_millis(5);

/// What a load took of the cores, in seconds.
struct Spent {
    hashing: f64,
    others: f64,
    /// By the clients.
    load: f64,
    outcome: Outcome,
}

impl Plan<'_> {
    pub(super) fn refused(&mut self, scratch: &Scratch) -> Result<()> {
        let Options { seconds, accounts, .. } = *self.options;
        let counted = seconds.max(LOGIN_SECONDS);
        let server = server::server_with_a_short_queue(&self.program, scratch)?;
        let name = scratch.engine.name();
        // Enough to have every thread hash, and too few to be refused.
        let alone = || parts::login(&server, 2 * cores(), accounts, span(0, counted));
        alone()?;
        let beside = spent(&server, || parts::hammering_logins(&server, CLIENTS, accounts, span(0, counted)))?;
        let share = beside.load / Duration::from_secs(counted).as_secs_f64();
        let alone = spent(&server, || busy(share, alone))?;
        let each = beside.others * 1e3 / f64::from(u32::try_from(beside.outcome.refused)?);
        let figure = format!("{each:.3} ms of CPU each, {} a second", beside.outcome.refused / counted);
        let row = Row::figure(format!("POST /auth/login refused, {CLIENTS} clients that come back at once, {name}"), figure);
        self.add(row.per(each / 0.1, "0.1 ms", Some(Aim::AtMost(1.0))));
        let ratio = beside.hashing / alone.hashing;
        let row = Row::rate(format!("those logins that get through, {name}"), CLIENTS, beside.outcome);
        let row = row.per(ratio, "the CPU of hashing without them, their own load kept up", Some(Aim::AtLeast(0.8)));
        self.add(row);
        Ok(())
    }
}

fn spent(server: &Running, load: impl FnOnce() -> Result<Outcome>) -> Result<Spent> {
    let ((hashing, others), own) = (server.cpu_of_threads()?, server::own_cpu()?);
    let outcome = load()?;
    let after = server.cpu_of_threads()?;
    Ok(Spent { hashing: after.0 - hashing, others: after.1 - others, load: server::own_cpu()? - own, outcome })
}

/// Keeps a share of a core busy meanwhile.
fn busy<T>(share: f64, work: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let begun = Instant::now();
                while begun.elapsed() < STEP.mul_f64(share.min(1.0)) {}
                sleep(STEP.saturating_sub(begun.elapsed()));
            }
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        done
    })
}
