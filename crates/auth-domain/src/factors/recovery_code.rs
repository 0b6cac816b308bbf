//! Recovery codes: they stand in for a factor that is lost, each once.

use std::fmt;

use crate::identity::password_hash::redacted;

/// How many an account gets at once.
pub const RECOVERY_CODES: usize = 10;

/// A code as its owner writes it down. Never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(pub String);

/// What is stored of a code: SHA-256 of its canonical spelling, in hexadecimal. The code has too many bits to be guessed from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecoveryCodeDigest(pub String);

/// New codes, and what is stored of them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RecoveryCodes {
    pub plain: Vec<RecoveryCode>,
    pub digests: Vec<RecoveryCodeDigest>,
}

redacted!(RecoveryCode, RecoveryCodes);

impl fmt::Display for RecoveryCodeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
