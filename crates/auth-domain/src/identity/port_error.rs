//! What can break behind a port.

use std::time::Duration;

/// Something broke, so there is no answer: never to be read as a "no".
#[derive(Debug, Clone, thiserror::Error)]
pub enum PortError {
    /// Out of reach, or able to do nothing of the kind for now: the same call may work later.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// It answered, and does not take this: what it was asked is at fault, as far as it says.
    #[error("refused: {0}")]
    Refused(String),
    /// Asked to write, it gave no answer: whether it was done, or will be, nobody knows.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
    /// Too much to do for now.
    #[error("overloaded: the wait would be {retry_after:?}")]
    Overloaded { retry_after: Duration },
    /// Nobody waits for the answer any more, so it was not begun.
    #[error("nobody waits for it any more")]
    Abandoned,
    /// This program is at fault: it panicked, or its options make no sense.
    #[error("internal: {0}")]
    Internal(String),
    /// What is stored makes no sense; calling again will not help.
    #[error("corrupt: {0}")]
    Corrupt(String),
}
