//! Sessions and tokens, from one request to many servers.

pub(crate) mod interleavings;
pub(crate) mod list;
pub(crate) mod logout;
pub(crate) mod races;
pub(crate) mod reauthenticate;
pub(crate) mod refresh;
pub(crate) mod tokens;
