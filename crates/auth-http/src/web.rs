//! What the layers and the handlers share: what an endpoint needs, bodies, callers, refusals, headers.

pub mod admin;
pub mod caller;
pub(crate) mod client_auth;
pub mod endpoint;
pub(crate) mod etag;
pub(crate) mod headers;
pub mod json_body;
pub(crate) mod language;
pub(crate) mod matched;
pub mod media;
pub(crate) mod oauth_form;
pub(crate) mod parameters;
pub mod problem;
pub(crate) mod query;
pub(crate) mod single_flight;
pub mod upload;
pub mod using;
