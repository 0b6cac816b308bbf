//! What commands print. Much of it comes from outside: addresses, user agents, rows of foreign files, messages about them. Characters
//! that a terminal obeys, or that make a line look like another one, are printed as escapes here and nowhere else.

use std::io;

use serde::Serialize;
use serde_json::{Serializer, ser::Formatter};

/// Control characters (C0, DEL, C1), line and paragraph separators, and what is invisible or turns the direction of writing
/// (<https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>).
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A text as a part of one line.
pub(crate) fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_obeyed(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

/// Texts, each as one line.
pub(crate) fn lines(lines: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    lines.into_iter().map(|text| line(text.as_ref())).collect::<Vec<_>>().join("\n")
}

/// A message of several lines.
pub(crate) fn message(text: &str) -> String {
    lines(text.split('\n'))
}

/// JSON on one line: the same characters as escapes of JSON, which mean the characters themselves.
pub(crate) fn json(document: &impl Serialize) -> String {
    let mut text = Vec::new();
    match document.serialize(&mut Serializer::with_formatter(&mut text, Escaping)) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_no_document_fails) => String::new(),
    }
}

struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            if is_obeyed(c) {
                c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?;
            } else {
                writer.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each kind, and what may stay.
    const OBEYED: &str = "\0\u{7}\u{8}\t\n\r\u{1b}\u{7f}\u{80}\u{9b}\u{ad}\u{61c}\u{180e}\u{200b}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\
        \u{2060}\u{2066}\u{2069}\u{206f}\u{feff}\u{fffb}\u{e0001}\u{e007f}";
    const FINE: &str = "aé ü§Ω 界 😀 \\u{41} \" ' `";

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed() {
        let shown = lines([OBEYED, FINE]);
        assert!(shown.starts_with("\\u{0}\\u{7}\\u{8}\\u{9}\\u{a}\\u{d}\\u{1b}\\u{7f}\\u{80}\\u{9b}"), "{shown}");
        assert_eq!(shown.split_once('\n').map(|(_, second)| second), Some(FINE));
        assert!(shown.chars().all(|c| c == '\n' || !is_obeyed(c)), "{shown}");
        assert_eq!(message("one\ntwo\u{1b}[2J"), "one\ntwo\\u{1b}[2J");
    }

    #[test]
    fn json_says_the_same_without_them() {
        let document = [OBEYED, FINE];
        let shown = json(&document);
        assert!(!shown.chars().any(is_obeyed), "{shown}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), document);
    }
}
