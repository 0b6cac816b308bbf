//! What goes out: mails. The only crate with a client of another server than the database.

mod file;
pub mod mail_url;
pub mod mailer;
mod message;
pub mod render;
pub mod sender;
mod smtp;
pub mod templates;
pub mod test_mail;
mod tls;

pub use smtp::Offer;
