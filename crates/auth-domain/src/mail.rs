//! Mails: why they are written, what they say, the proofs of a mailbox that they carry, and the outbox in which they wait.

pub mod agent;
pub mod allowance;
pub mod message;
pub mod origin;
pub mod outbox;
pub mod ports;
pub mod proof;
pub mod retry;
pub mod writer;
