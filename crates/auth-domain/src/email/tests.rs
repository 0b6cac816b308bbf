//! Addresses: which are taken, and that each has one spelling.

use proptest::prelude::*;

use super::{EMAIL_MAX_BYTES, Email, EmailFault};

fn parse(text: &str) -> Result<Email, EmailFault> {
    text.parse()
}

/// An address of exactly so many bytes.
fn of_bytes(bytes: usize) -> String {
    let domain = format!("{0}.{0}.{0}.org", "d".repeat(61));
    let local = "l".repeat(bytes - domain.len() - 1);
    format!("{local}@{domain}")
}

#[test]
fn takes_what_is_an_address() {
    for text in [
        "ann@example.org",
        "a@b.co",
        "user+tag@sub.example.co.uk",
        "o'hara@x.org",
        "!#$%&'*+-/=?^_`{|}~@x.org",
        "josé@x.org",
        "straße@münchen.de",
        "名前@例え.テスト",
        "1@1.org",
        "a@x-y.org",
        "a@xn--mnchen-3ya.de",
        "a.b.c@x.org",
        &format!("{}@x.org", "l".repeat(64)),
        &of_bytes(EMAIL_MAX_BYTES),
    ] {
        assert_eq!(parse(text).map(|email| email.to_string()), Ok(text.to_owned()));
    }
}

#[test]
fn refuses_what_is_none() {
    for text in [
        "",
        " ",
        "@",
        "a",
        "a@",
        "@x.org",
        "a@x",
        "a@localhost",
        "a@@x.org",
        "a@b@x.org",
        ".a@x.org",
        "a.@x.org",
        "a..b@x.org",
        "a@.org",
        "a@x..org",
        "a@x.org.",
        "a@.",
        "a@-x.org",
        "a@x-.org",
        "a b@x.org",
        "a@x .org",
        "a @x.org",
        "a@ x.org",
        "a\0@x.org",
        "a\n@x.org",
        "a@x.org\0",
        "a@x.org\r\nBcc: b@x.org",
        "a\u{a0}b@x.org",
        "a\u{2028}b@x.org",
        "a\u{85}b@x.org",
        "\"a\"@x.org",
        "\"a b\"@x.org",
        "a@[127.0.0.1]",
        "a@[IPv6:::1]",
        "a@127.0.0.1",
        "a@x.123",
        "Ann <a@x.org>",
        "<a@x.org>",
        "a@x.org,b@x.org",
        "a(comment)@x.org",
        "a@x_y.org",
        "a@x!y.org",
        "a@x%y.org",
        "a@x/y.org",
        "a\\b@x.org",
        "a:b@x.org",
        "mailto:a@x.org",
        "a@x.org?subject=b",
        "a\u{202e}b@x.org",
        "a\u{200b}b@x.org",
    ] {
        assert_eq!(parse(text), Err(EmailFault::Malformed), "{text:?}");
    }
    assert_eq!(parse(&format!("{}@x.org", "l".repeat(65))), Err(EmailFault::Malformed));
    assert_eq!(parse(&format!("a@{}.org", "d".repeat(64))), Err(EmailFault::Malformed));
}

#[test]
fn refuses_what_mail_cannot_carry() {
    assert_eq!(parse(&of_bytes(EMAIL_MAX_BYTES + 1)), Err(EmailFault::TooLong));
    assert_eq!(parse(&"x".repeat(100_000)), Err(EmailFault::TooLong));
    assert_eq!(parse(&format!("{}@x.org", "é".repeat(125))), Err(EmailFault::TooLong), "bytes count, not characters");
    assert_eq!(
        parse(&format!("  {}\n", of_bytes(EMAIL_MAX_BYTES))),
        parse(&of_bytes(EMAIL_MAX_BYTES)),
        "what is trimmed does not"
    );
}

#[test]
fn has_one_spelling() {
    for text in ["ANN@EXAMPLE.ORG", " Ann@Example.org", "\tann@example.ORG\r\n", "\u{a0}ann@example.org\u{3000}"] {
        assert_eq!(parse(text), parse("ann@example.org"));
    }
    assert_eq!(parse("JOSÉ@X.ORG"), parse("josé@x.org"));
    assert_eq!(parse("ΩΜΈΓΑ@Παράδειγμα.Ελ"), parse("ωμέγα@παράδειγμα.ελ"));
}

#[test]
fn tells_accents_apart() {
    assert_ne!(parse("josé@x.org").unwrap(), parse("jose@x.org").unwrap());
    assert_ne!(parse("straße@x.org").unwrap(), parse("strasse@x.org").unwrap());
}

#[test]
fn knows_its_local_part() {
    assert_eq!(parse("Ann.B+tag@example.org").unwrap().local_part(), "ann.b+tag");
}

fn nearly_an_address() -> impl Strategy<Value = String> {
    let local = "[a-zA-Z0-9éÉßΣσK名._%+'\"-]{0,12}";
    let domain = "[a-zA-Z0-9éÉİ例._-]{0,12}(\\.[a-zA-Z0-9-]{1,6}){0,3}";
    ("[ \t\n]{0,2}", local, "@{0,2}", domain, "[ \r\n]{0,2}").prop_map(|(a, b, c, d, e)| format!("{a}{b}{c}{d}{e}"))
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), nearly_an_address(), ("\\PC{0,300}", "\\PC{0,20}").prop_map(|(a, b)| format!("{a}@{b}.org"))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_taken_is_canonical(text in any_text()) {
        if let Ok(email) = parse(&text) {
            let kept = email.as_str();
            prop_assert!(kept.len() <= EMAIL_MAX_BYTES);
            prop_assert!(!kept.chars().any(|c| c.is_control() || c.is_whitespace()));
            prop_assert_eq!(kept, &kept.to_lowercase());
            prop_assert_eq!(kept.matches('@').count(), 1);
            prop_assert!(!email.local_part().is_empty());
            prop_assert_eq!(parse(kept), Ok(email));
        }
    }

    #[test]
    fn case_and_the_space_around_do_not_matter(text in any_text()) {
        prop_assert_eq!(parse(&text.to_ascii_uppercase()), parse(&text));
        prop_assert_eq!(parse(&text.to_ascii_lowercase()), parse(&text));
        prop_assert_eq!(parse(&format!(" {text}\n")), parse(&text));
    }

    #[test]
    fn an_ordinary_address_is_taken(
        local in "[A-Za-z0-9]([A-Za-z0-9_+-]{0,20}[a-z])?",
        domain in "[A-Za-z]([a-z0-9-]{0,20}[a-z0-9])?\\.[A-Za-z]{2,6}",
    ) {
        let text = format!("{local}@{domain}");
        prop_assert_eq!(parse(&text).unwrap().to_string(), text.to_ascii_lowercase());
    }
}
