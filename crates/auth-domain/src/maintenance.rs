//! What is done regularly, whoever asks.

pub mod ports;
pub mod prune;
