//! The limit on connections. When it is reached, the connection that has been idle longest makes room for a new one: idle and
//! slow clients, however many, keep nobody out.

use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;
use parking_lot::{Mutex, MutexGuard};
use prometheus::Registry;

use crate::{
    app::ports::{level, sampled},
    telemetry::once_a_minute::OnceAMinute,
    web::upload::Carrier,
};

/// All connections of a server.
pub(crate) struct ConnectionLimit {
    most: usize,
    places: Mutex<Places>,
    /// Says that all places are taken.
    warning: OnceAMinute,
}

#[derive(Default)]
struct Places {
    taken: usize,
    /// Asked to leave, but not gone yet.
    leaving: usize,
    next: u64,
    /// Those without a whole request under way, longest idle first.
    idle: BTreeMap<u64, Arc<Call>>,
}

/// Asks a connection to leave.
#[derive(Default)]
struct Call {
    made: AtomicBool,
    waker: AtomicWaker,
}

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Every request so far is answered. A head may be on its way.
    Idle,
    /// A request has begun, but its body has not arrived whole: it may never.
    Body,
    /// A request is under way that is answered while it still arrives. Whoever reads it times it: its client may send all of it before
    /// it takes anything of the answer.
    Streaming,
    /// A request is under way, whole.
    Request,
    /// The last answer is made.
    Closing,
}

/// A connection's place; free again when dropped.
pub(crate) struct Permit {
    crowd: Arc<ConnectionLimit>,
    call: Arc<Call>,
    phase: Cell<Phase>,
    /// Its number among the idle ones.
    number: Cell<Option<u64>>,
}

impl ConnectionLimit {
    #[must_use]
    pub(crate) fn of_at_most(most: usize) -> Arc<Self> {
        Arc::new(Self { most, places: Mutex::default(), warning: OnceAMinute::default() })
    }

    /// A place for a new connection, idle at first. When all are taken, the longest idle connection is asked
    /// to leave; `None` when every one of them has a request under way.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Permit> {
        let mut places = self.places();
        if places.taken - places.leaving >= self.most {
            if self.warning.take_turn() {
                tracing::warn!(
                    most = self.most,
                    "MAX_CONNECTIONS is reached; the longest idle connections make room for new ones"
                );
            }
            let (_, call) = places.idle.pop_first()?;
            call.made.store(true, Ordering::Relaxed);
            call.waker.wake();
            places.leaving += 1;
        }
        places.taken += 1;
        let place = Permit { crowd: self.clone(), call: Arc::default(), phase: Cell::new(Phase::Idle), number: Cell::default() };
        place.queue(&mut places);
        Some(place)
    }

    /// Registers the gauges.
    ///
    /// # Errors
    /// The registry has them already.
    pub(crate) fn register(self: &Arc<Self>, registry: &Registry) -> prometheus::Result<()> {
        let crowd = self.clone();
        let gauges = [
            ("auth_http_connections", "Open connections."),
            ("auth_http_connections_idle", "Open connections without a whole request under way."),
            ("auth_http_connections_max", "Connections that there may be (MAX_CONNECTIONS, or what open files allow)."),
        ];
        sampled(registry, gauges, move || {
            let places = crowd.places();
            [level(places.taken), level(places.idle.len()), level(crowd.most)]
        })
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock()
    }
}

impl Permit {
    /// With a request under way, a connection is not asked to leave, and if it has been asked, it stays. With one that has only begun
    /// it counts as idle from now on, but if it has been asked to leave, it leaves.
    pub(crate) fn moves_to(&self, phase: Phase) {
        // What was pipelined behind the last request changes nothing any more.
        if self.phase() == Phase::Closing {
            return;
        }
        if self.phase.replace(phase) == Phase::Streaming {
            // From now on a client that takes nothing is timed, though it may have nothing to send any more that would wake it.
            self.call.waker.wake();
        }
        let mut places = self.crowd.places();
        if phase == Phase::Body && self.call.made.load(Ordering::Relaxed) {
            return;
        }
        self.leave_the_queue(&mut places);
        if !matches!(phase, Phase::Request | Phase::Streaming) {
            self.queue(&mut places);
        }
    }

    /// Nothing comes after this.
    pub(crate) fn close(&self) {
        self.phase.set(Phase::Closing);
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Ready once the connection has to leave.
    pub(crate) fn poll_call(&self, context: &Context<'_>) -> Poll<()> {
        self.call.waker.register(context.waker());
        if self.call.made.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
    }

    fn queue(&self, places: &mut Places) {
        let number = places.next;
        places.next += 1;
        places.idle.insert(number, self.call.clone());
        self.number.set(Some(number));
    }

    fn leave_the_queue(&self, places: &mut Places) {
        if let Some(number) = self.number.take() {
            places.idle.remove(&number);
        }
        if self.call.made.swap(false, Ordering::Relaxed) {
            places.leaving -= 1;
        }
    }
}

impl Carrier for Permit {
    fn streams(&self) {
        self.moves_to(Phase::Streaming);
    }

    fn has_it_all(&self) {
        if self.phase() == Phase::Streaming {
            self.moves_to(Phase::Request);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut places = self.crowd.places();
        self.leave_the_queue(&mut places);
        places.taken -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(place: &Permit) -> bool {
        place.poll_call(&Context::from_waker(std::task::Waker::noop())).is_ready()
    }

    #[test]
    fn the_longest_idle_makes_room() {
        let crowd = ConnectionLimit::of_at_most(3);
        let (first, second, third) = (crowd.enter().unwrap(), crowd.enter().unwrap(), crowd.enter().unwrap());
        second.moves_to(Phase::Request);
        first.moves_to(Phase::Request);
        first.moves_to(Phase::Idle);
        let fourth = crowd.enter().unwrap();
        assert!(called(&third) && !called(&first) && !called(&second) && !called(&fourth));
        // One is on its way out: the next newcomer needs another.
        let fifth = crowd.enter().unwrap();
        assert!(called(&first) && !called(&fifth));
        drop((first, third));
        let places = crowd.places();
        assert_eq!((places.taken, places.leaving), (3, 0));
        // Who leaves locks it as well.
        drop(places);
    }

    #[test]
    fn a_request_that_has_begun_waits_for_its_rest_at_the_end_of_the_queue() {
        let crowd = ConnectionLimit::of_at_most(2);
        let (first, second) = (crowd.enter().unwrap(), crowd.enter().unwrap());
        first.moves_to(Phase::Body);
        let third = crowd.enter().unwrap();
        assert!(called(&second) && !called(&first) && !called(&third));
        // Too late: the newcomer has its place already.
        second.moves_to(Phase::Body);
        assert!(called(&second));
    }

    #[test]
    fn an_answer_that_begins_while_its_request_arrives_keeps_its_place() {
        let crowd = ConnectionLimit::of_at_most(1);
        let only = crowd.enter().unwrap();
        only.moves_to(Phase::Body);
        only.streams();
        assert!(crowd.enter().is_none());
        only.has_it_all();
        assert!(only.phase() == Phase::Request && crowd.enter().is_none());
        only.moves_to(Phase::Closing);
        only.has_it_all();
        assert!(only.phase() == Phase::Closing && crowd.enter().is_some() && called(&only));
    }

    #[test]
    fn with_requests_everywhere_the_newcomer_is_refused() {
        let crowd = ConnectionLimit::of_at_most(1);
        let only = crowd.enter().unwrap();
        only.moves_to(Phase::Request);
        assert!(crowd.enter().is_none());
        only.moves_to(Phase::Idle);
        assert!(crowd.enter().is_some() && called(&only));
    }

    #[test]
    fn a_request_that_comes_with_the_call_is_served() {
        let crowd = ConnectionLimit::of_at_most(1);
        let first = crowd.enter().unwrap();
        let second = crowd.enter().unwrap();
        first.moves_to(Phase::Request);
        assert!(!called(&first));
        // One too many for now: nobody else comes in before both have answered and left.
        second.moves_to(Phase::Request);
        assert!(crowd.enter().is_none());
        drop(first);
        let places = crowd.places();
        assert_eq!((places.taken, places.leaving, places.idle.len()), (1, 0, 0));
        drop(places);
    }
}
