//! Lines of a file, one after the other, none of them longer than is bearable.

use std::io::{self, BufRead, BufReader, Cursor, Read};

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    /// `None` where it is too long; the rest of the file can be read.
    pub(super) text: Option<Vec<u8>>,
}

/// The lines of a file, blank ones left out but counted.
#[derive(Debug)]
pub(super) struct Lines<R> {
    source: R,
    longest: u64,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Takes lines of at most so many bytes.
    pub(super) fn of(source: R, longest: u64) -> Self {
        Self { source, longest, number: 0 }
    }

    /// `None` at the end.
    fn read(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut text = Vec::new();
            // With its end, which may be two bytes.
            let most = self.longest.saturating_add(2);
            if self.source.by_ref().take(most).read_until(b'\n', &mut text)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let is_cut = !text.ends_with(b"\n") && u64::try_from(text.len()).is_ok_and(|length| length == most);
            if is_cut {
                self.skip()?;
            }
            while text.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
                text.pop();
            }
            let is_long = is_cut || u64::try_from(text.len()).is_ok_and(|length| length > self.longest);
            if is_long {
                return Ok(Some(Line { number: self.number, text: None }));
            }
            if !text.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(Line { number: self.number, text: Some(text) }));
            }
        }
    }

    /// The rest of a line.
    fn skip(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.source.fill_buf()?;
            let (length, end) = (buffer.len(), buffer.iter().position(|byte| *byte == b'\n'));
            self.source.consume(end.map_or(length, |end| end + 1));
            if end.is_some() || length == 0 {
                return Ok(());
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Without the byte order mark that some programs write in front of UTF-8.
pub(super) fn without_mark(mut source: impl Read) -> io::Result<impl BufRead> {
    let mut first = Vec::new();
    source.by_ref().take(3).read_to_end(&mut first)?;
    if first == b"\xef\xbb\xbf" {
        first.clear();
    }
    Ok(Cursor::new(first).chain(BufReader::new(source)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], longest: u64) -> Vec<(u64, Option<String>)> {
        // A source that gives one byte at a time.
        let lines = Lines::of(BufReader::with_capacity(1, text), longest);
        lines
            .map(|line| line.unwrap())
            .map(|line| (line.number, line.text.map(|text| String::from_utf8(text).unwrap())))
            .collect()
    }

    #[test]
    fn lines_end_as_they_like_and_blank_ones_count() {
        let text = |number, text: &str| (number, Some(text.to_owned()));
        assert_eq!(read(b"a\r\n\n \t\r\nbc\n", 9), [text(1, "a"), text(4, "bc")]);
        assert_eq!(read(b"a\nb", 9), [text(1, "a"), text(2, "b")]);
        assert_eq!(read(b"", 9), []);
        assert_eq!(read(b"\n", 9), []);
    }

    #[test]
    fn what_is_too_long_is_passed_over() {
        let text = |number, text: &str| (number, Some(text.to_owned()));
        let long = "x".repeat(100);
        assert_eq!(read(format!("abc\n{long}\nabc\r\n").as_bytes(), 3), [text(1, "abc"), (2, None), text(3, "abc")]);
        assert_eq!(read(b"abcd\nabcd", 3), [(1, None), (2, None)]);
        assert_eq!(read(format!("abc\n{long}").as_bytes(), 3), [text(1, "abc"), (2, None)]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        for (written, kept) in
            [("\u{feff}{}", "{}"), ("{}", "{}"), ("a", "a"), ("", ""), ("\u{feff}", ""), ("\u{feff}\u{feff}", "\u{feff}")]
        {
            let mut text = String::new();
            without_mark(written.as_bytes()).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, kept);
        }
    }
}
