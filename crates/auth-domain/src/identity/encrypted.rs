//! What is encrypted at rest with keys that are not in the database.

use std::fmt;

/// A secret as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Encrypted {
    /// The name of the encryption key.
    pub with: String,
    pub text: String,
}

impl fmt::Debug for Encrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encrypted(with {})", self.with)
    }
}
