//! Keys whose signatures others can verify: their life, and what an operator does to them.

pub mod key;
pub mod maintain;
pub mod ports;
pub mod ring;
pub mod writer;
