//! Sessions and their tokens: how they are issued, refreshed, listed and ended.

pub mod authenticate;
pub mod issue;
pub mod list;
pub mod logout;
pub mod refresh;
pub mod session;
pub mod token;
