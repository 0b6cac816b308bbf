//! Hashes that were cut, changed or made up: read by mistake they would let people in, or cost too much.

use proptest::prelude::*;

use super::{
    foreign::{is_slow, matches, one_of_each, parsed, vectors},
    *,
};
use crate::hashing::work::Kind;

/// More than any that is let in.
fn is_bounded(stored: &StoredHash) -> bool {
    let work = stored.work();
    match work.kind {
        Kind::Bcrypt => (1 << 4..=1 << 16).contains(&work.units),
        // A key of four blocks at most.
        Kind::Pbkdf2(_) => (1..=4 * 5_000_000).contains(&work.units),
        Kind::Scrypt { log_n } => (1..=1 << 24).contains(&(work.units << log_n)),
        Kind::Phpass | Kind::Drupal => (1 << 7..=1 << 20).contains(&work.units),
        Kind::Sha256Crypt | Kind::Sha512Crypt => (1000..=5_000_000).contains(&work.units),
    }
}

#[test]
fn a_hash_that_is_cut_or_longer_is_refused() {
    for (form, _, hash) in vectors() {
        // base64 without its padding is whole.
        for length in 0..hash.trim_end_matches('=').len() {
            // Of a key of 64 bytes, the first 20 or 32 may be meant.
            let may_be_whole = form.starts_with("keycloak");
            assert!(StoredHash::parse(&hash[..length]).is_err() || may_be_whole, "{form} {}", &hash[..length]);
        }
        for more in ["A", "$", "$A", "\n", " ", "\0", "é", "=A"] {
            assert!(StoredHash::parse(&format!("{hash}{more}")).is_err(), "{form} {more:?}");
        }
        for before in [" ", "\n", "$", "x"] {
            assert!(StoredHash::parse(&format!("{before}{hash}")).is_err(), "{form} {before:?}");
        }
    }
}

#[test]
fn with_another_letter_anywhere_the_password_is_wrong_or_the_hash_refused() {
    for (form, (password, hash)) in one_of_each() {
        let first = hash.rfind('$').unwrap() + 1;
        for at in (first..hash.len()).step_by(if is_slow(hash) { 29 } else { 3 }) {
            let other = if hash.as_bytes()[at] == b'a' { "b" } else { "a" };
            let bent = format!("{}{other}{}", &hash[..at], &hash[at + 1..]);
            // Of bcrypt's, some bits mean nothing.
            let is_another = |stored: &StoredHash| format!("{stored:?}") != format!("{:?}", parsed(hash));
            if StoredHash::parse(&bent).is_ok_and(|stored| is_another(&stored)) {
                assert!(!matches(password, &bent), "{form} {bent}");
            }
        }
    }
}

#[test]
fn costs_are_taken_up_to_their_bounds_and_refused_beyond() {
    let key = "ab".repeat(64);
    let fb = |n: &str, r: &str, p: &str| {
        let bytes = "AAAA".repeat(11);
        format!("$fbscrypt$v=1,n={n},r={r},p={p},ss=Bw==,sk={bytes}$AAAA${bytes}")
    };
    let taken = [
        "pbkdf2_sha256$5000000$salt$J5FD8DoJtlNzWsBJGejxVYyObxkd50zcjYd0WF0luJ8=".to_owned(),
        "pbkdf2_sha256$1$$J5FD8DoJtlNzWsBJGejxVYyObxkd50zcjYd0WF0luJ8=".to_owned(),
        format!("pbkdf2_sha256$1${}$J5FD8DoJtlNzWsBJGejxVYyObxkd50zcjYd0WF0luJ8=", "s".repeat(256)),
        format!("scrypt:131072:8:1$salt${key}"),
        format!("scrypt:131072:8:16$salt${key}"),
        format!("scrypt:1048576:1:16$salt${key}"),
        format!("scrypt:2:1:131072$salt${key}"),
        format!("scrypt:2:8:1${}${key}", "s".repeat(256)),
        fb("17", "8", "1"),
        fb("20", "1", "1"),
        format!("$5$rounds=5000000$salt${}", "a".repeat(43)),
        format!("$6$rounds=1000$salt${}", "a".repeat(86)),
        format!("$P$I{}", "a".repeat(30)),
        format!("$S$I{}", "a".repeat(51)),
    ];
    for hash in taken {
        assert!(is_bounded(&parsed(&hash)), "{hash}");
    }
    let too_costly = [
        "pbkdf2_sha256$5000001$salt$J5FD8DoJtlNzWsBJGejxVYyObxkd50zcjYd0WF0luJ8=".to_owned(),
        "pbkdf2_sha256$99999999999999999999$salt$J5FD8DoJtlNzWsBJGejxVYyObxkd50zcjYd0WF0luJ8=".to_owned(),
        format!("pbkdf2_sha256$1${}$J5FD8DoJtlNzWsBJGejxVYyObxkd50zcjYd0WF0luJ8=", "s".repeat(257)),
        format!("scrypt:131072:16:1$salt${key}"),
        format!("scrypt:131072:8:17$salt${key}"),
        format!("scrypt:262144:8:1$salt${key}"),
        format!("scrypt:2147483648:1:1$salt${key}"),
        format!("scrypt:4294967296:1:1$salt${key}"),
        format!("scrypt:2:4294967295:4294967295$salt${key}"),
        format!("scrypt:2:1:131073$salt${key}"),
        format!("scrypt:2:8:1${}${key}", "s".repeat(257)),
        fb("21", "1", "1"),
        fb("31", "8", "1"),
        fb("64", "8", "1"),
        fb("17", "9", "1"),
        format!("$5$rounds=5000001$salt${}", "a".repeat(43)),
        format!("$6$rounds=999999999$salt${}", "a".repeat(86)),
        format!("$P$J{}", "a".repeat(30)),
        format!("$P$z{}", "a".repeat(30)),
        format!("$S$J{}", "a".repeat(51)),
    ];
    for hash in too_costly {
        assert_eq!(StoredHash::parse(&hash).err(), Some(HashFault::TooCostly), "{hash}");
    }
    let malformed = [
        "pbkdf2_sha256$0$salt$J5FD8DoJtlNzWsBJGejxVYyObxkd50zcjYd0WF0luJ8=".to_owned(),
        "pbkdf2_sha256$01$salt$J5FD8DoJtlNzWsBJGejxVYyObxkd50zcjYd0WF0luJ8=".to_owned(),
        "pbkdf2_sha256$+1$salt$J5FD8DoJtlNzWsBJGejxVYyObxkd50zcjYd0WF0luJ8=".to_owned(),
        "pbkdf2_sha256$-1$salt$J5FD8DoJtlNzWsBJGejxVYyObxkd50zcjYd0WF0luJ8=".to_owned(),
        // Digests of nothing, of a single byte, and one byte short.
        "pbkdf2_sha256$1000$salt$".to_owned(),
        "pbkdf2_sha256$1000$salt$AA==".to_owned(),
        "pbkdf2_sha256$1000$salt$J5FD8DoJtlNzWsBJGejxVYyObxkd50zcjYd0WF0luA==".to_owned(),
        "pbkdf2:sha256:1000$salt$".to_owned(),
        "pbkdf2:sha1:1000$salt$0".to_owned(),
        "keycloak$pbkdf2-sha256$1000$c2FsdA==$".to_owned(),
        "keycloak$pbkdf2-sha256$1000$c2FsdA==$AAAA".to_owned(),
        "$pbkdf2$1000$$".to_owned(),
        "scrypt$16384$salt$8$5$".to_owned(),
        format!("scrypt:1000:8:1$salt${key}"),
        format!("scrypt:1:8:1$salt${key}"),
        format!("scrypt:0:8:1$salt${key}"),
        format!("scrypt:2:0:1$salt${key}"),
        format!("scrypt:2:8:0$salt${key}"),
        format!("scrypt:2:8:1$salt${}", "AB".repeat(64)),
        format!("scrypt:2:8:1$salt${}", "ab".repeat(63)),
        fb("0", "8", "1"),
        fb("14", "8", "1").replace(",sk=AAAA", ",sk="),
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=$42xEC+ixf3L2lw==$".to_owned(),
        format!("$5$rounds=999$salt${}", "a".repeat(43)),
        format!("$5$rounds=$salt${}", "a".repeat(43)),
        "$5$salt$".to_owned(),
        format!("$5$seventeen-letters${}", "a".repeat(43)),
        format!("$6$salt${}", "a".repeat(43)),
        format!("$P$4{}", "a".repeat(30)),
        format!("$P$B{}", "a".repeat(8)),
        format!("$S$C{}", "a".repeat(8)),
    ];
    for hash in malformed {
        assert_eq!(StoredHash::parse(&hash).err(), Some(HashFault::Malformed), "{hash}");
    }
}

fn texts() -> impl Strategy<Value = String> {
    let hashes: Vec<_> = vectors().map(|(.., hash)| hash).collect();
    let edited = (proptest::sample::select(hashes), any::<prop::sample::Index>(), ".{0,4}", 0_usize..4).prop_map(
        |(hash, at, more, gone)| {
            let letters: Vec<char> = hash.chars().collect();
            let at = at.index(letters.len());
            letters[..at].iter().copied().chain(more.chars()).chain(letters.iter().skip(at + gone).copied()).collect()
        },
    );
    let prefixes = [
        "$2b$",
        "$2y$",
        "$bcrypt-sha256$",
        "bcrypt$",
        "bcrypt_sha256$$2b$",
        "$wp$2y$",
        "pbkdf2_sha256$",
        "pbkdf2:sha1:",
        "$pbkdf2$",
        "keycloak$pbkdf2-sha512$",
        "scrypt$",
        "scrypt:",
        "$fbscrypt$v=1,",
        "$P$",
        "$S$",
        "$5$",
        "$6$rounds=",
    ];
    let made = (proptest::sample::select(prefixes.to_vec()), "[0-9a-zA-Z$:,=+./-]{0,100}");
    prop_oneof![edited, made.prop_map(|(prefix, rest)| format!("{prefix}{rest}")), ".{0,200}"]
}

proptest! {
    #[test]
    fn no_text_costs_more_than_the_bounds_or_breaks_anything(text in texts()) {
        if let Ok(stored) = StoredHash::parse(&text) {
            prop_assert!(is_bounded(&stored), "{text}");
        }
    }
}
