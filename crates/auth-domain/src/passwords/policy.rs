//! Passwords: what a new one must be, what a presented one is, and the form that is kept.

use zeroize::Zeroizing;

use crate::identity::{
    email::Email,
    password_hash::{PasswordHash, redacted},
    unicode::nfc,
};

/// The longest password, in characters (Unicode scalar values) of its NFC.
pub const PASSWORD_MAX_CHARS: usize = 128;

/// The shortest name that a password may not contain; shorter ones occur in other words by chance.
const NAME_MIN_CHARS: usize = 4;

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
    #[error("must not contain the account's e-mail address or the name in it")]
    ContainsAddress,
    #[error("is one of the most common passwords, or nearly so")]
    TooCommon,
}

impl PasswordPolicy {
    /// Accepts a new password that meets the policy, for the account of this address; `None` where the given address is invalid,
    /// so that no account will be made. What counts, and is kept, is its NFC (NIST SP 800-63B-4 section 3.1.1.2): one keyboard
    /// sends `é` as one character, another as two.
    ///
    /// # Errors
    /// Every rule that it breaks, in a fixed order.
    pub fn accept(&self, text: &str, owner: Option<&Email>) -> Result<NewPassword, Vec<PasswordFault>> {
        let text = Zeroizing::new(nfc(text).into_owned());
        let mut faults = self.faults(&text);
        if owner.is_some_and(|owner| contains_address(&text, owner)) {
            faults.push(PasswordFault::ContainsAddress);
        }
        // Asked of what would pass otherwise: the rest has to change anyway, and most of it is common.
        if faults.is_empty() && crate::passwords::common::is_common(&text) {
            faults.push(PasswordFault::TooCommon);
        }
        if faults.is_empty() { Ok(NewPassword(text)) } else { Err(faults) }
    }

    pub(super) fn faults(&self, text: &str) -> Vec<PasswordFault> {
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

/// Whether a password contains its account's address, or the name before the `@` or the `+`, ignoring case and punctuation:
/// `Ann-Smith-1!` contains the name of `ann.smith@example.org`.
fn contains_address(text: &str, owner: &Email) -> bool {
    let plain = Zeroizing::new(text.to_lowercase());
    let squeezed = squeezed(&plain);
    let local = owner.local_part();
    let untagged = local.split('+').next().unwrap_or(local);
    owner.spellings().any(|address| plain.contains(&address))
        || [local, untagged]
            .into_iter()
            .map(self::squeezed)
            .any(|name| name.chars().count() >= NAME_MIN_CHARS && squeezed.contains(name.as_str()))
}

fn squeezed(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.chars().filter(|c| c.is_alphanumeric()).collect())
}

/// A password that meets the policy, in NFC, on its way to the hasher. Wiped when dropped.
#[derive(Clone)]
pub struct NewPassword(Zeroizing<String>);

/// A password that somebody has chosen and no policy has judged yet: whose it is to be is known only once a proof is good. Wiped when
/// dropped.
#[derive(Clone)]
pub struct ChosenPassword(Zeroizing<String>);

/// A password as somebody presents it to prove who they are: any text at all. Wiped when dropped.
#[derive(Clone)]
pub struct PasswordAttempt {
    nfc: Zeroizing<String>,
    /// As it was typed, where that is not NFC.
    typed: Option<Zeroizing<String>>,
}

impl NewPassword {
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl ChosenPassword {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PasswordAttempt {
    #[must_use]
    pub fn new(text: String) -> Self {
        let typed = Zeroizing::new(text);
        let nfc = Zeroizing::new(nfc(&typed).into_owned());
        let typed = (*nfc != *typed).then_some(typed);
        Self { nfc, typed }
    }

    /// In NFC.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.nfc
    }

    /// What may have been hashed: the NFC, and where that differs, what was typed, as earlier releases and other systems hash it.
    pub fn forms(&self) -> impl Iterator<Item = &str> {
        [Some(&self.nfc), self.typed.as_ref()].into_iter().flatten().map(|form| form.as_str())
    }

    /// Whether any password can be this: policies change, but none was ever longer, or had control characters.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        !self.nfc.contains(char::is_control) && self.nfc.chars().nth(PASSWORD_MAX_CHARS).is_none()
    }

    /// The attempt as if it had been typed in NFC; `None` where it was.
    #[must_use]
    pub fn composed(&self) -> Option<Self> {
        self.typed.as_ref().map(|_typed| Self { nfc: self.nfc.clone(), typed: None })
    }

    /// The same password, to be hashed anew once it has proved right.
    #[must_use]
    pub fn proven(&self) -> NewPassword {
        NewPassword(self.nfc.clone())
    }
}

redacted!(ChosenPassword, NewPassword, PasswordAttempt, PasswordHash);

#[cfg(test)]
mod tests;
