//! Look-ups in company: whatever is asked while the database is at work goes to it in the next statement, together.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use auth_domain::ports::PortError;
use tokio::{sync::oneshot, time::timeout};

use super::{
    look_ups::{Found, many, one},
    outage::Failure,
    pool::Pool,
};

/// The most that one statement asks for.
const COMPANY: usize = 64;

/// How long one waits in company. A connection that says nothing must not hold up everybody: after this, each asks alone.
const PATIENCE: Duration = Duration::from_millis(250);

/// One thread, with one connection at a time: the more of them, the smaller the company, and the slower all.
pub(super) struct Together {
    thread: Mutex<Option<JoinHandle<()>>>,
    desk: Arc<Desk>,
}

/// Where callers leave their questions.
struct Desk {
    pool: Pool,
    questions: Mutex<Questions>,
    arrived: Condvar,
}

#[derive(Default)]
struct Questions {
    waiting: Vec<Question>,
    /// Since when the database has been asked for those that wait no more.
    at_work_since: Option<Instant>,
    is_closed: bool,
}

struct Question {
    session: String,
    tell: oneshot::Sender<Result<Option<Found>, PortError>>,
}

impl Together {
    pub(super) fn new(pool: Pool) -> Self {
        let desk = Desk { pool, questions: Mutex::default(), arrived: Condvar::new() };
        Self { thread: Mutex::default(), desk: Arc::new(desk) }
    }

    /// `None` is no answer: the company does not get on, and one had better ask alone.
    pub(super) async fn find(&self, session: String) -> Option<Result<Option<Found>, PortError>> {
        let told = self.ask(session)?;
        match timeout(PATIENCE, told).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(_)) | Err(_) => None,
        }
    }

    fn ask(&self, session: String) -> Option<oneshot::Receiver<Result<Option<Found>, PortError>>> {
        let (tell, told) = oneshot::channel();
        let mut questions = self.desk.questions();
        if questions.at_work_since.is_some_and(|since| since.elapsed() >= PATIENCE) {
            return None;
        }
        questions.waiting.push(Question { session, tell });
        drop(questions);
        self.desk.arrived.notify_one();
        self.is_at_work().then_some(told)
    }

    /// From the first question on: a program that asks none has no such thread.
    fn is_at_work(&self) -> bool {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let desk = self.desk.clone();
            match thread::Builder::new().name("look-ups".to_owned()).spawn(move || desk.work()) {
                Ok(started) => *thread = Some(started),
                Err(error) => tracing::warn!(%error, "no thread for look-ups"),
            }
        }
        thread.is_some()
    }
}

impl Desk {
    fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(questions) = self.take() {
            self.answer(questions);
        }
    }

    /// Those that wait, once there are any. `None` when there will be no more.
    fn take(&self) -> Option<Vec<Question>> {
        let mut questions = self.questions();
        questions.at_work_since = None;
        loop {
            // Who has given up or hung up costs nothing.
            questions.waiting.retain(|question| !question.tell.is_closed());
            let company = questions.waiting.len().min(COMPANY);
            if company > 0 {
                questions.at_work_since = Some(Instant::now());
                return Some(questions.waiting.drain(..company).collect());
            }
            if questions.is_closed {
                return None;
            }
            questions = self.arrived.wait(questions).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn answer(&self, questions: Vec<Question>) {
        let asked: Vec<&str> = questions.iter().map(|question| question.session.as_str()).collect();
        let read = || match *asked {
            [only] => self.pool.read(&|db| Ok(one(db, only)?.into_iter().collect())),
            _ => self.pool.read(&|db| many(db, &asked)),
        };
        let outcome: Result<Vec<Found>, PortError> = match catch_unwind(AssertUnwindSafe(read)) {
            Ok(outcome) => outcome.map_err(Failure::into),
            // The panic hook has reported it. The thread goes on: others wait for it.
            Err(_panic) => Err(PortError::Corrupt("a look-up panicked".to_owned())),
        };
        for Question { session, tell } in questions {
            let found = |found: &Vec<Found>| found.iter().find(|found| found.is_of(&session)).cloned();
            // Who has gone meanwhile does not hear it.
            let _gone = tell.send(outcome.as_ref().map(found).map_err(PortError::clone));
        }
    }
}

impl Drop for Together {
    /// Waits for the thread, since its connection should not outlive the program's exit handlers; but not for a
    /// database that says nothing.
    fn drop(&mut self) {
        let mut questions = self.desk.questions();
        questions.is_closed = true;
        let is_idle = questions.at_work_since.is_none();
        drop(questions);
        self.desk.arrived.notify_one();
        let thread = self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread.filter(|_| is_idle) {
            let _panicked = thread.join();
        }
    }
}
