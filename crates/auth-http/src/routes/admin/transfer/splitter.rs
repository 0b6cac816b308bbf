//! Lines of a stream that may be of any length: one of them is held at most, and what is too long is dropped as it comes.

use actix_web::web::{Buf, Bytes, BytesMut};
use auth_domain::admin::import::Candidate;

use super::line::{self, LINE_MAX_BYTES};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What may be in front of a line and behind it, and does not count.
const AROUND: usize = BYTE_ORDER_MARK.len() + b"\r".len();

/// Splits what comes into lines, and reads an account from each that is not blank. Lines are numbered from 1, blank ones too.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    /// The beginning of a line whose end has not come yet.
    held: BytesMut,
    /// There was more of it than may be.
    is_too_long: bool,
    /// How many lines there were.
    number: u64,
}

impl Splitter {
    /// The account of the next line that ends in what came, of which that line is taken. `None` once all of it is taken: the rest is
    /// the beginning of a line.
    pub(crate) fn next(&mut self, came: &mut Bytes) -> Option<Candidate> {
        loop {
            let Some(end) = came.iter().position(|byte| *byte == b'\n') else {
                self.hold(came);
                came.clear();
                return None;
            };
            let rest = came.split_to(end);
            came.advance(1);
            if let Some(candidate) = self.line(&rest) {
                return Some(candidate);
            }
        }
    }

    /// The account of the last line, where nothing ends it but the end of everything.
    pub(crate) fn end(&mut self) -> Option<Candidate> {
        self.line(&[])
    }

    fn hold(&mut self, came: &[u8]) {
        self.is_too_long |= self.held.len() + came.len() > LINE_MAX_BYTES + AROUND;
        if self.is_too_long {
            self.held = BytesMut::new();
        } else {
            self.held.extend_from_slice(came);
        }
    }

    /// A line, of which this is the end. `None` if it is blank.
    fn line(&mut self, end: &[u8]) -> Option<Candidate> {
        self.number += 1;
        if self.held.is_empty() && !self.is_too_long {
            return self.read(end);
        }
        self.hold(end);
        if std::mem::take(&mut self.is_too_long) {
            return Some(line::too_long(self.number));
        }
        let whole = std::mem::take(&mut self.held);
        let candidate = self.read(&whole);
        // Its room serves the next one.
        self.held = whole;
        self.held.clear();
        candidate
    }

    fn read(&self, line: &[u8]) -> Option<Candidate> {
        let line = if self.number == 1 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line) } else { line };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            None
        } else if line.len() > LINE_MAX_BYTES {
            Some(line::too_long(self.number))
        } else {
            Some(line::read(self.number, line))
        }
    }
}

#[cfg(test)]
mod tests;
