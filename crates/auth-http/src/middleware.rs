//! What every request passes, outermost first: envelope, CORS, rate limit, intake. `server::app` stacks them.

pub mod client;
pub mod cors;
pub(crate) mod envelope;
pub(crate) mod intake;
pub(crate) mod journal;
pub(crate) mod limit;
pub(crate) mod to_the_end;
pub(crate) mod trace_parent;
