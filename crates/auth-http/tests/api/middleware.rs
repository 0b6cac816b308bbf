//! What every request passes.

pub(crate) mod access_log;
pub(crate) mod cors;
pub(crate) mod general;
pub(crate) mod paths;
#[cfg(feature = "redis")]
mod shared_budgets;
