//! Stored password hashes, ours and other systems': what is read costs no more than the bounds, and only one text says it.

use std::{sync::LazyLock, time::Duration};

use auth_domain::{
    identity::password_hash::PasswordHash,
    passwords::ports::{HashFault, PasswordHasher},
};
use auth_infra::hashing::{BcryptHasher, HasherOptions};

static HASHER: LazyLock<BcryptHasher> = LazyLock::new(|| {
    let options = HasherOptions { cost: 4, workers: 1, max_wait: Duration::ZERO };
    BcryptHasher::start(options).expect("a thread")
});

fn fault(text: &str) -> Option<HashFault> {
    HASHER.fault(&PasswordHash::new(text.to_owned()))
}

pub fn check(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let read = fault(text);
    if text.len() <= 1024 && text.starts_with("$argon2") {
        assert_eq!(read, Some(HashFault::Argon2));
    }
    let is_outdated = HASHER.is_outdated(&PasswordHash::new(text.to_owned()));
    if read.is_some() {
        assert!(!is_outdated, "what cannot be read is not replaced");
        return;
    }
    assert!(text.len() <= 1024, "longer than the column");
    let ours = text.starts_with("$2b$") || text.starts_with("$bcrypt-sha256$v=2,");
    assert!(is_outdated != ours, "only ours stays: {text:?}");
    for other in [format!("{text}$"), format!(" {text}"), format!("{text} "), format!("{text}\n")] {
        assert!(fault(&other).is_some(), "{other:?}");
    }
    assert!(is_bounded(text), "too costly: {text:?}");
}

/// The bounds again, by another way through the text.
fn is_bounded(text: &str) -> bool {
    let numbers: Vec<u64> = text
        .split(['$', ':', ','])
        .map(|field| field.split_once('=').map_or(field, |(_name, value)| value))
        .flat_map(|field| field.parse())
        .collect();
    let first = numbers.first().copied();
    if text.starts_with("scrypt:") || text.starts_with("$fbscrypt$") {
        // Firebase's begin with a version, and have the logarithm.
        let numbers: Vec<u64> = numbers.iter().copied().skip(usize::from(text.starts_with('$'))).take(3).collect();
        let [n, r, p] = numbers[..] else { return false };
        let n = if text.starts_with('$') { 1 << n } else { n };
        return 128 * n * r <= 128 << 20 && n * r * p <= 1 << 24;
    }
    if text.contains("pbkdf2") {
        return first.is_some_and(|iterations| (1..=5_000_000).contains(&iterations));
    }
    if let Some((_, rest)) = text.split_once("$rounds=") {
        return rest.split('$').next().and_then(|rounds| rounds.parse().ok()).is_some_and(|rounds| (1000..=5_000_000).contains(&rounds));
    }
    true
}
