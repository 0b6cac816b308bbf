//! What is remembered of every authentication event.

pub mod event;
pub mod kind;
pub mod unknown_outcome;
