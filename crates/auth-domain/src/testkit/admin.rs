//! The clauses of the administrators' ports.

pub mod cursor_codec;
pub mod fake_cursors;
pub mod user_search_store;
