//! Addresses: which are taken, and that each has one spelling.

use icu_normalizer::{
    ComposingNormalizerBorrowed as ComposingNormalizer, DecomposingNormalizerBorrowed as DecomposingNormalizer,
};
use proptest::prelude::*;

use super::{EMAIL_MAX_BYTES, Email, EmailFault, canonical_prefix, is_plain};

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
        "straße@xn--mnchen-3ya.de",
        "名前@xn--r8jz45g.xn--zckzah",
        "a@r3---sn.example.org",
        "1@1.org",
        "a@x-y.org",
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
        "a@x.org。",
        "a@x。。org",
        "a@\u{ad}.org",
        "a@例え",
        "a@１２７.0.0.1",
        "a@x.１２３",
        "a@xn--.org",
        "a@xn--a.org",
        "a@xn--99999999.org",
        "a@xn--ü.org",
        "a@xn--xn---3ra.org",
        "a@-ä.org",
        "a@\u{301}ä.org",
        "a@ä\u{200d}b.org",
        "a@ä＠b.org",
        "a@א1a.org",
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
    assert_eq!(parse(&format!("a@{}.org", "ä".repeat(60))), Err(EmailFault::Malformed), "a label counts by its bytes in DNS");
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
fn the_bytes_that_count_are_those_of_the_one_spelling() {
    let wide = format!("{}@x.org", "e\u{301}".repeat(32));
    assert!(wide.len() < EMAIL_MAX_BYTES && parse(&wide).is_ok(), "64 bytes once composed");
    let domain = "ｄ".repeat(61);
    let full_width = format!("ann@{domain}.{domain}.org");
    assert!(full_width.len() > EMAIL_MAX_BYTES);
    assert_eq!(parse(&full_width), parse(&full_width.replace('ｄ', "d")));
    // 231 bytes as it is typed, 262 as DNS has it.
    let label = format!("{}ß", "d".repeat(41));
    let typed = format!("{}@{label}.{label}.{label}.{label}.org", "l".repeat(51));
    assert!(typed.len() <= EMAIL_MAX_BYTES, "{}", typed.len());
    assert_eq!(parse(&typed), Err(EmailFault::TooLong));
    // Letters that stand for nothing are dropped, but not without end.
    assert!(parse(&format!("ann@ex{}ample.org", "\u{ad}".repeat(100))).is_ok());
    assert_eq!(parse(&format!("ann@ex{}ample.org", "\u{ad}".repeat(2000))), Err(EmailFault::TooLong));
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
fn one_mailbox_is_one_address_however_its_domain_is_written() {
    for (one, others) in [
        (
            "ann@xn--mnchen-3ya.example",
            &[
                "ann@münchen.example",
                "ANN@MÜNCHEN.EXAMPLE",
                "ann@mu\u{308}nchen.example",
                "ann@MU\u{308}NCHEN.example",
                "ann@XN--MNCHEN-3YA.example",
                "ann@Xn--Mnchen-3ya.Example",
                "ann@münchen。example",
                "ann@mün\u{ad}chen.example",
                "ann@ｍüｎｃｈｅｎ．example",
            ][..],
        ),
        (
            "bob@example.org",
            &["bob@ｅxample.org", "bob@ＥＸＡＭＰＬＥ.ｏｒｇ", "bob@example｡org", "bob@ex\u{200b}ample.org", "bob@eⓧample.org"][..],
        ),
        ("a@xn--strae-oqa.de", &["a@straße.de", "a@STRAẞE.de"][..]),
        ("a@kelvin.org", &["a@\u{212a}elvin.org"][..]),
        ("a@xn--istanbul-o0e.example", &["a@İstanbul.example", "a@i\u{307}stanbul.example"][..]),
        // A joiner that Persian needs is part of the name.
        ("a@xn--mgba3gch31f060k.example", &["a@نامه\u{200c}ای.example"][..]),
    ] {
        assert_eq!(parse(one).unwrap().as_str(), one, "canonical");
        for other in others {
            assert_eq!(parse(other), parse(one), "{other}");
        }
    }
    // IDNA 2008 tells these apart, and so does DNS.
    assert_ne!(parse("a@straße.de"), parse("a@strasse.de"));
}

#[test]
fn one_mailbox_is_one_address_however_its_local_part_is_written() {
    for (one, other) in [
        ("josé@x.org", "jose\u{301}@x.org"),
        ("josé@x.org", "JOSE\u{301}@x.org"),
        ("müller@x.org", "MU\u{308}LLER@x.org"),
        ("kim@x.org", "\u{212a}im@x.org"),
        ("ångström@x.org", "\u{212b}ngström@x.org"),
        // The capital has no code point of its own, the small letter has.
        ("\u{1f0}@x.org", "J\u{30c}@x.org"),
        ("ὦ@x.org", "Ω\u{313}\u{342}@x.org"),
        ("각@x.org", "\u{1100}\u{1161}\u{11a8}@x.org"),
    ] {
        assert_eq!(parse(other).unwrap().as_str(), one);
    }
    // The Turkish capital is no `i`: whoever types it means another mailbox, or none.
    assert_ne!(parse("\u{130}lker@x.org"), parse("ilker@x.org"));
}

#[test]
fn lower_case_and_composition_settle_at_once_for_every_capital() {
    // Where lower case changes nothing, NFC alone is at work, which settles by definition.
    for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32).filter(|c| c.to_lowercase().ne([*c])) {
        for text in [c.to_string(), format!("{c}\u{301}"), format!("{c}\u{30c}"), format!("Σ{c}"), format!("A{c}\u{345}Σ")] {
            let once = super::lower(&text);
            assert_eq!(super::lower(&once), once, "{text:?}");
        }
    }
}

#[test]
fn what_earlier_releases_stored_can_be_read_and_nothing_else() {
    for kept in ["ann@example.org", "ann@xn--mnchen-3ya.example", "ann@münchen.example", "bob@ｅxample.org", "a@xn--a.org"] {
        assert_eq!(Email::from_kept(kept).map(|email| email.to_string()), Ok(kept.to_owned()));
    }
    for other in ["Ann@example.org", "ANN@münchen.example", " ann@example.org", "no address", "ann@localhost", "\"a\"@x.org", ""]
    {
        assert!(Email::from_kept(other).is_err(), "{other:?}");
    }
}

#[test]
fn knows_how_people_type_its_domain() {
    let typed = |text: &str| parse(text).unwrap().in_unicode();
    assert_eq!(typed("Ann@xn--mnchen-3ya.example").as_deref(), Some("ann@münchen.example"));
    assert_eq!(typed("a@straße.de").as_deref(), Some("a@straße.de"));
    assert_eq!(typed("josé@x.org"), None);
}

#[test]
fn a_beginning_is_spelled_like_what_begins_with_it() {
    for (typed, prefix) in [
        ("", ""),
        (" Ann", "ann"),
        ("JOSE\u{301}", "josé"),
        ("ann@", "ann@"),
        ("Ann@Exam", "ann@exam"),
        ("ann@example.", "ann@example."),
        ("ann@ex-", "ann@ex-"),
        ("ann@münchen", "ann@xn--mnchen-3ya"),
        ("ann@MÜNCHEN.ex", "ann@xn--mnchen-3ya.ex"),
    ] {
        assert_eq!(canonical_prefix(typed), prefix, "{typed:?}");
    }
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
    let domain = "([a-zA-Z0-9éÉİ例ßｅ\u{301}\u{ad}\u{200d}._-]|xn--|XN--|。){0,12}(\\.[a-zA-Z0-9-]{1,6}){0,3}";
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
            prop_assert!(kept.rsplit_once('@').unwrap().1.is_ascii());
            prop_assert_eq!(parse(kept), Ok(email.clone()));
            prop_assert_eq!(Email::from_kept(kept), Ok(email.clone()));
            if let Some(typed) = email.in_unicode() {
                prop_assert_eq!(parse(&typed), Ok(email.clone()));
            }
            prop_assert!(kept.starts_with(&canonical_prefix(kept)));
        }
    }

    #[test]
    fn case_and_the_space_around_do_not_matter(text in any_text()) {
        prop_assert_eq!(parse(&text.to_ascii_uppercase()), parse(&text));
        prop_assert_eq!(parse(&text.to_ascii_lowercase()), parse(&text));
        prop_assert_eq!(parse(&format!(" {text}\n")), parse(&text));
    }

    #[test]
    fn composed_or_decomposed_is_one_address(text in any_text()) {
        let (nfc, nfd) = (ComposingNormalizer::new_nfc(), DecomposingNormalizer::new_nfd());
        // What is none may be too long in one form and only malformed in the other.
        let parsed = |text: &str| parse(text).map_err(drop);
        prop_assert_eq!(parsed(&nfd.normalize(&text)), parsed(&text));
        prop_assert_eq!(parsed(&nfc.normalize(&text)), parsed(&text));
    }

    #[test]
    fn an_ordinary_address_is_taken(
        local in "[A-Za-z0-9]([A-Za-z0-9_+-]{0,20}[a-z])?",
        domain in "[A-Za-z]([a-z0-9-]{0,20}[a-z0-9])?\\.[A-Za-z]{2,6}",
    ) {
        let text = format!("{local}@{domain}");
        prop_assert_eq!(parse(&text).unwrap().to_string(), text.to_ascii_lowercase());
    }

    #[test]
    fn what_is_plain_is_what_the_parser_takes(
        local in prop::collection::vec(prop::sample::select(vec!["a", "7", ".", "_", "+", "-", "..", "A", "é", "\"", "a".repeat(63).leak()]), 0..5),
        domain in prop::collection::vec(prop::sample::select(vec!["b", "xn--b", "0", ".", "-", "--", "org", "@", "[", "B", "b".repeat(61).leak()]), 0..8),
        end in prop::sample::select(vec![".org", ".o", ".07", ".o-g", ".x1", ".", ""]),
    ) {
        let text = format!("{}@{}{end}", local.concat(), domain.concat());
        if is_plain(&text) && text.len() <= EMAIL_MAX_BYTES {
            prop_assert_eq!(Email::parsed(text.clone()), Ok(Email(text)));
        }
    }
}

#[test]
fn usual_addresses_are_plain() {
    for text in ["ann@example.org", "a.b-c_d+e.7@sub-1.example.co", "7@7.example.museum", "a@xn--bcher-kva.example"] {
        assert!(is_plain(text) && Email::parsed(text.to_owned()).is_ok(), "{text}");
    }
    for text in [
        "ann@localhost",
        "ann@[::1]",
        "ann@example.123",
        ".a@example.org",
        "a..b@example.org",
        "a@-b.org",
        "a@b..org",
        "a@b@c.org",
        "Ann@example.org",
        "\"a\"@b.org",
    ] {
        assert!(!is_plain(text), "{text}");
    }
}
