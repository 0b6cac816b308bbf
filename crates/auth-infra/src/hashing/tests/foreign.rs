//! Hashes of other systems, made by these systems: see `tests/foreign_hashes.py`.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::hashing::{
    stored::verify,
    work::{Kind, Work},
};

/// Form, password and hash.
pub(super) fn vectors() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    include_str!("foreign.tsv").lines().map(|line| {
        let [form, password, hash] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        (form, password, hash)
    })
}

/// One of each form, the cheapest.
pub(super) fn one_of_each() -> BTreeMap<&'static str, (&'static str, &'static str)> {
    let mut forms: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for (form, password, hash) in vectors() {
        let kept = forms.entry(form).or_insert((password, hash));
        if parsed(hash).work().units < parsed(kept.1).work().units {
            *kept = (password, hash);
        }
    }
    forms
}

pub(super) fn parsed(hash: &str) -> StoredHash {
    StoredHash::parse(hash).unwrap_or_else(|fault| panic!("{fault}: {hash}"))
}

/// Whether it takes so long that a few tries must do.
pub(super) fn is_slow(hash: &str) -> bool {
    let Work { kind, units } = parsed(hash).work();
    let usual = match kind {
        Kind::Bcrypt => 1 << 8,
        Kind::Pbkdf2(_) => 10_000,
        Kind::Scrypt { log_n } => 1 << 16 >> log_n,
        Kind::Phpass | Kind::Drupal => 1 << 12,
        Kind::Sha256Crypt | Kind::Sha512Crypt => 5000,
    };
    units > usual
}

pub(super) fn matches(text: &str, hash: &str) -> bool {
    verify(Some(&parsed(hash)), &attempt(text), &[])
}

#[test]
fn what_other_systems_hashed_verifies_and_nothing_else_does() {
    for (form, password, hash) in vectors() {
        assert!(matches(password, hash), "{form} {hash}");
        let mut shorter = password.to_owned();
        shorter.pop();
        let others = [format!("{password}x"), shorter, format!("{password} "), password.to_uppercase() + "!"];
        for other in others.into_iter().take(if is_slow(hash) { 1 } else { 4 }) {
            assert!(!matches(&other, hash), "{form} {other:?} {hash}");
        }
    }
}

#[test]
fn all_forms_are_there_with_letters_of_all_widths_and_long_passwords() {
    let forms: BTreeSet<_> = vectors().map(|(form, ..)| form).collect();
    assert_eq!(forms.len(), 32, "{forms:?}");
    for form in &forms {
        if *form != "firebase" {
            let passwords: Vec<_> = vectors().filter(|vector| vector.0 == *form).map(|vector| vector.1).collect();
            assert!(passwords.iter().any(|password| !password.is_ascii()), "{form}");
            assert!(passwords.iter().any(|password| password.len() >= 70), "{form}");
        }
    }
}

#[test]
fn each_form_of_another_system_is_replaced() {
    let ours = ["passlib-bcrypt", "passlib-bcrypt-sha256-2"];
    for (form, _, hash) in vectors() {
        let stored = parsed(hash);
        assert_eq!(!stored.is_outdated(LOWEST), ours.contains(&form), "{form}");
        assert!(stored.is_outdated(LOWEST + 1));
    }
}

#[tokio::test]
async fn a_foreign_hash_of_decomposed_text_is_verified_as_it_is_typed() {
    let hasher = hasher(LOWEST);
    // Django: PBKDF2PasswordHasher().encode("Pa\u0308sswo\u0308rter-17", "salt", 1000)
    let hash = PasswordHash::new(DECOMPOSED.to_owned());
    for (typed, right) in [("Pa\u{308}sswo\u{308}rter-17", true), ("Pässwörter-17", false)] {
        assert_eq!(hasher.verify(hasher.admit().unwrap(), attempt(typed), Some(&hash)).await.unwrap(), right);
    }
}

const DECOMPOSED: &str = "pbkdf2_sha256$1000$salt$5Yoc2Jp1xrZW0FQRse/uSTzsAxSKuNsfWFqEFM+Gwi0=";

#[test]
fn what_cannot_be_verified_says_why() {
    for (text, fault) in [
        ("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA", HashFault::Argon2),
        ("argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA", HashFault::Argon2),
        ("keycloak$argon2$5$c2FsdA==$aGFzaA==", HashFault::Argon2),
        ("$2x$04$7P52TQm9AjeEdu4X79tuResUdH00FTRhA1R7LKCp9jADraGkte4c.", HashFault::Unknown),
        ("$1$salt$qJH7.N4xYta3aEG/dfqo/0", HashFault::Unknown),
        ("5f4dcc3b5aa765d61d8327deb882cf99", HashFault::Unknown),
        ("$2b$17$7P52TQm9AjeEdu4X79tuResUdH00FTRhA1R7LKCp9jADraGkte4c.", HashFault::TooCostly),
        ("$2b$03$7P52TQm9AjeEdu4X79tuResUdH00FTRhA1R7LKCp9jADraGkte4c.", HashFault::Malformed),
        ("pbkdf2_sha256$1000$salt$", HashFault::Malformed),
        ("$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk=AA==$AA==$AA==", HashFault::Unknown),
        ("$P$", HashFault::Malformed),
    ] {
        assert_eq!(StoredHash::parse(text).err(), Some(fault), "{text}");
    }
}
