//! Registration and login, as a client meets them.

pub(crate) mod login;
pub(crate) mod register;
pub(crate) mod spellings;
