//! Reading SQLite on the calling thread, which is faster than waking another one.

use std::{
    fmt,
    thread::{self, ThreadId},
};

use diesel::QueryResult;
use parking_lot::Mutex;

use crate::db::connection::{AnyConnection, Connector};

/// Connections that only read, and never wait. There are as many as there ever were concurrent callers: one for each of the
/// server's workers.
pub(crate) struct InlineReader {
    connector: Connector,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    /// Each with the thread that used it last, since its data is in the caches of that thread's core.
    connections: Vec<(ThreadId, AnyConnection)>,
    /// Raised with each break: connections from before are not used again.
    era: u64,
}

impl InlineReader {
    pub(crate) fn new(connector: Connector) -> Self {
        Self { connector, idle: Mutex::default() }
    }

    /// `None` means no answer: whatever the reason, ask through the pool, which may wait. A connection that failed is not used
    /// again.
    pub(crate) fn read<T>(&self, work: impl Fn(&mut AnyConnection) -> QueryResult<T>) -> Option<T> {
        if !self.connector.was_in_place_lately() {
            return None;
        }
        let caller = thread::current().id();
        let mut idle = self.idle.lock();
        let (era, taken) = (idle.era, take(&mut idle.connections, caller));
        drop(idle);
        let mut connection = match taken.map_or_else(|| self.connector.connect_to_read(), Ok) {
            Ok(connection) => connection,
            Err(error) => return unanswered(&error),
        };
        match work(&mut connection) {
            Ok(found) => {
                let mut idle = self.idle.lock();
                if idle.era == era {
                    idle.connections.push((caller, connection));
                }
                Some(found)
            }
            Err(error) => unanswered(&error),
        }
    }

    /// Closes all, since a connection that writes broke. Connections of one process to one file share state: while one is open
    /// that was made when the file could not be written, none can write.
    pub(crate) fn start_anew(&self) {
        let mut idle = self.idle.lock();
        idle.connections.clear();
        idle.era += 1;
    }
}

/// The caller's own connection, or any other.
fn take<T>(idle: &mut Vec<(ThreadId, T)>, caller: ThreadId) -> Option<T> {
    let own = idle.iter().position(|(thread, _)| *thread == caller);
    let taken = own.map(|place| idle.swap_remove(place)).or_else(|| idle.pop());
    taken.map(|(_, connection)| connection)
}

fn unanswered<T>(error: &impl fmt::Display) -> Option<T> {
    tracing::debug!(%error, "no answer on the calling thread");
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_keeps_what_it_had_and_takes_another_s_rather_than_none() {
        let (here, there) = (thread::current().id(), thread::spawn(|| thread::current().id()).join().unwrap());
        let mut idle = vec![(here, "mine"), (there, "another's")];
        assert_eq!(take(&mut idle, here), Some("mine"));
        assert_eq!(take(&mut idle, here), Some("another's"));
        assert_eq!(take(&mut idle, here), None);
    }
}
