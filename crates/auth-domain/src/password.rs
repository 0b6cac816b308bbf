//! Passwords: what a new one must be, what a presented one is, and the form that is kept.

use std::fmt;

use zeroize::Zeroizing;

/// The longest password, in characters (Unicode scalar values).
pub const PASSWORD_MAX_CHARS: usize = 128;

/// What a new password must meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The shortest password, in characters.
    pub min_chars: usize,
    /// Whether an upper-case letter, a lower-case letter, a digit and a special
    /// character are demanded. NIST SP 800-63B-4 section 3.1.1.2 advises against it.
    pub classes: bool,
}

/// A rule that a new password breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    #[error("must have at least {min} characters")]
    TooShort { min: usize },
    #[error("must have at most {PASSWORD_MAX_CHARS} characters")]
    TooLong,
    #[error("must not contain control characters")]
    ControlCharacter,
    #[error("must contain an upper-case letter")]
    NoUppercase,
    #[error("must contain a lower-case letter")]
    NoLowercase,
    #[error("must contain a digit")]
    NoDigit,
    #[error("must contain a character that is neither letter nor digit")]
    NoSpecial,
}

impl PasswordPolicy {
    /// Takes a new password that meets the policy.
    ///
    /// # Errors
    /// Every rule that it breaks, in a fixed order.
    pub fn accept(&self, text: &str) -> Result<NewPassword, Vec<PasswordFault>> {
        let faults = self.faults(text);
        if faults.is_empty() { Ok(NewPassword(Zeroizing::new(text.to_owned()))) } else { Err(faults) }
    }

    fn faults(&self, text: &str) -> Vec<PasswordFault> {
        let has = |class: fn(char) -> bool| text.chars().any(class);
        let length = text.chars().count();
        let min = self.min_chars;
        [
            (length < min, PasswordFault::TooShort { min }),
            (length > PASSWORD_MAX_CHARS, PasswordFault::TooLong),
            (has(char::is_control), PasswordFault::ControlCharacter),
            (self.classes && !has(char::is_uppercase), PasswordFault::NoUppercase),
            (self.classes && !has(char::is_lowercase), PasswordFault::NoLowercase),
            (self.classes && !has(is_digit), PasswordFault::NoDigit),
            (self.classes && !has(is_special), PasswordFault::NoSpecial),
        ]
        .into_iter()
        .filter_map(|(broken, fault)| broken.then_some(fault))
        .collect()
    }
}

// Roman numerals are letters by case and numbers by value: one character, one class.
fn is_digit(c: char) -> bool {
    c.is_numeric() && !c.is_alphabetic()
}

fn is_special(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_control()
}

/// A password that meets the policy, on its way to the hasher. Wiped when dropped.
#[derive(Clone)]
pub struct NewPassword(Zeroizing<String>);

/// A password as somebody presents it to prove who they are: any text at all. Wiped when dropped.
#[derive(Clone)]
pub struct PasswordAttempt(Zeroizing<String>);

impl NewPassword {
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PasswordAttempt {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The same text, to be hashed anew once it has proved right.
    #[must_use]
    pub fn proven(&self) -> NewPassword {
        NewPassword(self.0.clone())
    }
}

/// The form in which a password is kept; the text says how to verify it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(redacted)")
    }
}

impl fmt::Debug for PasswordAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordAttempt(redacted)")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(redacted)")
    }
}

#[cfg(test)]
mod tests;
