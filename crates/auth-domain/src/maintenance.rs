//! What is done regularly, whoever asks.

pub mod prune;
