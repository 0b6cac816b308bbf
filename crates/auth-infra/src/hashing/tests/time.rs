//! A "no" costs the same whatever the hash is. What is counted is work, since a clock proves little on a busy machine.

use std::{collections::HashMap, time::Instant};

use super::{
    foreign::{one_of_each, parsed},
    *,
};
use crate::hashing::{
    stored::{new_work, verify},
    work::{Kind, Work},
};

const USUAL: u32 = 8;

/// The work that it takes where this is usual, and the answer.
fn work_of(stored: Option<&StoredHash>, text: &str, usual: &[Work]) -> (HashMap<Kind, u64>, bool) {
    work::take();
    let right = verify(stored, &attempt(text), usual);
    (work::take(), right)
}

fn rounds(count: u64) -> HashMap<Kind, u64> {
    HashMap::from([(Kind::Bcrypt, count)])
}

#[test]
fn a_no_costs_the_same_rounds_whatever_the_hash_is() {
    let usual = [new_work(USUAL)];
    let long = "x".repeat(100);
    for attempt in ["wrong", &long, "", "wro\0ng"] {
        assert_eq!(work_of(None, attempt, &usual), (rounds(1 << USUAL), false));
        for cost in LOWEST..=USUAL {
            for password in ["Correct-Horse-1", &"y".repeat(100)] {
                let form = StoredHash::of(password, cost, [3; 16]);
                for prefix in ["$2a$", "$2y$", "$2b$"] {
                    let stored = parsed(&form.replacen("$2b$", prefix, 1));
                    assert_eq!(work_of(Some(&stored), attempt, &usual), (rounds(1 << USUAL), false), "{cost}, {attempt:?}");
                    // A disabled account answers no as well.
                    assert_eq!(work_of(Some(&stored), password, &usual), (rounds(1 << USUAL), true), "cost {cost}");
                }
            }
        }
    }
}

#[test]
fn what_was_typed_in_another_form_costs_twice_the_rounds_whether_or_not_it_is_right() {
    let usual = [new_work(USUAL)];
    let (composed, decomposed) = ("Pässwörter-17", "Pa\u{308}sswo\u{308}rter-17");
    assert_eq!(work_of(None, decomposed, &usual), (rounds(2 << USUAL), false));
    for (password, cost) in [(composed, USUAL), (decomposed, USUAL), (composed, LOWEST), (decomposed, LOWEST)] {
        // Hashed as it was typed, by another system or an earlier release.
        let stored = parsed(&StoredHash::of(password, cost, [3; 16]));
        assert_eq!(work_of(Some(&stored), decomposed, &usual), (rounds(2 << USUAL), true));
        assert_eq!(work_of(Some(&stored), "Pa\u{308}sswort-18", &usual), (rounds(2 << USUAL), false));
        assert_eq!(work_of(Some(&stored), composed, &usual), (rounds(1 << USUAL), password == composed));
    }
}

#[test]
fn once_every_kind_was_met_all_hashes_and_none_cost_the_same() {
    let (mut usual, now) = (Usual::new(new_work(USUAL)), Instant::now());
    let mut hashes = one_of_each();
    // It takes five times what Firebase's does; the next test makes up for such.
    hashes.remove("django-scrypt");
    for (_, hash) in hashes.values() {
        usual.meet(Some(parsed(hash).work()), now);
    }
    let all = usual.meet(None, now);
    assert_eq!(all.len(), 10, "each kind once, of two sizes of scrypt: {all:?}");
    let (nobody, _) = work_of(None, "wrong", &all);
    assert_eq!(nobody, all.iter().map(|work| (work.kind, work.units)).collect());
    for (form, (password, hash)) in hashes {
        let stored = parsed(hash);
        assert_eq!(work_of(Some(&stored), "wrong", &usual.meet(Some(stored.work()), now)), (nobody.clone(), false), "{form}");
        assert_eq!(work_of(Some(&stored), password, &usual.meet(Some(stored.work()), now)), (nobody.clone(), true), "{form}");
    }
}

#[test]
fn cheaper_hashes_of_a_kind_are_made_up_for() {
    let hash = |rounds: u32| format!("$6$rounds={rounds}$salt${}", "a".repeat(86));
    let scrypt = |r, p| format!("scrypt:64:{r}:{p}$salt${}", "ab".repeat(64));
    let pbkdf2 = |count| format!("pbkdf2_sha1${count}$salt$nLZJsq31g3o1/ugIcoXY7r1lvpk=");
    let phpass = |cost| format!("$P${cost}{}", "a".repeat(30));
    for (cheap, dear) in [
        (hash(1000), hash(3001)),
        (scrypt(8, 1), scrypt(8, 5)),
        (scrypt(3, 1), scrypt(9, 3)),
        (pbkdf2(1), pbkdf2(1000)),
        (phpass('5'), phpass('7')),
    ] {
        let (cheap, dear) = (parsed(&cheap), parsed(&dear));
        let usual = [dear.work(), new_work(LOWEST)];
        let (nobody, _) = work_of(None, "wrong", &usual);
        assert_eq!(work_of(Some(&cheap), "wrong", &usual).0, nobody);
        assert_eq!(work_of(Some(&dear), "wrong", &usual).0, nobody);
    }
}

#[test]
fn what_no_password_can_be_costs_as_much_and_is_not_hashed() {
    let hash = StoredHash::of("", LOWEST, [3; 16]);
    let usual = [new_work(USUAL)];
    for text in ["\u{1b}", &"x".repeat(129), &"x".repeat(1_000_000)] {
        for stored in [None, Some(&parsed(&hash))] {
            assert_eq!(work_of(stored, text, &usual), (rounds(1 << USUAL), false), "{:.9}", text);
        }
    }
}
