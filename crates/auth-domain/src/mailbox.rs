//! What a proof of a mailbox does: an address is verified, a forgotten password replaced, an address changed, a change undone. And
//! the sending of mails, again if an operator says so.

pub mod ask;
pub mod confirm_change;
pub mod ports;
pub mod present;
pub mod request_change;
pub mod reset;
pub mod retry_mail;
pub mod send;
pub mod undo;
pub mod verify;
