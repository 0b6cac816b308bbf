//! The records in one JSON document, one after the other: the document is never held as a whole.

use std::{
    fmt,
    io::{self, BufRead},
};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{error::Category, value::RawValue};

use super::FileFault;

/// The largest document, in bytes.
const LARGEST: u64 = 1 << 30;

/// Where a document has its records.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// It is a list of them.
    Top,
    /// It is an object with a member that is a list of them.
    Member(&'static str),
}

/// Hands out each record as its text, numbered from 1.
pub(super) fn records(
    source: impl BufRead,
    place: Place,
    expected: &'static str,
    mut each: impl FnMut(u64, &str),
) -> Result<(), FileFault> {
    let mut source = source.take(LARGEST + 1);
    let mut deserializer = serde_json::Deserializer::from_reader(&mut source);
    let read = match place {
        Place::Top => Records(&mut each).deserialize(&mut deserializer),
        Place::Member(name) => Within { name, each: &mut each }.deserialize(&mut deserializer),
    };
    let read = read.and_then(|()| deserializer.end());
    if source.limit() == 0 {
        return Err(FileFault::Shape { expected, why: format!("it has more than {LARGEST} bytes; divide it") });
    }
    read.map_err(|error| told(error, place, expected))
}

fn told(error: serde_json::Error, place: Place, expected: &'static str) -> FileFault {
    let shape = |why: String| FileFault::Shape { expected, why };
    match (error.classify(), place) {
        (Category::Io, _) => FileFault::Io(io::Error::from(error)),
        // The parser's messages about the text are constants with a position; those about values are not.
        (Category::Syntax | Category::Eof, _) => shape(format!("{error}")),
        (Category::Data, Place::Top) => shape("there is no list".to_owned()),
        (Category::Data, Place::Member(name)) => shape(format!("there is no list `{name}`, or there are two")),
    }
}

struct Records<'e, E>(&'e mut E);

impl<'de, E: FnMut(u64, &str)> DeserializeSeed<'de> for Records<'_, E> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, E: FnMut(u64, &str)> Visitor<'de> for Records<'_, E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(record) = items.next_element::<Box<RawValue>>()? {
            number += 1;
            (self.0)(number, record.get());
        }
        Ok(())
    }
}

struct Within<'e, E> {
    name: &'static str,
    each: &'e mut E,
}

impl<'de, E: FnMut(u64, &str)> DeserializeSeed<'de> for Within<'_, E> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, E: FnMut(u64, &str)> Visitor<'de> for Within<'_, E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut is_there = false;
        while let Some(name) = members.next_key::<String>()? {
            if name != self.name {
                members.next_value::<IgnoredAny>()?;
            } else if is_there {
                return Err(A::Error::custom("twice"));
            } else {
                members.next_value_seed(Records(self.each))?;
                is_there = true;
            }
        }
        if is_there { Ok(()) } else { Err(A::Error::missing_field(self.name)) }
    }
}
