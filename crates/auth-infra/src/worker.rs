//! Threads of their own behind one queue, for work that must not hold up its caller.
//!
//! Not a channel: admission counts waiting, expected and running jobs under one lock; whoever gives up leaves the middle of the
//! queue; and a batch that is refused fetches an entry of another kind from it. Each would need a second lock beside a channel.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use parking_lot::{Condvar, Mutex, MutexGuard};

/// A queue, and the threads that take from it.
pub(crate) struct Queue<J, S> {
    state: Mutex<State<J, S>>,
    /// Signals a new job, the closing of the queue, and the end of a thread.
    changed: Condvar,
}

pub(crate) struct State<J, S> {
    pub(crate) waiting: VecDeque<J>,
    /// What else the lock guards.
    pub(crate) also: S,
    pub(crate) is_closed: bool,
    /// How many threads have not ended.
    alive: usize,
    threads: Vec<JoinHandle<()>>,
}

impl<J, S> State<J, S> {
    /// Whether no thread is left.
    pub(crate) fn has_ended(&self) -> bool {
        self.alive == 0
    }
}

impl<J: Send + 'static, S: Send + 'static> Queue<J, S> {
    pub(crate) fn new(also: S) -> Arc<Self> {
        let state = State { waiting: VecDeque::new(), also, is_closed: false, alive: 0, threads: Vec::new() };
        Arc::new(Self { state: Mutex::new(state), changed: Condvar::new() })
    }

    /// Starts a thread. The work has to end once the queue is closed.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn start(self: &Arc<Self>, name: &str, work: impl FnOnce(&Self) + Send + 'static) -> io::Result<()> {
        let alive = Alive::of(self.clone());
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Dropped after the work and whatever belongs to it, or with the closure if there is no thread.
            let alive = alive;
            work(&alive.0);
        })?;
        self.lock().threads.push(thread);
        Ok(())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State<J, S>> {
        self.state.lock()
    }

    /// Wakes one thread for one job.
    pub(crate) fn push(&self, job: J) {
        self.lock().waiting.push_back(job);
        self.changed.notify_one();
    }

    /// Wakes all that wait, after a change that some of them wait for.
    pub(crate) fn wake(&self) {
        self.changed.notify_all();
    }

    /// What `pick` takes, once it finds something; `None` once the queue is closed and it finds nothing more.
    pub(crate) fn take<T>(&self, pick: impl Fn(&mut State<J, S>) -> Option<T>) -> Option<T> {
        let mut state = self.lock();
        loop {
            let picked = pick(&mut state);
            if picked.is_some() || state.is_closed {
                return picked;
            }
            self.changed.wait(&mut state);
        }
    }

    /// Waits until it is so, but not for longer.
    pub(crate) fn wait(&self, state: &mut MutexGuard<'_, State<J, S>>, longest: Duration, is_so: impl Fn(&State<J, S>) -> bool) {
        self.changed.wait_while_for(state, |state| !is_so(state), longest);
    }

    /// Tells the threads to end, and joins them if all do so in time: libraries of databases clean up as a thread exits, which must
    /// not meet the handlers of the program's exit.
    pub(crate) fn close(&self, patience: Duration) {
        let mut state = self.lock();
        state.is_closed = true;
        self.wake();
        self.wait(&mut state, patience, State::has_ended);
        let ended = if state.has_ended() { std::mem::take(&mut state.threads) } else { Vec::new() };
        drop(state);
        for thread in ended {
            let _panicked = thread.join();
        }
    }
}

/// A thread that has not ended.
struct Alive<J, S>(Arc<Queue<J, S>>);

impl<J, S> Alive<J, S> {
    fn of(queue: Arc<Queue<J, S>>) -> Self {
        queue.state.lock().alive += 1;
        Self(queue)
    }
}

impl<J, S> Drop for Alive<J, S> {
    fn drop(&mut self) {
        self.0.state.lock().alive -= 1;
        self.0.changed.notify_all();
    }
}

/// Turns a panic, which the panic hook has reported, into an error. Drop whatever the work was changing.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
}
