//! What goes out: mails. The only crate with a client of another server than the database.

pub mod mail_url;
pub mod render;
pub mod sender;
