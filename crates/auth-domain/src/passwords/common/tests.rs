//! What counts as common, what does not, and that the lists are as long as promised.

use std::collections::HashSet;

use super::{BASES, LONGEST, PASSWORDS, is_common, lists};
use crate::passwords::policy::{PasswordFault, PasswordPolicy};

#[test]
fn a_common_password_is_known_in_its_usual_disguises() {
    for text in [
        "Password123!",
        "Password1234!",
        "P@ssw0rd2024!",
        "Pa$$w0rd1234",
        "PASSWORD-2024",
        "2024-Password!",
        "!!Passw0rd1!!",
        "$ecret$2024!",
        "Qwerty123456!",
        "Welcome2024!",
        "Football#2024",
        "Iloveyou123!",
        "1L0veY0u!!2024",
        "Letmein!!2024",
        "Monkey123456!",
        "Love123456789!",
        "Abcd1234!@#$",
        "1qaz@WSX3edc",
        "!QAZ2wsx#EDC",
        "1qaz2wsx3edC!",
        "Password123\u{20ac}",
        "Administrator1!",
        "123456789012",
        "qwertyuiop123",
    ] {
        assert!(is_common(text), "{text}");
    }
}

#[test]
fn what_is_more_than_a_disguised_common_one_is_not() {
    for text in [
        "",
        "!",
        "SecurePass123!",
        "Str0ng!Passw0rd#1",
        "Tr0ub4dor&3-horse",
        "CorrectHorse1!",
        "MyP@ssw0rd2024xyz",
        "Valid-Passw0rd-1!",
        "TestPass123!",
        "StrongPass123!",
        "Another-Horse-8-Battery",
        "Correct-Horse-7-Battery",
        "Correct horse battery staple 1!",
        "Correct-Horse-9",
        "Battery-Staple-8",
        "Aa1!Aa1!Aa1!",
        "Love-83617-29584",
        "Love#8361&%$@!^*",
        "Secret\u{e9}crevisse9!",
        "k7#Vq2!mZp9x",
        "eight888",
    ] {
        assert!(!is_common(text), "{text}");
    }
    for length in [71, 72, 73, 100, 128] {
        assert!(!is_common(&format!("Aa1-{}", "x".repeat(length - 4))), "{length}");
        assert!(!is_common(&"1".repeat(length)), "{length}");
    }
}

#[test]
fn every_line_of_a_list_is_found_and_nothing_between_them() {
    for list in [BASES, PASSWORDS] {
        assert!(list.ends_with('\n') && list.lines().is_sorted_by(|one, next| one < next));
        let entries: HashSet<_> = list.lines().collect();
        for line in list.lines() {
            assert!(lists(list, line), "{line}");
            for other in [format!("{line}\0"), line[1..].to_owned(), line[..line.len() - 1].to_owned(), format!("{line}\n")] {
                assert_eq!(lists(list, &other), entries.contains(other.as_str()), "{other:?}");
            }
        }
        assert!(!lists(list, "") && !lists(list, "\n") && !lists(list, "\u{10ffff}"));
    }
}

#[test]
fn the_lists_have_one_spelling_of_what_can_be_a_password() {
    let spelled = |line: &str| line == line.to_ascii_lowercase() && line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    assert!(BASES.lines().all(|line| line.len() >= 4 && spelled(line)));
    assert!(PASSWORDS.lines().all(|line| line.len() >= 8 && line.len() <= LONGEST && spelled(line)));
}

/// How many of these the policy would let pass if none were too common; each of them has to be.
fn refused(policy: PasswordPolicy, candidates: impl Iterator<Item = String>) -> usize {
    let passing: Vec<_> = candidates.filter(|text| policy.faults(text).is_empty()).collect();
    for text in &passing {
        assert_eq!(policy.accept(text, None).unwrap_err(), [PasswordFault::TooCommon], "{text}");
    }
    passing.len()
}

/// As people answer the demand for four classes and twelve characters.
fn decorated(base: &str) -> String {
    let (front, rest) = base.split_at(base.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0));
    let base = format!("{front}{}{}", rest[..1].to_ascii_uppercase(), &rest[1..]);
    let digits = ["1", "12", "123", "1234", "12345", "123456", "1234567"];
    let digits = digits.into_iter().find(|digits| base.len() + digits.len() >= 11).unwrap_or("12345678");
    format!("{base}{digits}!")
}

/// ASVS 5.0, 6.2.4 demands 3000 that match the policy.
#[test]
fn at_least_three_thousand_that_would_pass_are_refused_whatever_the_policy() {
    let of = |min_chars, classes| PasswordPolicy { min_chars, classes };
    assert!(refused(of(12, true), BASES.lines().map(decorated)) >= 3000);
    for min_chars in 8..=12 {
        assert!(refused(of(min_chars, false), PASSWORDS.lines().map(str::to_owned)) >= 3000, "{min_chars}");
    }
}
