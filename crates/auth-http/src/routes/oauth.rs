//! What OAuth's clients and resource servers call.

pub(crate) mod feed;
pub(crate) mod introspect;
pub(crate) mod revocation_list;
pub(crate) mod tokens;
