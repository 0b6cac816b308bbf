//! Where sessions begin, and the only room that begins them: registration and login.

pub mod login;
pub mod register;
