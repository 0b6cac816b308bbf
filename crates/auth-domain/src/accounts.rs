//! What happens to an account after it exists: its password, its deletion.

pub mod change_password;
pub mod delete;
pub mod ports;
