//! Sessions and their tokens: how they are issued, refreshed, listed and ended.

pub mod authenticate;
pub mod authentication;
pub mod end;
pub mod issue;
pub mod list;
pub mod logout;
pub mod ports;
pub mod refresh;
pub mod session;
pub mod token;
pub mod token_claims;
