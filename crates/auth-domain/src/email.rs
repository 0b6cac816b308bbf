//! The address an account is known by.

use std::{fmt, str::FromStr};

use email_address::{EmailAddress, Options};

/// The longest path SMTP can carry (RFC 5321 section 4.5.3.1.3, erratum 1690), in bytes.
pub const EMAIL_MAX_BYTES: usize = 254;

/// A syntactically valid address in its one spelling: trimmed and lower-cased as a whole.
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
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

impl FromStr for Email {
    type Err = EmailFault;

    fn from_str(text: &str) -> Result<Self, EmailFault> {
        // Lower case first: it can change the length, and the limit is for what is kept.
        let canonical = text.trim().to_lowercase();
        if canonical.len() > EMAIL_MAX_BYTES {
            return Err(EmailFault::TooLong);
        }
        // A domain of one label cannot receive mail from the internet, a literal
        // is no identity, and quoting gives one mailbox many spellings.
        let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
        let parsed = EmailAddress::parse_with_options(&canonical, options).map_err(|_reason| EmailFault::Malformed)?;
        let quoted = parsed.local_part().starts_with('"');
        if quoted || !is_host_name(parsed.domain()) || canonical.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(EmailFault::Malformed);
        }
        Ok(Self(canonical))
    }
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
