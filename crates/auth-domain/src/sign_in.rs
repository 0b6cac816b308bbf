//! Where sessions begin, and the only room that begins them: registration and login. Signing in has stages: whoever has proven to
//! own an account ([`prove::Proof`]) may begin a session.

pub mod login;
pub mod prove;
pub mod reauthenticate;
pub mod register;
