//! SQLite read on the spot: a row by its key is there sooner than another thread is.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use diesel::QueryResult;

use super::{AnyConnection, connection::Connector};

/// Connections that only read, and never wait: as many as there ever were callers at one time, which on the
/// server's workers is one each.
pub(super) struct Readers {
    connector: Connector,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    connections: Vec<AnyConnection>,
    /// Raised with each break: what was made before is not used after it.
    era: u64,
}

impl Readers {
    pub(super) fn new(connector: Connector) -> Self {
        Self { connector, idle: Mutex::default() }
    }

    /// `None` is no answer: whatever stood in the way, who may wait has to ask. A connection that failed is not used again.
    pub(super) fn read<T>(&self, work: impl Fn(&mut AnyConnection) -> QueryResult<T>) -> Option<T> {
        let mut idle = self.idle();
        let (era, taken) = (idle.era, idle.connections.pop());
        drop(idle);
        let mut connection = match taken.map_or_else(|| self.connector.connect_to_read(), Ok) {
            Ok(connection) => connection,
            Err(error) => return unanswered(&error),
        };
        match work(&mut connection) {
            Ok(found) => {
                let mut idle = self.idle();
                if idle.era == era {
                    idle.connections.push(connection);
                }
                Some(found)
            }
            Err(error) => unanswered(&error),
        }
    }

    /// Closes them, since one that writes broke. Connections of one process to one file share what they know of it: as long
    /// as one lives that was made when the file could not be written, none can write.
    pub(super) fn start_anew(&self) {
        let mut idle = self.idle();
        idle.connections.clear();
        idle.era += 1;
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unanswered<T>(error: &impl fmt::Display) -> Option<T> {
    tracing::debug!(%error, "no answer on the spot");
    None
}
