//! Health, start, stop and upgrade.

pub(crate) mod health;
pub(crate) mod lifecycle;
pub(crate) mod upgrade;
