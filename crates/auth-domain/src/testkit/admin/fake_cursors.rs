//! Cursors that anybody can read.

use crate::{admin::ports::CursorCodec, testkit::fakes::with_checksum};

/// Writes a place in clear, with a checksum over the key and the list in the place of a signature.
#[derive(Debug, Clone)]
pub struct FakeCursors {
    key: String,
}

impl FakeCursors {
    #[must_use]
    pub fn with_key(key: &str) -> Self {
        Self { key: key.to_owned() }
    }
}

impl Default for FakeCursors {
    fn default() -> Self {
        Self::with_key("cursors")
    }
}

impl CursorCodec for FakeCursors {
    fn seal(&self, list: &str, place: &str) -> String {
        with_checksum(&format!("{}\0{list}", self.key), place)
    }

    fn open(&self, list: &str, cursor: &str) -> Option<String> {
        let (place, _) = cursor.rsplit_once('|')?;
        (self.seal(list, place) == cursor).then(|| place.to_owned())
    }
}
