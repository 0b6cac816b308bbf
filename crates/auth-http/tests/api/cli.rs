//! The command line.

pub(crate) mod account_files;
pub(crate) mod configuration;
pub(crate) mod factors;
pub(crate) mod import;
pub(crate) mod mail;
pub(crate) mod manual;
pub(crate) mod transfer;
pub(crate) mod users;
