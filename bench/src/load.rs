//! Load by clients of our own: each has a thread, one connection, and one request at a time.

use std::{
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};

use crate::client::{Answer, Client};

/// The result of a load.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// Answers in all, where `wrk` counts them: it takes a little longer than it is told.
    pub(crate) answers: u32,
    /// Successful answers per second.
    pub(crate) rate: f64,
    /// Latency of successful answers, in milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) errors: u64,
    /// The server's CPU time per successful answer, in microseconds.
    pub(crate) cpu: f64,
    /// Refused with 503 and a `Retry-After`; not an error.
    pub(crate) refused: u64,
    /// The slowest such refusal, in milliseconds.
    pub(crate) refused_after: f64,
}

/// What one client saw in the counted time.
#[derive(Default)]
struct Seen {
    good: Vec<Duration>,
    refused: Vec<Duration>,
    errors: u64,
}

/// How long a load runs before it counts, and how long it counts.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) warm_up: Duration,
    pub(crate) counted: Duration,
}

/// Sends the next request of a client.
pub(crate) trait Work: Send {
    /// # Errors
    /// There was no answer.
    fn next(&mut self, client: &mut Client) -> Result<Answer>;
}

impl<F: FnMut(&mut Client) -> Result<Answer> + Send> Work for F {
    fn next(&mut self, client: &mut Client) -> Result<Answer> {
        self(client)
    }
}

/// Each client sends its next request as soon as it has its answer, or after the time that a refusal demands.
pub(crate) fn closed<W: Work>(port: u16, works: Vec<W>, span: Span) -> Result<Outcome> {
    back_to_back(port, works, span, true)
}

/// The same, by clients that come back at once when they are refused.
pub(crate) fn hammering<W: Work>(port: u16, works: Vec<W>, span: Span) -> Result<Outcome> {
    back_to_back(port, works, span, false)
}

fn back_to_back<W: Work>(port: u16, works: Vec<W>, span: Span, patient: bool) -> Result<Outcome> {
    run(works, span, |mut work, begun, seen| {
        let mut client = Client::connect(port)?;
        while begun.elapsed() < span.warm_up + span.counted {
            let sent = Instant::now();
            let answer = work.next(&mut client)?;
            let counts = begun.elapsed() >= span.warm_up && begun.elapsed() < span.warm_up + span.counted;
            if counts {
                seen.note(&answer, sent.elapsed());
            }
            if let Some(seconds) = answer.retry_after.filter(|_| patient) {
                let left = (span.warm_up + span.counted).saturating_sub(begun.elapsed());
                thread::sleep(Duration::from_secs(seconds).min(left));
            }
        }
        Ok(())
    })
}

/// All clients together send `rate` requests per second, whatever the answers. Latency counts from when a request was due, not
/// from when it was sent, so a stall of the server shows.
pub(crate) fn paced<W: Work>(port: u16, works: Vec<W>, rate: u32, span: Span) -> Result<Outcome> {
    let clients = u32::try_from(works.len())?;
    let interval = Duration::from_secs(1) * clients / rate;
    let places = Mutex::new(0..clients);
    run(works, span, |mut work, begun, seen| {
        let place = places.lock().map_err(|_poisoned| anyhow!("a client panicked"))?.next().unwrap_or_default();
        let mut client = Client::connect(port)?;
        let mut due = begun + interval * place / clients;
        while due < begun + span.warm_up + span.counted {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let answer = work.next(&mut client)?;
            if due >= begun + span.warm_up {
                seen.note(&answer, due.elapsed());
            }
            due += interval;
        }
        Ok(())
    })
}

fn run<W: Work>(works: Vec<W>, span: Span, drive: impl Fn(W, Instant, &mut Seen) -> Result<()> + Sync) -> Result<Outcome> {
    let begun = Instant::now();
    let seen: Vec<Seen> = thread::scope(|scope| {
        let drive = &drive;
        let threads: Vec<_> = works
            .into_iter()
            .map(|work| {
                scope.spawn(move || {
                    let mut seen = Seen::default();
                    if let Err(error) = drive(work, begun, &mut seen) {
                        eprintln!("a client gave up: {error:#}");
                        seen.errors += 1;
                    }
                    seen
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_panic| anyhow!("a client panicked"))).collect::<Result<_>>()
    })?;
    let mut good: Vec<Duration> = seen.iter().flat_map(|seen| &seen.good).copied().collect();
    good.sort_unstable();
    let slowest = seen.iter().flat_map(|seen| &seen.refused).max().copied().unwrap_or_default();
    let refused = seen.iter().map(|seen| u64::try_from(seen.refused.len()).unwrap_or(u64::MAX)).sum();
    Ok(Outcome {
        rate: f64::from(u32::try_from(good.len())?) / span.counted.as_secs_f64(),
        p50: percentile(&good, 50),
        p99: percentile(&good, 99),
        errors: seen.iter().map(|seen| seen.errors).sum(),
        refused,
        refused_after: milliseconds(slowest),
        ..Outcome::default()
    })
}

impl Seen {
    fn note(&mut self, answer: &Answer, took: Duration) {
        match answer.status {
            200 | 201 => self.good.push(took),
            503 if answer.retry_after.is_some() && answer.body.contains("overloaded") => self.refused.push(took),
            _ => self.errors += 1,
        }
    }
}

/// Of a sorted list, in milliseconds.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    milliseconds(sorted.get(index).copied().unwrap_or_default())
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
