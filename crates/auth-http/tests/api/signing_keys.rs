//! Keys that others can verify.

pub(crate) mod keys;
