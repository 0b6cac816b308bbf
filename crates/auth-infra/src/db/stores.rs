//! The ports that the database keeps, one file a room.

pub(crate) mod accounts;
pub(crate) mod admin;
pub(crate) mod audit;
pub(crate) mod factors;
pub(crate) mod mail;
pub(crate) mod mailbox;
pub(crate) mod maintenance;
pub(crate) mod oauth;
pub(crate) mod passkeys;
pub(crate) mod passwords;
pub(crate) mod prune;
pub(crate) mod second_steps;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
