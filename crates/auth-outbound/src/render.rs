//! What a mail says, as the transports need it from whoever renders it.

use auth_domain::mail::message::Mail;

/// A mail in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Puts a mail into words. It waits for nothing.
pub trait Render: Send + Sync {
    /// # Errors
    /// Why a template failed, in words for an operator.
    fn render(&self, mail: &Mail) -> Result<Rendered, String>;
}
