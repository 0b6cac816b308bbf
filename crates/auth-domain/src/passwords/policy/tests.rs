//! The policy for new passwords, compared with a table of characters made by hand.

use icu_normalizer::ComposingNormalizerBorrowed;
use proptest::prelude::*;

use super::{NewPassword, PASSWORD_MAX_CHARS, PasswordAttempt, PasswordFault, PasswordPolicy, is_digit, is_special};
use crate::identity::password_hash::PasswordHash;

const POLICY: PasswordPolicy = PasswordPolicy { min_chars: 12, classes: true };
const LENGTH_ONLY: PasswordPolicy = PasswordPolicy { min_chars: 12, classes: false };

const UPPERCASE: &str = "ABZÄÉΩЖⅧⒶ";
const LOWERCASE: &str = "abzäßéωжⅷª";
const DIGIT: &str = "0129٣९½²";
/// With a mark that composes with none of the others.
const SPECIAL: &str = " !~_\"\\€🦀\u{200b}\u{a0}\u{336}—";
const CONTROL: &str = "\0\n\t\r\u{1b}\u{7f}\u{85}";
const LETTER: &str = "名字אبǅ";

fn faults(policy: PasswordPolicy, text: &str) -> Vec<PasswordFault> {
    policy.accept(text, None).map_or_else(|faults| faults, |_| Vec::new())
}

#[test]
fn takes_what_meets_every_rule() {
    for text in ["Correct-Horse-9", "Aa1!Aa1!Aa1!", "ÄÖÜ äöü 123 €", "Пароль-Пароль-1", "🦀🦀🦀🦀🦀🦀🦀🦀🦀aA1"]
    {
        assert_eq!(POLICY.accept(text, None).unwrap().expose(), text, "kept to the letter");
    }
}

#[test]
fn tells_every_broken_rule_at_once() {
    use PasswordFault::{ControlCharacter, NoDigit, NoLowercase, NoSpecial, NoUppercase, TooLong, TooShort};
    let short = TooShort { min: 12 };
    for (text, expected) in [
        ("", vec![short, NoUppercase, NoLowercase, NoDigit, NoSpecial]),
        ("\0", vec![short, ControlCharacter, NoUppercase, NoLowercase, NoDigit, NoSpecial]),
        ("aaaaaaaaaaaa", vec![NoUppercase, NoDigit, NoSpecial]),
        ("Correct-Horse-9\0", vec![ControlCharacter]),
        ("Correct\nHorse9", vec![ControlCharacter, NoSpecial]),
        ("名名名名名名名名名名名名", vec![NoUppercase, NoLowercase, NoDigit, NoSpecial]),
        ("Aa1!", vec![short]),
        (&"A".repeat(129), vec![TooLong, NoLowercase, NoDigit, NoSpecial]),
    ] {
        assert_eq!(faults(POLICY, text), expected, "{text:?}");
    }
    assert_eq!(faults(LENGTH_ONLY, "\0"), [short, ControlCharacter]);
    assert_eq!(faults(LENGTH_ONLY, "abbabbaabbab"), []);
}

#[test]
fn tells_what_names_the_account_beside_what_else_is_wrong() {
    use PasswordFault::{ContainsAddress, NoSpecial, TooShort};
    let about = |text: &str, owner: &str| POLICY.accept(text, Some(&owner.parse().unwrap())).err().unwrap_or_default();
    for (text, owner) in [
        ("Xx1-ann@x.org", "ann@x.org"),
        ("ANN@X.ORG-and-7-more", "Ann@x.org"),
        ("9-Ann.Smith-9", "ann.smith@example.org"),
        ("7-Horses-of-ANNSMITH", "ann.smith@example.org"),
        ("Ann-Smith-1996", "annsmith@example.org"),
        ("7-Horses-of-Anna", "anna+auth@example.org"),
        ("7-Horses-of-Anna-Auth", "anna+auth@example.org"),
        ("7-Horses-of-JOSÉ", "josé@example.org"),
        ("7-Horses-of-JOSE\u{301}", "josé@example.org"),
        ("1-Ann@München.example", "ann@münchen.example"),
        ("1-Ann@XN--MNCHEN-3YA.example", "ann@münchen.example"),
    ] {
        assert_eq!(about(text, owner), [ContainsAddress], "{text} {owner}");
    }
    assert_eq!(about("Anna1", "anna@x.org"), [TooShort { min: 12 }, NoSpecial, ContainsAddress]);
    assert_eq!(about("Anna12345678!", "anna@x.org"), [ContainsAddress], "common as well, but one reason is enough");
    for (text, owner) in [
        ("SecurePass123!", "user@example.com"),
        ("Planning-7-Horses", "ann@example.org"),
        ("Example-7-Horses", "ann@example.org"),
        ("7-Horses-of-Anna", "anna.smith@example.org"),
        ("Horse-+-Battery-7", "+++@example.org"),
    ] {
        assert_eq!(about(text, owner), [], "{text} {owner}");
    }
}

#[test]
fn asks_whether_it_is_common_only_when_nothing_else_is_wrong() {
    assert_eq!(faults(POLICY, "Password1234!"), [PasswordFault::TooCommon]);
    assert_eq!(faults(POLICY, "password1234"), [PasswordFault::NoUppercase, PasswordFault::NoSpecial]);
    assert_eq!(faults(LENGTH_ONLY, "password1234"), [PasswordFault::TooCommon]);
    assert_eq!(faults(LENGTH_ONLY, "password"), [PasswordFault::TooShort { min: 12 }]);
}

#[test]
fn counts_characters_whatever_their_width() {
    for letter in ["~", "é", "名", "🦀"] {
        assert_eq!(faults(LENGTH_ONLY, &letter.repeat(11)), [PasswordFault::TooShort { min: 12 }]);
        assert_eq!(faults(LENGTH_ONLY, &letter.repeat(12)), []);
        assert_eq!(faults(LENGTH_ONLY, &letter.repeat(PASSWORD_MAX_CHARS)), []);
        assert_eq!(faults(LENGTH_ONLY, &letter.repeat(PASSWORD_MAX_CHARS + 1)), [PasswordFault::TooLong]);
    }
}

#[test]
fn counts_characters_as_they_are_once_composed() {
    let decomposed = "e\u{301}";
    assert_eq!(faults(LENGTH_ONLY, &decomposed.repeat(11)), [PasswordFault::TooShort { min: 12 }]);
    assert_eq!(faults(LENGTH_ONLY, &decomposed.repeat(12)), []);
    assert_eq!(faults(LENGTH_ONLY, &decomposed.repeat(PASSWORD_MAX_CHARS)), []);
    assert_eq!(faults(LENGTH_ONLY, &decomposed.repeat(PASSWORD_MAX_CHARS + 1)), [PasswordFault::TooLong]);
    // One that NFC takes apart, for the sake of stability.
    assert_eq!(faults(LENGTH_ONLY, &"\u{958}".repeat(PASSWORD_MAX_CHARS / 2)), []);
    assert_eq!(faults(LENGTH_ONLY, &"\u{958}".repeat(PASSWORD_MAX_CHARS / 2 + 1)), [PasswordFault::TooLong]);
    assert_eq!(faults(POLICY, "A\u{308}bcdefghijk1"), [PasswordFault::NoSpecial], "the mark of a letter is no special character");
}

#[test]
fn is_kept_in_nfc() {
    let kept = |text: &str| POLICY.accept(text, None).unwrap().expose().to_owned();
    assert_eq!(kept("Pa\u{308}sswo\u{308}rter-17"), "Pässwörter-17");
    assert_eq!(kept("\u{212b}ngstro\u{308}m-Horse-17"), "Ångström-Horse-17");
    assert_eq!(kept("ﬁve-Horses-①７"), "ﬁve-Horses-①７", "what only resembles another stays another");
}

#[test]
fn an_attempt_has_two_forms_where_it_was_not_typed_in_nfc() {
    let forms = |text: &str| PasswordAttempt::new(text.to_owned()).forms().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(forms("Pässwörter-17"), ["Pässwörter-17"]);
    assert_eq!(forms("Pa\u{308}sswörter-17"), ["Pässwörter-17", "Pa\u{308}sswörter-17"]);
    let attempt = PasswordAttempt::new("a\u{308}".to_owned());
    assert_eq!((attempt.expose(), attempt.proven().expose()), ("ä", "ä"));
    assert_eq!(attempt.composed().unwrap().forms().collect::<Vec<_>>(), ["ä"]);
    assert!(PasswordAttempt::new("ä".to_owned()).composed().is_none());
}

#[test]
fn puts_every_character_into_exactly_one_class() {
    for c in '\0'..=char::MAX {
        let caseless = c.is_alphabetic() && !c.is_uppercase() && !c.is_lowercase();
        let classes = [c.is_uppercase(), c.is_lowercase(), is_digit(c), is_special(c), c.is_control(), caseless];
        assert_eq!(classes.iter().filter(|is| **is).count(), 1, "{c:?}");
    }
}

#[test]
fn shows_no_secret() {
    let attempt = PasswordAttempt::new("secret".into());
    let shown = format!("{:?} {:?} {:?}", attempt.proven(), attempt, PasswordHash::new("secret".into()));
    assert_eq!(shown, "NewPassword(redacted) PasswordAttempt(redacted) PasswordHash(redacted)");
}

#[test]
fn proves_to_be_the_same_text() {
    let proven: NewPassword = PasswordAttempt::new(" any\0thing ".into()).proven();
    assert_eq!(proven.expose(), " any\0thing ");
}

/// One class of characters, a few of them.
fn some_of(class: &'static str) -> impl Strategy<Value = String> {
    let letters: Vec<char> = class.chars().collect();
    proptest::collection::vec(proptest::sample::select(letters), 0..4).prop_map(|letters| letters.into_iter().collect())
}

/// Says what is wrong by looking characters up in the tables, in whatever place they are.
fn oracle(text: &str, min: usize, classes: bool) -> Vec<PasswordFault> {
    let lacks = |class: &str| classes && text.chars().all(|c| !class.contains(c));
    let mut faults = Vec::new();
    let length = text.chars().fold(0, |length, _| length + 1);
    if length < min {
        faults.push(PasswordFault::TooShort { min });
    }
    if length > 128 {
        faults.push(PasswordFault::TooLong);
    }
    if text.chars().any(|c| CONTROL.contains(c)) {
        faults.push(PasswordFault::ControlCharacter);
    }
    for (class, fault) in [
        (UPPERCASE, PasswordFault::NoUppercase),
        (LOWERCASE, PasswordFault::NoLowercase),
        (DIGIT, PasswordFault::NoDigit),
        (SPECIAL, PasswordFault::NoSpecial),
    ] {
        if lacks(class) {
            faults.push(fault);
        }
    }
    faults
}

fn any_password() -> impl Strategy<Value = String> {
    let classes = (some_of(UPPERCASE), some_of(LOWERCASE), some_of(DIGIT), some_of(SPECIAL), some_of(CONTROL), some_of(LETTER));
    (classes, prop_oneof![9 => Just(0_usize), 1 => 100..130_usize]).prop_flat_map(|((a, b, c, d, e, f), more)| {
        let letters: Vec<char> = format!("{a}{b}{c}{d}{e}{f}{}", "名".repeat(more)).chars().collect();
        Just(letters).prop_shuffle().prop_map(|letters| letters.into_iter().collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tells_the_broken_rules_and_only_those(text in any_password(), min_chars in 8..=64_usize, classes: bool) {
        let policy = PasswordPolicy { min_chars, classes };
        prop_assert_eq!(faults(policy, &text), oracle(&text, min_chars, classes));
    }

    #[test]
    fn keeps_what_it_takes_to_the_letter_but_for_its_form(text: String) {
        let form = ComposingNormalizerBorrowed::new_nfc().normalize(&text);
        if let Ok(password) = LENGTH_ONLY.accept(&text, None) {
            prop_assert_eq!(password.expose(), form);
        }
    }
}
