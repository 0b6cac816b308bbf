//! What every request passes, outermost first: envelope, CORS, rate limit, intake. `server::app` stacks them.

pub(crate) mod access_log;
pub mod client_address;
pub mod cors;
pub(crate) mod overload;
pub(crate) mod rate_limit;
pub(crate) mod request_body;
pub(crate) mod response;
pub(crate) mod run_to_completion;
pub(crate) mod streamed;
