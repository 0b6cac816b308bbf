//! The adapters: each file turns one technology into ports of the domain.

pub mod asker;
pub mod audit;
pub mod client_secrets;
pub mod db;
pub mod hasher;
pub mod jwt;
pub mod measures;
pub mod system;
