//! What every [`PasswordHasher`](crate::passwords::ports::PasswordHasher) keeps.
#![expect(clippy::unwrap_used, reason = "a clause is a test: an outage fails it")]

use crate::testkit::{
    fixtures::Hashers,
    samples::{OTHER_PASSWORD, PASSWORD, attempt, new_password},
};
use crate::{
    identity::{password_hash::PasswordHash, port_error::PortError},
    passwords::{
        policy::PASSWORD_MAX_CHARS,
        ports::{Admission, PasswordHasher},
    },
};

/// One test per clause: `password_hasher_contract!(fixture)` or `password_hasher_contract!(#[ignore = "why"] fixture)`,
/// where the fixture is a future of [`Hashers`].
#[macro_export]
macro_rules! password_hasher_contract {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::password_hasher_contract!(@all [#[$attribute]] $fresh);
    };
    (@all $attributes:tt $fresh:expr) => {
        $crate::clauses! { $attributes $fresh; passwords::password_hasher:
            verifies_the_password_and_no_other,
            hashes_every_character_whatever_its_width,
            takes_any_attempt,
            takes_nothing_that_no_password_can_be,
            verifies_a_password_however_its_accents_are_typed,
            verifies_nothing_without_a_hash,
            never_reads_a_broken_hash_as_a_no,
            verifies_a_hash_of_any_cost,
            calls_only_a_lower_cost_outdated,
        }
    };
    ($fresh:expr) => {
        $crate::password_hasher_contract!(@all [] $fresh);
    };
}

fn admitted(hasher: &dyn PasswordHasher) -> Admission {
    hasher.admit().unwrap()
}

async fn verifies(hasher: &dyn PasswordHasher, text: &str, hash: &PasswordHash) -> bool {
    hasher.verify(admitted(hasher), attempt(text), Some(hash)).await.unwrap()
}

pub async fn verifies_the_password_and_no_other(Hashers { hasher, .. }: &Hashers) {
    let hash = hasher.hash(admitted(&**hasher), new_password(PASSWORD)).await.unwrap();
    assert!(verifies(&**hasher, PASSWORD, &hash).await);
    for other in [OTHER_PASSWORD, "", &PASSWORD.to_lowercase(), &format!("{PASSWORD} "), &format!("{PASSWORD}\0")] {
        assert!(!verifies(&**hasher, other, &hash).await, "{other:?}");
    }
}

pub async fn hashes_every_character_whatever_its_width(Hashers { hasher, .. }: &Hashers) {
    // On either side of bcrypt's 72 bytes, and the longest there can be.
    for (letter, count) in
        [("x", 70), ("x", 71), ("x", 72), ("x", 73), ("é", 36), ("x", PASSWORD_MAX_CHARS), ("🦀", PASSWORD_MAX_CHARS)]
    {
        let text = letter.repeat(count - 1) + "a";
        let hash = hasher.hash(admitted(&**hasher), new_password(&text)).await.unwrap();
        assert!(verifies(&**hasher, &text, &hash).await, "{count} times {letter}");
        assert!(!verifies(&**hasher, &(letter.repeat(count - 1) + "b"), &hash).await, "the last of {count} times {letter}");
        assert!(!verifies(&**hasher, &letter.repeat(count - 1), &hash).await, "one less than {count} times {letter}");
    }
}

pub async fn takes_any_attempt(Hashers { hasher, .. }: &Hashers) {
    let hash = hasher.hash(admitted(&**hasher), new_password(PASSWORD)).await.unwrap();
    for text in ["", "\0", "a\0b", "\u{7f}", &"🦀".repeat(10_000)] {
        assert!(!verifies(&**hasher, text, &hash).await);
        assert!(!hasher.verify(admitted(&**hasher), attempt(text), None).await.unwrap());
    }
}

pub async fn takes_nothing_that_no_password_can_be(Hashers { hasher, .. }: &Hashers) {
    let longest = "x".repeat(PASSWORD_MAX_CHARS);
    for text in ["a\0b", "a\u{7f}", "\n", &(longest + "x")] {
        let hash = hasher.hash(admitted(&**hasher), new_password(text)).await.unwrap();
        assert!(!verifies(&**hasher, text, &hash).await, "{text:?}");
    }
}

pub async fn verifies_a_password_however_its_accents_are_typed(Hashers { hasher, .. }: &Hashers) {
    let (composed, decomposed) = ("Pässwörter-17", "Pa\u{308}sswo\u{308}rter-17");
    for (new, other) in [(composed, decomposed), (decomposed, composed)] {
        let hash = hasher.hash(admitted(&**hasher), new_password(new)).await.unwrap();
        for right in [new, other, "Pässwo\u{308}rter-17"] {
            assert!(verifies(&**hasher, right, &hash).await, "{right:?}");
        }
        assert!(!verifies(&**hasher, "Passworter-17", &hash).await);
        assert!(!hasher.verify(admitted(&**hasher), attempt(other), None).await.unwrap());
    }
}

pub async fn verifies_nothing_without_a_hash(Hashers { hasher, .. }: &Hashers) {
    for text in [PASSWORD, "", "decoy", "password"] {
        assert!(!hasher.verify(admitted(&**hasher), attempt(text), None).await.unwrap());
    }
}

pub async fn never_reads_a_broken_hash_as_a_no(Hashers { hasher, .. }: &Hashers) {
    for text in ["", "!", "$2b$", "$2b$10$tooshort", "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA", "plain", "plain:x:y"] {
        let outcome = hasher.verify(admitted(&**hasher), attempt(PASSWORD), Some(&PasswordHash::new(text.to_owned()))).await;
        assert!(matches!(outcome, Err(PortError::Corrupt(_))), "{text:?}");
        assert!(hasher.fault(&PasswordHash::new(text.to_owned())).is_some(), "{text:?}");
    }
}

pub async fn verifies_a_hash_of_any_cost(Hashers { hasher, costlier }: &Hashers) {
    for (one, other) in [(hasher, costlier), (costlier, hasher)] {
        let hash = one.hash(admitted(&**one), new_password(PASSWORD)).await.unwrap();
        assert!(verifies(&**other, PASSWORD, &hash).await);
        assert!(!verifies(&**other, OTHER_PASSWORD, &hash).await);
    }
}

pub async fn calls_only_a_lower_cost_outdated(Hashers { hasher, costlier }: &Hashers) {
    let long = "🦀".repeat(PASSWORD_MAX_CHARS);
    for text in [PASSWORD, &long] {
        let low = hasher.hash(admitted(&**hasher), new_password(text)).await.unwrap();
        let high = costlier.hash(admitted(&**costlier), new_password(text)).await.unwrap();
        assert_eq!((hasher.fault(&low), hasher.fault(&high)), (None, None));
        assert_eq!((hasher.is_outdated(&low), hasher.is_outdated(&high)), (false, false));
        assert_eq!((costlier.is_outdated(&low), costlier.is_outdated(&high)), (true, false));
    }
}
