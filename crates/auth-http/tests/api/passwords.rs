//! Guessing at passwords.

pub(crate) mod guessing;
