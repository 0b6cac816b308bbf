//! What handlers share: bodies, callers, refusals, entity tags.

pub mod caller;
pub(crate) mod client_auth;
pub(crate) mod etag;
pub mod json_body;
pub(crate) mod oauth_form;
pub mod problem;
pub(crate) mod single_flight;
