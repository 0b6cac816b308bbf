//! The tables: ours, how they come to be, and how another program's are told apart.

pub(crate) mod canonical_addresses;
pub(crate) mod encoding;
pub(crate) mod foreign_tables;
pub(crate) mod migrate;
pub(crate) mod rows;
pub(crate) mod tables;
pub(crate) mod timestamp;
