//! The clauses of the administrators' ports.

pub mod cursor_codec;
pub mod fake_cursors;
pub mod samples;
pub mod transfer_races;
pub mod transfer_store;
pub mod user_search_store;
