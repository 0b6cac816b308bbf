//! The one runner of background work: when a job runs, what becomes of a failure, how a job ends.
//!
//! Each job is a loop of its own, so that it never overlaps with itself and waits for no other. Jobs take no lease: each server
//! runs each of them (`docs/architecture.md`, "Background work").

use std::{panic::AssertUnwindSafe, time::Duration};

use auth_domain::identity::port_error::PortError;
use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::metrics::JobMetrics;

/// The pause after a first failure. It doubles with each further failure, up to the job's interval.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Which part of the time for a stop is left for leaving things in order.
const LAST_CALL_SHARE: u32 = 4;

/// When a job is to run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// There is more to do.
    AtOnce,
    AfterInterval,
}

/// How far a stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    /// Runs may finish what they are at.
    Told,
    /// What runs wait for will not come in time.
    LastCall,
}

/// Whether the jobs have been told to stop: a long run ends early then.
#[derive(Clone)]
pub(super) struct Stop(watch::Receiver<Stage>);

impl Stop {
    pub(super) fn is_told(&self) -> bool {
        *self.0.borrow() != Stage::Running
    }

    /// Comes when a run has to give up what it waits for: what is left of the time is for leaving all in order.
    pub(super) async fn last_call(mut self) {
        if self.0.wait_for(|stage| *stage == Stage::LastCall).await.is_err() {
            // Nobody stops jobs any more: they are cut off.
            std::future::pending::<()>().await;
        }
    }
}

/// Work that comes again and again.
pub(super) struct Job {
    name: &'static str,
    /// The pause after a run that did everything; no pause is longer.
    interval: Duration,
    run: Box<dyn Fn(Stop) -> BoxFuture<'static, Result<Next, PortError>> + Send + Sync>,
    /// Writes a fault to the log.
    tell: fn(&str),
}

impl Job {
    pub(super) fn new<R>(
        name: &'static str,
        interval: Duration,
        run: impl Fn(Stop) -> R + Send + Sync + 'static,
        tell: fn(&str),
    ) -> Self
    where
        R: Future<Output = Result<Next, PortError>> + Send + 'static,
    {
        Self { name, interval, run: Box::new(move |stop| run(stop).boxed()), tell }
    }

    /// Runs at once, then again and again, until it is told to stop. A run is never cut off. Returns the job's name.
    async fn keep_running(self, metrics: JobMetrics, mut stop: Stop) -> &'static str {
        let mut streak = Streak::default();
        while !stop.is_told() {
            let pause = match self.attempt(stop.clone()).await {
                Ok(next) => {
                    metrics.succeeded(self.name);
                    streak = Streak::default();
                    if next == Next::AtOnce { Duration::ZERO } else { self.interval }
                }
                Err(fault) => {
                    metrics.failed(self.name);
                    streak.goes_on(fault, self.tell);
                    streak.pause().min(self.interval)
                }
            };
            let told = async { drop(stop.0.wait_for(|stage| *stage != Stage::Running).await) };
            tokio::select! {
                biased;
                () = told => {}
                () = sleep(pause) => {}
            }
        }
        self.name
    }

    /// A panic fails one run: the job has to go on.
    async fn attempt(&self, stop: Stop) -> Result<Next, String> {
        let outcome = AssertUnwindSafe(async { (self.run)(stop).await }).catch_unwind().await;
        outcome.map_or_else(|_panic| Err("it panicked".to_owned()), |outcome| outcome.map_err(|fault| fault.to_string()))
    }
}

/// Failures without a success between them.
#[derive(Default)]
struct Streak {
    failures: u32,
    /// The fault that was told last.
    told: Option<String>,
}

impl Streak {
    /// The same fault is told once, however often it comes again.
    fn goes_on(&mut self, fault: String, tell: fn(&str)) {
        self.failures = self.failures.saturating_add(1);
        if self.told.as_ref() != Some(&fault) {
            tell(&fault);
            self.told = Some(fault);
        }
    }

    fn pause(&self) -> Duration {
        FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures.saturating_sub(1)))
    }
}

/// Jobs that run. Dropping them cuts them off.
pub(crate) struct Jobs {
    running: JoinSet<&'static str>,
    names: Vec<&'static str>,
    stop: watch::Sender<Stage>,
}

impl Jobs {
    pub(super) fn start(jobs: Vec<Job>, metrics: &JobMetrics) -> Self {
        let (stop, told) = watch::channel(Stage::Running);
        let names: Vec<_> = jobs.iter().map(|job| job.name).collect();
        names.iter().for_each(|name| metrics.show(name));
        let running = jobs.into_iter().map(|job| job.keep_running(metrics.clone(), Stop(told.clone()))).collect();
        Self { running, names, stop }
    }

    /// Lets the runs under way finish, within this time; those that still wait for something in its last quarter are to give that up.
    /// No other begins.
    pub(crate) async fn stop(self, patience: Duration) {
        let Self { mut running, names: mut left, stop } = self;
        let all = async {
            while let Some(ended) = running.join_next().await {
                left.retain(|name| !ended.as_ref().is_ok_and(|ended| ended == name));
            }
        };
        let stages = async {
            stop.send_replace(Stage::Told);
            sleep(patience - patience / LAST_CALL_SHARE).await;
            stop.send_replace(Stage::LastCall);
            std::future::pending().await
        };
        let ended = async {
            tokio::select! {
                () = all => {}
                () = stages => {}
            }
        };
        if timeout(patience, ended).await.is_err() {
            tracing::warn!(jobs = left.join(", "), "work in the background does not end in time; going without it");
        }
    }
}

#[cfg(test)]
mod tests;
