//! Signing in: an account's owner is proven, by a password or a passkey, perhaps by a second factor as well, and only then a session
//! begins. The one room that begins sessions.

pub mod begin;
pub mod login;
pub mod login_factor;
pub mod login_passkey;
pub mod prove;
pub mod reauthenticate;
pub mod register;
pub mod second_factor;
