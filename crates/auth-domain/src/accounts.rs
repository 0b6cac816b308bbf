//! What happens to an account after it exists: its password, its deletion, its import, its administration.

pub mod admin;
pub mod change_password;
pub mod delete;
pub mod import;
pub mod ports;
