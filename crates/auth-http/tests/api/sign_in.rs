//! Registration and login, as a client meets them.

pub(crate) mod foreign_hashes;
pub(crate) mod login;
pub(crate) mod register;
pub(crate) mod spellings;
