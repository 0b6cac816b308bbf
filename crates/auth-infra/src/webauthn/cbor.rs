//! The part of CBOR that CTAP2 allows, in its canonical form and in no other (CTAP 2.2 section 8, RFC 8949 section 4.2).
//!
//! Definite lengths, shortest heads, keys in order; no tags, no floats, four levels of arrays and maps. So a value has one spelling,
//! and what is read here is what any other reader sees. WebAuthn Level 3 section 2.4 asks decoders to refuse all else. The order of
//! keys is enforced as well: Chromium's reader enforces it on what authenticators say, and browsers write attestation objects anew, in
//! this order. As each key has to be greater than the one before, no key comes twice, which one pass finds out.

/// How deep arrays and maps may be nested (CTAP 2.2 section 8).
const LEVELS: usize = 4;

/// How many items one value may have. An attestation object has about thirty at most, so that no sender makes much of few bytes.
const ITEMS: usize = 256;

/// The bytes are no canonical CBOR, or end too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not canonical CBOR")]
pub struct NotCanonical;

/// A value, whose bytes and texts are where they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// From -2^64 to 2^64 - 1.
    Integer(i128),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Item<'a>>),
    /// Its keys are integers and texts, in order.
    Map(Vec<(Item<'a>, Item<'a>)>),
    Bool(bool),
    Null,
}

/// Reads one value, which is all there is.
///
/// # Errors
/// [`NotCanonical`].
pub fn whole(bytes: &[u8]) -> Result<Item<'_>, NotCanonical> {
    let (item, rest) = first(bytes)?;
    if rest.is_empty() { Ok(item) } else { Err(NotCanonical) }
}

/// Reads one value, and says what follows it.
///
/// # Errors
/// [`NotCanonical`].
pub fn first(bytes: &[u8]) -> Result<(Item<'_>, &[u8]), NotCanonical> {
    let mut reader = Reader { rest: bytes, items: ITEMS };
    let item = reader.item(LEVELS)?;
    Ok((item, reader.rest))
}

impl<'a> Item<'a> {
    #[must_use]
    pub fn integer(&self) -> Option<i128> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    #[must_use]
    pub fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    #[must_use]
    pub fn map(&self) -> Option<&[(Item<'a>, Item<'a>)]> {
        if let Self::Map(entries) = self { Some(entries) } else { None }
    }

    /// What a map has under a text.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Item<'a>> {
        self.map()?.iter().find(|(key, _)| key.text() == Some(name)).map(|(_, value)| value)
    }

    /// What a map has under an integer, as those of COSE have it.
    #[must_use]
    pub fn labelled(&self, label: i128) -> Option<&Item<'a>> {
        self.map()?.iter().find(|(key, _)| key.integer() == Some(label)).map(|(_, value)| value)
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    /// How many more there may be.
    items: usize,
}

impl<'a> Reader<'a> {
    fn item(&mut self, levels: usize) -> Result<Item<'a>, NotCanonical> {
        self.items = self.items.checked_sub(1).ok_or(NotCanonical)?;
        let (kind, argument) = self.head()?;
        match (kind, argument) {
            (0, number) => Ok(Item::Integer(number.into())),
            (1, number) => Ok(Item::Integer(-1 - i128::from(number))),
            (2, length) => Ok(Item::Bytes(self.take(length)?)),
            (3, length) => str::from_utf8(self.take(length)?).map(Item::Text).map_err(|_position| NotCanonical),
            (4, length) => self.array(length, levels.checked_sub(1).ok_or(NotCanonical)?),
            (5, length) => self.map(length, levels.checked_sub(1).ok_or(NotCanonical)?),
            (7, 20) => Ok(Item::Bool(false)),
            (7, 21) => Ok(Item::Bool(true)),
            (7, 22) => Ok(Item::Null),
            _ => Err(NotCanonical),
        }
    }

    /// The major type, and the argument in its shortest form.
    fn head(&mut self) -> Result<(u8, u64), NotCanonical> {
        let (&head, rest) = self.rest.split_first().ok_or(NotCanonical)?;
        self.rest = rest;
        let (kind, short) = (head >> 5, head & 0x1f);
        let (length, least) = match short {
            0..=23 => return Ok((kind, short.into())),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            // Reserved, or an indefinite length.
            _ => return Err(NotCanonical),
        };
        let argument = self.take(length)?.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        if argument < least { Err(NotCanonical) } else { Ok((kind, argument)) }
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], NotCanonical> {
        let length = usize::try_from(length).map_err(|_too_long| NotCanonical)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(NotCanonical)?;
        self.rest = rest;
        Ok(taken)
    }

    /// No capacity is taken on the sender's word.
    fn array(&mut self, length: u64, levels: usize) -> Result<Item<'a>, NotCanonical> {
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(self.item(levels)?);
        }
        Ok(Item::Array(items))
    }

    fn map(&mut self, length: u64, levels: usize) -> Result<Item<'a>, NotCanonical> {
        let mut entries = Vec::new();
        let mut before = None;
        for _ in 0..length {
            let start = self.rest;
            let key = self.item(0)?;
            let (Item::Integer(_) | Item::Text(_)) = key else { return Err(NotCanonical) };
            let encoded = start.get(..start.len() - self.rest.len()).ok_or(NotCanonical)?;
            let rank = Some(rank(encoded));
            if rank <= before {
                return Err(NotCanonical);
            }
            before = rank;
            entries.push((key, self.item(levels)?));
        }
        Ok(Item::Map(entries))
    }
}

/// What keys are ordered by: the major type, then the length, then the bytes.
fn rank(encoded: &[u8]) -> (u8, usize, &[u8]) {
    (encoded.first().map_or(0, |head| head >> 5), encoded.len(), encoded)
}

#[cfg(test)]
mod tests;
