//! How the program ends when it is told to: in order, and in time whatever hangs.
//!
//! A thread waits for SIGTERM and SIGINT from the start, and another one for the time by which the program has to have ended. What
//! hangs, such as a call of a database's library, can be neither cancelled nor waited for: the process ends without it, and without
//! exit handlers, which would meet libraries at work.

use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex, MutexGuard};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
    low_level::exit,
};
use tokio::sync::watch;

use crate::app::ports::QueuedAudit;

/// How much longer than `SHUTDOWN_TIMEOUT_SECONDS` a stop may take: less than the second that is promised.
const GRACE: Duration = Duration::from_millis(800);

/// How long the last threads have, once there is nothing left that anybody needs.
const LEAVING: Duration = Duration::from_millis(400);

/// What the program does when it is told to stop before it serves.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Interrupted {
    /// A server on its way up: nothing is lost, and it stopped as it was told to.
    Server,
    /// A command, which has not done what it was asked for.
    Command,
}

/// Waits for signals.
#[derive(Clone)]
pub(crate) struct Stop(Arc<Shared>);

struct Shared {
    interrupted: Interrupted,
    state: Mutex<State>,
    changed: Condvar,
    told: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    /// How long requests under way may take; `None` until there are some.
    patience: Option<Duration>,
    audit: Option<Arc<QueuedAudit>>,
    told_at: Option<Instant>,
    /// When the process ends, whatever still runs.
    ends_at: Option<Instant>,
    /// With which code: 1 as long as something is left to do.
    code: i32,
}

impl Stop {
    /// # Errors
    /// The threads cannot be started, or the signals not be waited for.
    pub(crate) fn listen(interrupted: Interrupted) -> io::Result<Self> {
        let state = Mutex::new(State { code: 1, ..State::default() });
        let stop = Self(Arc::new(Shared { interrupted, state, changed: Condvar::new(), told: watch::Sender::new(false) }));
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        let (hearing, ending) = (stop.0.clone(), stop.0.clone());
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            signals.forever().for_each(|signal| hearing.hear(signal));
        })?;
        thread::Builder::new().name("end".to_owned()).spawn(move || ending.end_in_time())?;
        Ok(stop)
    }

    /// Whoever ends the process says what these events lose by it.
    pub(crate) fn spares(&self, audit: &Arc<QueuedAudit>) {
        self.0.lock().audit = Some(audit.clone());
    }

    /// From now on there are requests under way, which may take so long.
    pub(crate) fn serves(&self, patience: Duration) {
        self.0.lock().patience = Some(patience);
    }

    /// Ends once the server is told to stop. Returns when that was.
    pub(crate) async fn told(&self) -> Instant {
        let mut told = self.0.told.subscribe();
        // Fails only without a sender, which `self` has.
        let _told = told.wait_for(|told| *told).await;
        self.0.lock().told_at.unwrap_or_else(Instant::now)
    }

    /// Everything has been done: what is left may take a moment to end by itself.
    pub(crate) fn leave(&self) {
        let mut state = self.0.lock();
        let soon = Instant::now() + LEAVING;
        state.ends_at = Some(state.ends_at.map_or(soon, |end| end.min(soon)));
        state.code = 0;
        drop(state);
        self.0.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    fn hear(&self, signal: i32) {
        let mut state = self.lock();
        let Some(patience) = state.patience else {
            let audit = state.audit.clone();
            drop(state);
            self.interrupt(signal, audit);
        };
        if state.told_at.is_none() {
            let now = Instant::now();
            (state.told_at, state.ends_at) = (Some(now), Some(now + patience + GRACE));
            drop(state);
            self.changed.notify_all();
            self.told.send_replace(true);
        } else if signal == SIGINT {
            // Somebody at a terminal does not want to wait. A second SIGTERM is the same wish as the first.
            let audit = state.audit.clone();
            drop(state);
            tracing::warn!("told again to stop: not waiting for requests in flight");
            lose(audit);
            exit(128 + signal);
        }
    }

    fn interrupt(&self, signal: i32, audit: Option<Arc<QueuedAudit>>) -> ! {
        lose(audit);
        match self.interrupted {
            Interrupted::Server => {
                tracing::info!("stopped before it served");
                exit(0)
            }
            Interrupted::Command => exit(128 + signal),
        }
    }

    fn end_in_time(&self) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            match state.ends_at {
                None => self.changed.wait(&mut state),
                Some(end) if end > now => {
                    self.changed.wait_until(&mut state, end);
                }
                // Says nothing: whoever reads the log may be what hangs.
                Some(_) => exit(state.code),
            }
        }
    }
}

/// Stores what can be stored at once, and logs how much could not.
fn lose(audit: Option<Arc<QueuedAudit>>) {
    if let Some(audit) = audit {
        audit.close(LEAVING);
    }
}
