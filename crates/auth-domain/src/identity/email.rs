//! The address an account is known by.

use std::{fmt, str::FromStr};

use email_address::{EmailAddress, Options};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use crate::identity::unicode::nfc;

/// The longest path SMTP can carry (RFC 5321 section 4.5.3.1.3, erratum 1690), in bytes of the canonical spelling.
pub const EMAIL_MAX_BYTES: usize = 254;

/// The longest text that is looked at. Decomposed letters take up to nine times the bytes that they have in an A-label.
const TYPED_MAX_BYTES: usize = 10 * EMAIL_MAX_BYTES;

/// A syntactically valid address in its one spelling: trimmed, the local part in NFC and lower case, the domain as its A-label
/// (UTS 46, RFC 5890 section 2.3.2.1). Only what earlier releases stored may have [another](Self::from_kept).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// Why a text is not an address this system takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailFault {
    #[error("must have at most {EMAIL_MAX_BYTES} bytes")]
    TooLong,
    #[error("must be an e-mail address")]
    Malformed,
}

impl Email {
    /// An address as it is stored: canonical, or as earlier releases spelled it, which only lower-cased it. Such a row has to be
    /// readable until it is rewritten, or for good where another account has its canonical spelling.
    ///
    /// # Errors
    /// It is in neither spelling.
    pub fn from_kept(text: &str) -> Result<Self, EmailFault> {
        // First: every request with a token reads a row, and this alone settles nearly all of them.
        if text.to_lowercase() == text {
            return Self::checked(text.to_owned());
        }
        text.parse().and_then(|email: Self| if email.0 == text { Ok(email) } else { Err(EmailFault::Malformed) })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The same address with its domain in Unicode, which is how people type it and earlier releases stored it; `None` where that
    /// is no other spelling.
    #[must_use]
    pub fn in_unicode(&self) -> Option<String> {
        let (local, domain) = self.0.rsplit_once('@')?;
        let (unicode, sound) = Uts46::new().to_unicode(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
        (sound.is_ok() && unicode != domain).then(|| format!("{local}@{unicode}"))
    }

    /// How rows of this and of earlier releases spell it, the canonical one first.
    pub fn spellings(&self) -> impl Iterator<Item = String> {
        [Some(self.0.clone()), self.in_unicode()].into_iter().flatten()
    }

    /// How rows of this and of earlier releases may spell it, whichever of them this is; the canonical one first.
    #[must_use]
    pub fn every_spelling(&self) -> Vec<String> {
        let canonical = self.0.parse().unwrap_or_else(|_fault| self.clone());
        let mut spellings: Vec<_> = canonical.spellings().collect();
        if !spellings.contains(&self.0) {
            spellings.push(self.0.clone());
        }
        spellings
    }

    fn checked(text: String) -> Result<Self, EmailFault> {
        if text.len() > EMAIL_MAX_BYTES {
            return Err(EmailFault::TooLong);
        }
        if is_plain(&text) {
            return Ok(Self(text));
        }
        Self::parsed(text)
    }

    fn parsed(text: String) -> Result<Self, EmailFault> {
        // A domain of one label cannot receive mail from the internet, a literal
        // is no identity, and quoting gives one mailbox many spellings.
        let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
        let parsed = EmailAddress::parse_with_options(&text, options).map_err(|_reason| EmailFault::Malformed)?;
        let quoted = parsed.local_part().starts_with('"');
        if quoted || !is_host_name(parsed.domain()) || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(EmailFault::Malformed);
        }
        Ok(Self(text))
    }
}

impl FromStr for Email {
    type Err = EmailFault;

    fn from_str(text: &str) -> Result<Self, EmailFault> {
        let text = text.trim();
        if text.len() > TYPED_MAX_BYTES {
            return Err(EmailFault::TooLong);
        }
        match canonical(text) {
            Some(canonical) => Self::checked(canonical),
            None if text.len() > EMAIL_MAX_BYTES => Err(EmailFault::TooLong),
            None => Err(EmailFault::Malformed),
        }
    }
}

/// The beginning of an address as the addresses that begin with it are spelled. A domain in other letters than ASCII counts by
/// its A-label, so only whole labels of it can be found.
#[must_use]
pub fn canonical_prefix(text: &str) -> String {
    let text = text.trim();
    canonical(text).unwrap_or_else(|| lower(text))
}

fn canonical(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    Some(format!("{}@{}", lower(local), a_label(domain)?))
}

/// NFC before lower case, since `K` (U+212A) is a capital of its own until then; and after it, since lower case can make letters
/// that compose: `J` with a caron has no code point, `j` with a caron has one.
fn lower(text: &str) -> String {
    nfc(&nfc(text).to_lowercase()).into_owned()
}

/// The domain by UTS 46, as browsers convert it. Labels are not refused for hyphens in their third and fourth place, which real
/// hosts have. The lengths are checked with those of all other domains.
fn a_label(domain: &str) -> Option<String> {
    match Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Ignore) {
        // A label that is spelled like an A-label in Unicode is none (UTS 46 section 4.1), which the crate does not check here.
        Ok(ascii) if !ascii.split('.').any(|label| label.starts_with("xn--xn--")) => Some(ascii.into_owned()),
        Ok(_) | Err(_) => None,
    }
}

/// Whether it has nothing to it that would need a parser, as nearly all addresses: every request with a token reads two, and the parser
/// takes longer than the checks of its signature. It takes none that the parser refuses (a test says so).
fn is_plain(text: &str) -> bool {
    const LOCAL_PART_MAX: usize = 64;
    const LABEL_MAX: usize = 63;
    let made_of = |part: &str, marks: &[u8]| {
        part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || marks.contains(&byte))
    };
    let is_label = |label: &str| {
        (1..=LABEL_MAX).contains(&label.len()) && made_of(label, b"-") && !label.starts_with('-') && !label.ends_with('-')
    };
    let Some((local, domain)) = text.split_once('@') else { return false };
    let Some((labels, last)) = domain.rsplit_once('.') else { return false };
    local.len() <= LOCAL_PART_MAX
        && local.split('.').all(|atom| !atom.is_empty() && made_of(atom, b"_+-"))
        && labels.split('.').all(is_label)
        && (2..=LABEL_MAX).contains(&last.len())
        && last.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Mail syntax takes any atom as a domain. Host names are stricter (RFC 5321 section 2.3.5), and none ends in a number (RFC 3696
/// section 2).
fn is_host_name(domain: &str) -> bool {
    let numeric = |label: &str| label.chars().all(char::is_numeric);
    domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.')) && !domain.rsplit('.').next().is_some_and(numeric)
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
