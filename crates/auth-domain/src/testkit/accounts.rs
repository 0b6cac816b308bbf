//! The clauses of the accounts room's ports.

pub mod user_admin_store;
pub mod user_edits;
pub mod user_mails;
pub mod user_passwords;
pub mod user_store;
