//! What every request passes, outermost first: envelope, CORS, rate limit, intake. `server::app` stacks them: the first two as layers
//! of actix, which has the rest of the way in a box for each; those inside as functions, each of which calls the next.

use actix_web::{Error, body::BoxBody, dev::ServiceResponse};

pub(crate) mod access_log;
pub mod client_address;
pub mod cors;
pub(crate) mod overload;
pub(crate) mod rate_limit;
pub(crate) mod request_body;
pub(crate) mod response;
pub(crate) mod run_to_completion;
pub(crate) mod streamed;

/// What became of a request, further in.
pub(crate) type Answered = Result<ServiceResponse<BoxBody>, Error>;
