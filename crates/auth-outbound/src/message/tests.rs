//! Messages as they go over the line.

use auth_domain::{
    identity::language::Language,
    mail::{
        message::{MailId, Template},
        origin::Origin,
    },
};
use uuid::Uuid;

use super::*;

pub(crate) const ID: &str = "0193a0c4-5a00-7000-8000-00000000002a";

pub(crate) fn mail_to(to: &str) -> Mail {
    Mail {
        id: MailId(Uuid::parse_str(ID).unwrap()),
        template: Template::Verify,
        to: to.parse().unwrap(),
        language: Language::German,
        origin: Origin::default(),
        other_address: None,
        created_at: DateTime::from_timestamp(1_796_043_845, 123_000_000).unwrap(),
        proof: None,
    }
}

pub(crate) fn rendered() -> Rendered {
    Rendered {
        subject: "Bestätige deine Adresse ✉".to_owned(),
        text: "Grüße!\n.\n.. zwei Punkte\nhttps://auth.example.org/pages/verify#token=0123456789012345678901234567890123456789012345678901234567890123456789\n".to_owned(),
        html: "<p>Gr&uuml;&szlig;e! <a href=\"https://auth.example.org/pages/verify#token=abc\">Öffnen</a></p>\n".to_owned(),
    }
}

pub(crate) fn sender() -> Sender {
    "Beispiel & Söhne <no-reply@münchen.example>".parse().unwrap()
}

pub(crate) fn letter_to(to: &str) -> Letter {
    Letter::compose(&mail_to(to), rendered(), &sender()).unwrap()
}

fn text(letter: &Letter) -> String {
    String::from_utf8(letter.content.clone()).unwrap()
}

/// The value of a header, unfolded.
fn header(letter: &Letter, name: &str) -> String {
    let head = text(letter).split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    let found: Vec<_> = head.split("\r\n").filter_map(|line| line.strip_prefix(&format!("{name}: "))).collect();
    assert_eq!(found.len(), 1, "{name}: {head}");
    found[0].to_owned()
}

#[test]
fn a_message_has_the_headers_that_mail_servers_and_machines_look_for() {
    let letter = letter_to("ann@example.org");
    assert_eq!(header(&letter, "Message-ID"), format!("<{ID}@xn--mnchen-3ya.example>"));
    assert_eq!(header(&letter, "Date"), "Mon, 30 Nov 2026 13:04:05 +0000");
    assert_eq!(header(&letter, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&letter, "MIME-Version"), "1.0");
    assert_eq!(header(&letter, "To"), "ann@example.org");
    assert!(header(&letter, "From").ends_with("<no-reply@xn--mnchen-3ya.example>"), "{}", header(&letter, "From"));
    assert!(header(&letter, "Subject").starts_with("=?utf-8?"), "{}", header(&letter, "Subject"));
    assert!(header(&letter, "Content-Type").starts_with("multipart/alternative"));
}

#[test]
fn everything_is_ascii_in_short_lines() {
    let letter = letter_to("ann@example.org");
    assert!(letter.content.is_ascii() && !letter.is_international());
    for line in text(&letter).split("\r\n") {
        assert!(line.len() <= 78 && !line.contains(['\r', '\n']), "{line:?}");
    }
    let mut long = rendered();
    long.subject = "ä".repeat(500);
    long.text = "x".repeat(5000);
    long.html = "ö".repeat(5000);
    let letter = Letter::compose(&mail_to("ann@example.org"), long, &sender()).unwrap();
    assert!(text(&letter).split("\r\n").all(|line| line.len() <= 78));
}

#[test]
fn a_long_header_is_folded_at_its_spaces_and_nowhere_else() {
    let sender = format!("{} <no-reply@example.org>", "Beispiel GmbH – Anmeldung ".repeat(3).trim()).parse().unwrap();
    let words = Rendered { subject: "A long subject of short words, ".repeat(9), ..rendered() };
    let letter = Letter::compose(&mail_to("ann@example.org"), words, &sender).unwrap();
    assert!(text(&letter).split("\r\n").all(|line| line.len() <= 78), "{}", text(&letter));
    assert_eq!(header(&letter, "Subject"), "A long subject of short words, ".repeat(9).trim());
    let unbroken = Rendered { subject: "x".repeat(300), ..rendered() };
    let letter = Letter::compose(&mail_to("ann@example.org"), unbroken, &sender).unwrap();
    assert_eq!(header(&letter, "Subject").trim(), "x".repeat(300));
}

#[test]
fn text_comes_before_html_and_both_are_quoted_printable() {
    let letter = letter_to("ann@example.org");
    let text = text(&letter);
    let (plain, html) = (
        text.find("Content-Type: text/plain; charset=utf-8").unwrap(),
        text.find("Content-Type: text/html; charset=utf-8").unwrap(),
    );
    assert!(plain < html);
    assert_eq!(text.matches("Content-Transfer-Encoding: quoted-printable").count(), 2);
    assert!(text.contains("Gr=C3=BC=C3=9Fe!\r\n.\r\n.. zwei Punkte\r\n"), "{text}");
    let boundary = "=_0193a0c45a0070008000";
    assert_eq!((text.matches(&format!("--{boundary}\r\n")).count(), text.matches(&format!("--{boundary}--")).count()), (2, 1));
}

#[test]
fn no_header_comes_from_what_is_rendered() {
    let mut rendered = rendered();
    rendered.subject = "Hello\r\nBcc: eve@example.org\r\n\r\n<p>\u{0}\u{85}x".to_owned();
    rendered.text = format!("--=_0193a0c45a0070008000\r\nBcc: eve@example.org\r\n{}", rendered.text);
    let letter = Letter::compose(&mail_to("ann@example.org"), rendered, &sender()).unwrap();
    assert_eq!(header(&letter, "Subject"), "Hello Bcc: eve@example.org <p> x");
    assert!(!text(&letter).contains("\nBcc:") || !text(&letter).split("\r\n\r\n").next().unwrap().contains("\nBcc:"));
    assert_eq!(text(&letter).matches("\r\n--=_0193a0c45a0070008000\r\n").count(), 2, "a boundary of a text is encoded");
}

#[test]
fn a_domain_goes_in_ascii_and_other_letters_only_before_the_at() {
    let letter = letter_to("ann@bücher.example");
    assert!(!letter.is_international() && header(&letter, "To") == "ann@xn--bcher-kva.example");
    let kept = Mail { to: Email::from_kept("ann@bücher.example").unwrap(), ..mail_to("ann@example.org") };
    let letter = Letter::compose(&kept, rendered(), &sender()).unwrap();
    assert_eq!(letter.to.to_string(), "ann@xn--bcher-kva.example", "as an earlier release kept it");
    let letter = letter_to("jörg@example.org");
    assert!(letter.is_international());
    assert_eq!(letter.to.to_string(), "jörg@example.org");
}

#[test]
fn whatever_address_there_may_be_is_carried() {
    let longest = format!("{}@{}.example", "a".repeat(64), ["b".repeat(60), "c".repeat(60), "d".repeat(54)].join("."));
    assert_eq!(longest.len(), 64 + 1 + 60 + 1 + 60 + 1 + 54 + 8);
    for to in ["o'hara+a=b/c{d}|e~f@example.org", "a.b-c_d@sub.example.org", "!#$%&*?^`@example.org", longest.as_str()] {
        let letter = letter_to(to);
        assert_eq!(letter.to.to_string(), to);
        assert!(text(&letter).split("\r\n").all(|line| line.len() <= 998), "{to}");
    }
}
