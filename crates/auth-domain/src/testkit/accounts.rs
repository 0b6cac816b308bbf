//! The clauses of the accounts room's ports.

pub mod user_directory;
pub mod user_passwords;
pub mod user_store;
