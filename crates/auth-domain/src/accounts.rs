//! What happens to an account after it exists: its password, its deletion.

pub mod change_password;
pub mod change_profile;
pub mod delete;
pub mod ports;
