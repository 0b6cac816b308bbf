//! A clock that a test moves, and ids in sequence.

pub mod clock;
