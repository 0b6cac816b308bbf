//! Unambiguous JSON. Two parsers of a text must not see different values, so what RFC 8259 leaves open is refused.
//!
//! `serde_json` alone keeps the last of two members, and a struct that it fills takes a member twice that it does not know: then
//! `auth-infra`'s `a_member_twice_is_refused_even_when_nobody_reads_it` fails, and `a_member_twice_in_one_object_is_refused_at_any_depth`.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text is refused. Names the fault and its position, and never quotes the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("not UTF-8")]
    NotUtf8,
    #[error("begins with a byte order mark")]
    ByteOrderMark,
    #[error("a member appears twice in one object, at line {line} column {column}")]
    DuplicateMember { line: usize, column: usize },
    /// Not JSON, too deep, a number out of range, or something after the value.
    #[error("{0}")]
    NotJson(String),
}

/// Parses one value: UTF-8 without a byte order mark (RFC 8259 section 8.1), no duplicate member in an object at any depth (RFC
/// 7493 section 2.3), at most 127 levels deep, followed by nothing but white space.
///
/// # Errors
/// The text is anything else.
pub fn parse(bytes: &[u8]) -> Result<Value, Malformed> {
    let text = str::from_utf8(bytes).map_err(|_position| Malformed::NotUtf8)?;
    if text.starts_with('\u{feff}') {
        return Err(Malformed::ByteOrderMark);
    }
    let duplicate = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { duplicate: &duplicate }.deserialize(&mut deserializer);
    value.and_then(|value| deserializer.end().map(|()| value)).map_err(|error| {
        if duplicate.get() {
            Malformed::DuplicateMember { line: error.line(), column: error.column() }
        } else {
            // The parser's messages are constants with a position.
            Malformed::NotJson(error.to_string())
        }
    })
}

/// Builds the same value as `serde_json`, but refuses duplicate names.
#[derive(Clone, Copy)]
struct Strict<'a> {
    duplicate: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                self.duplicate.set(true);
                return Err(A::Error::custom("duplicate member"));
            }
            let value = members.next_value_seed(self)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests;
