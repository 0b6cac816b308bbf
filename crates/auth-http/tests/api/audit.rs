//! What the trail says afterwards.

pub(crate) mod events;
pub(crate) mod trail;
