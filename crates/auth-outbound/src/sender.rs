//! Whom mails are from.

use std::{fmt, str::FromStr};

use auth_domain::identity::email::Email;

/// The longest display name, in characters.
const NAME_MAX_CHARS: usize = 100;

/// An address, with or without a display name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    pub name: Option<String>,
    pub address: Email,
}

/// The rule that a sender breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SenderFault {
    #[error("must be an address, with or without a name: no-reply@example.org, or Example <no-reply@example.org>")]
    Malformed,
    #[error("must have only ASCII before the @: not every mail server takes other senders")]
    Unicode,
    #[error("must have a name of at most {NAME_MAX_CHARS} characters, without control characters, quotes and angle brackets")]
    Name,
}

impl FromStr for Sender {
    type Err = SenderFault;

    fn from_str(text: &str) -> Result<Self, SenderFault> {
        let (name, address) = match text.trim().strip_suffix('>').map(|rest| rest.rsplit_once('<')) {
            Some(Some((name, address))) => (name.trim(), address),
            Some(None) => return Err(SenderFault::Malformed),
            None => ("", text),
        };
        let address: Email = address.parse().map_err(|_fault| SenderFault::Malformed)?;
        if !address.local_part().is_ascii() {
            return Err(SenderFault::Unicode);
        }
        let name = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(name).trim();
        let is_sound = |c: char| !c.is_control() && !matches!(c, '"' | '<' | '>' | '\\');
        if name.chars().count() > NAME_MAX_CHARS || !name.chars().all(is_sound) {
            return Err(SenderFault::Name);
        }
        Ok(Self { name: (!name.is_empty()).then(|| name.to_owned()), address })
    }
}

impl Sender {
    /// The domain of the address.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.as_str().rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => self.address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sender, SenderFault};

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        let read = |text: &str| text.parse::<Sender>().map(|sender| (sender.name, sender.address.to_string()));
        let address = || "no-reply@example.org".to_owned();
        for text in ["no-reply@example.org", " No-Reply@Example.org ", "<no-reply@example.org>", "\"\" <no-reply@example.org>"] {
            assert_eq!(read(text), Ok((None, address())), "{text}");
        }
        for text in ["Beispiel, Ärzte & Co. <no-reply@example.org>", "\"Beispiel, Ärzte & Co.\" <no-reply@example.org>"] {
            assert_eq!(read(text), Ok((Some("Beispiel, Ärzte & Co.".to_owned()), address())), "{text}");
        }
        assert_eq!(read("x@münchen.example").unwrap().1, "x@xn--mnchen-3ya.example");
    }

    #[test]
    fn what_could_not_stand_in_a_header_is_refused() {
        let name = format!("{} <a@example.org>", "x".repeat(101));
        for (text, fault) in [
            ("", SenderFault::Malformed),
            ("Example", SenderFault::Malformed),
            ("a@example.org>", SenderFault::Malformed),
            ("a@example.org, b@example.org", SenderFault::Malformed),
            ("Example <a@example.org", SenderFault::Malformed),
            ("A <a@example.org\r\nBcc: b@example.org>", SenderFault::Malformed),
            ("A\r\nBcc: b@example.org <a@example.org>", SenderFault::Name),
            ("A <b> <a@example.org>", SenderFault::Name),
            (name.as_str(), SenderFault::Name),
            ("jörg@example.org", SenderFault::Unicode),
        ] {
            assert_eq!(text.parse::<Sender>(), Err(fault), "{text}");
        }
    }
}
