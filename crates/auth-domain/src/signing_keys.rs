//! Keys whose signatures others can verify: their timeline, what an operator does to them, and how servers look after them.

pub mod import;
pub mod key;
pub mod list;
pub mod maintain;
pub mod plan;
pub mod ports;
pub mod reconcile;
pub mod reencrypt;
pub mod revocations;
pub mod revoke;
pub mod ring;
pub mod rotate;
pub mod writer;
