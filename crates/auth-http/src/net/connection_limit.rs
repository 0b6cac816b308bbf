//! The limit on connections. When it is reached, the connection that has been idle longest makes room for a new one: idle and
//! slow clients, however many, keep nobody out.

use std::{
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

/// A connection's place; free again when dropped.
pub(crate) struct Permit {
    crowd: Arc<ConnectionLimit>,
    call: Arc<Call>,
    /// Its number among the idle ones.
    number: Mutex<Option<u64>>,
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
        let place = Permit { crowd: self.clone(), call: Arc::default(), number: Mutex::default() };
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
    /// A request is under way, whole: from now on the connection is not asked to leave, and if it has been asked, it stays.
    pub(crate) fn occupy(&self) {
        let mut places = self.crowd.places();
        self.leave_the_queue(&mut places);
    }

    /// A request has begun that may never come whole. It counts as idle from now on, but if it has been asked to leave, it leaves.
    pub(crate) fn goes_on(&self) {
        let mut places = self.crowd.places();
        if !self.call.made.load(Ordering::Relaxed) {
            self.leave_the_queue(&mut places);
            self.queue(&mut places);
        }
    }

    /// The request is answered.
    pub(crate) fn release(&self) {
        let mut places = self.crowd.places();
        self.leave_the_queue(&mut places);
        self.queue(&mut places);
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
        *self.number() = Some(number);
    }

    fn leave_the_queue(&self, places: &mut Places) {
        if let Some(number) = self.number().take() {
            places.idle.remove(&number);
        }
        if self.call.made.swap(false, Ordering::Relaxed) {
            places.leaving -= 1;
        }
    }

    /// Locked only while the places are locked.
    fn number(&self) -> MutexGuard<'_, Option<u64>> {
        self.number.lock()
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
        second.occupy();
        first.occupy();
        first.release();
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
        first.goes_on();
        let third = crowd.enter().unwrap();
        assert!(called(&second) && !called(&first) && !called(&third));
        // Too late: the newcomer has its place already.
        second.goes_on();
        assert!(called(&second));
    }

    #[test]
    fn with_requests_everywhere_the_newcomer_is_refused() {
        let crowd = ConnectionLimit::of_at_most(1);
        let only = crowd.enter().unwrap();
        only.occupy();
        assert!(crowd.enter().is_none());
        only.release();
        assert!(crowd.enter().is_some() && called(&only));
    }

    #[test]
    fn a_request_that_comes_with_the_call_is_served() {
        let crowd = ConnectionLimit::of_at_most(1);
        let first = crowd.enter().unwrap();
        let second = crowd.enter().unwrap();
        first.occupy();
        assert!(!called(&first));
        // One too many for now: nobody else comes in before both have answered and left.
        second.occupy();
        assert!(crowd.enter().is_none());
        drop(first);
        let places = crowd.places();
        assert_eq!((places.taken, places.leaving, places.idle.len()), (1, 0, 0));
        drop(places);
    }
}
