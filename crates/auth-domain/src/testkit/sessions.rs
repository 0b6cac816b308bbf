//! The clauses of the sessions room's ports.

pub mod session_begin;
pub mod session_ended;
pub mod session_races;
pub mod session_reauthentication;
pub mod session_rotate;
pub mod session_step;
pub mod session_store;
pub mod token_codec;
