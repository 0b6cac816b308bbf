//! What the trail says afterwards.

pub(crate) mod audit;
pub(crate) mod trail;
