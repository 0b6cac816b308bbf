//! What a proof of a mailbox does: an address is verified, a forgotten password replaced, an address changed, a change undone. And
//! the sending of mails.

pub mod ports;
