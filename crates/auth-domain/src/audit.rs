//! What is remembered of every authentication event.

pub mod entry;
pub mod event;
pub mod initiator;
pub mod kind;
pub mod ports;
pub mod reason;
pub mod unknown_outcome;
