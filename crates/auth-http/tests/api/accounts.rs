//! One's own account.

pub(crate) mod delete;
pub(crate) mod export;
pub(crate) mod me;
pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod roles;
