//! Health, start, stop and upgrade.

pub(crate) mod health;
mod jobs;
pub(crate) mod lifecycle;
pub(crate) mod upgrade;
