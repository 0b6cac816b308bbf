//! Recovery codes: they stand in for a factor that is lost, each once.

use std::fmt;

use zeroize::Zeroizing;

use crate::identity::password_hash::redacted;

/// How many an account gets at once.
pub const RECOVERY_CODES: usize = 10;

/// How many characters a code has, without the hyphens between its groups: five bits each.
pub const CODE_CHARS: usize = 24;

/// The alphabet of codes (Crockford's base32), in lower case: what is easily taken for one another is there once.
pub const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

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

impl RecoveryCode {
    /// The one spelling of what somebody typed: in lower case, without spaces and hyphens, the letter o as zero, i and l as one
    /// (Crockford's rules for reading). `None` if it is no code.
    #[must_use]
    pub fn canonical(typed: &str) -> Option<Zeroizing<String>> {
        // Never longer than a code, so it never moves to another place and leaves a copy.
        let mut code = Zeroizing::new(String::with_capacity(CODE_CHARS));
        for typed in typed.chars().filter(|typed| !matches!(typed, ' ' | '-')) {
            let character = match typed.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            };
            let is_known = u8::try_from(character).is_ok_and(|byte| ALPHABET.contains(&byte));
            if !is_known || code.len() == CODE_CHARS {
                return None;
            }
            code.push(character);
        }
        (code.len() == CODE_CHARS).then_some(code)
    }
}

impl fmt::Display for RecoveryCodeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
