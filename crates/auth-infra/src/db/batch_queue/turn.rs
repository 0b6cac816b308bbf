//! Who comes first: the caller that has waited long enough, or the thread that does its work.

use std::sync::OnceLock;

/// Work that waits is either begun or given up, never both.
#[derive(Default)]
pub(in crate::db) struct Turn(OnceLock<Taken>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Begun,
    GivenUp,
}

impl Turn {
    /// Before the work, and before it is repeated. `false`: nobody waits for it any more, and it must not be done.
    pub(in crate::db) fn begin(&self) -> bool {
        *self.0.get_or_init(|| Taken::Begun) == Taken::Begun
    }

    /// `false`: it has begun, and goes on. Otherwise it will never begin.
    pub(in crate::db) fn give_up(&self) -> bool {
        *self.0.get_or_init(|| Taken::GivenUp) == Taken::GivenUp
    }
}
