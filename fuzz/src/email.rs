//! E-mail addresses: an accepted one has one spelling, fits into SMTP, and contains nothing but an address.

use auth_domain::identity::email::{EMAIL_MAX_BYTES, Email, canonical_prefix};

/// The longest local part and the longest label (RFC 5321 section 4.5.3.1.1, RFC 1035 section 2.3.4), in bytes.
const LOCAL_PART_MAX_BYTES: usize = 64;
const LABEL_MAX_BYTES: usize = 63;

/// Any text as an address.
pub fn check(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let parsed = text.parse::<Email>();
    for same in [text.to_ascii_uppercase(), text.to_ascii_lowercase(), format!(" \t{text}\r\n")] {
        assert_eq!(same.parse(), parsed, "case and the space around do not matter: {text:?}");
    }
    if let Ok(former) = Email::from_kept(text) {
        assert_eq!(former.as_str(), text, "what is stored is read as it is");
    }
    let Ok(email) = parsed else { return };
    let kept = email.as_str();
    if text.is_ascii() {
        assert_eq!(kept, text.trim().to_lowercase(), "nothing but case and the space around changes");
    }
    assert_eq!(kept, kept.to_lowercase());
    assert_eq!(kept.parse(), Ok(email.clone()), "one spelling");
    assert_eq!(Email::from_kept(kept), Ok(email.clone()));
    for spelling in email.spellings() {
        assert_eq!(spelling.parse(), Ok(email.clone()), "the domain in Unicode is the same domain: {spelling:?}");
    }
    let prefix = canonical_prefix(kept);
    assert_eq!(kept, prefix, "an address begins with itself");
    assert_eq!(kept, email.to_string());
    assert!(kept.len() <= EMAIL_MAX_BYTES, "{} bytes", kept.len());

    let (local, domain) = kept.split_once('@').expect("it has an @");
    assert_eq!(email.local_part(), local);
    assert!((1..=LOCAL_PART_MAX_BYTES).contains(&local.len()), "{kept}");
    assert!(local.chars().all(is_local) && dots_stand_between(local), "{kept:?}");
    assert!(domain.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') && dots_stand_between(domain), "{kept:?}");
    let labels: Vec<&str> = domain.split('.').collect();
    assert!(labels.len() >= 2, "{kept}");
    for label in labels {
        assert!(label.len() <= LABEL_MAX_BYTES && !label.starts_with('-') && !label.ends_with('-'), "{kept}");
    }
    // Whatever a parser of mail headers, logs or URLs could take for more than an address.
    assert!(!kept.contains(['"', '\\', '<', '>', '(', ')', '[', ']', ',', ';', ':', ' ']), "{kept:?}");
    assert!(!kept.chars().any(|c| c.is_control() || c.is_whitespace()), "{kept:?}");
}

/// `atext` of RFC 5322 section 3.2.3, the dot between atoms, and the additions of RFC 6532 section 3.2.
fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c) || !c.is_ascii()
}

fn dots_stand_between(text: &str) -> bool {
    text.split('.').all(|atom| !atom.is_empty())
}
