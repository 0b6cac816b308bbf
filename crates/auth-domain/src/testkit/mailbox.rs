//! The clauses of the mailbox room's port.

pub mod change;
pub mod factors;
pub mod mailbox_store;
pub mod registrations;
pub mod reserved;
pub mod undo;
