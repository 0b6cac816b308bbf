//! The members of a JSON object that another system wrote. What is wrong is told by the member's name, never by its value.

use auth_domain::admin::import::Refusal;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::time;

pub(super) fn unreadable(why: impl Into<String>) -> Refusal {
    Refusal::Unreadable(why.into())
}

pub(super) fn wrong(name: &str, expected: &str) -> Refusal {
    unreadable(format!("{name} is not {expected}"))
}

/// Null is as good as missing, and so is an empty text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    pub(super) fn of(members: &'a Map<String, Value>) -> Self {
        Self(members)
    }

    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Whether it is there, be it null.
    pub(super) fn names(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn text(self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| wrong(name, "a text"))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    pub(super) fn flag(self, name: &str) -> Result<Option<bool>, Refusal> {
        self.get(name).map(|value| value.as_bool().ok_or_else(|| wrong(name, "true or false"))).transpose()
    }

    pub(super) fn object(self, name: &str) -> Result<Option<Members<'a>>, Refusal> {
        let object = |value: &'a Value| value.as_object().map(Members).ok_or_else(|| wrong(name, "an object"));
        self.get(name).map(object).transpose()
    }

    /// None is an empty one.
    pub(super) fn list(self, name: &str) -> Result<&'a [Value], Refusal> {
        let list = |value: &'a Value| value.as_array().map(Vec::as_slice).ok_or_else(|| wrong(name, "a list"));
        self.get(name).map_or(Ok(&[]), list)
    }

    /// A list of objects.
    pub(super) fn objects(self, name: &str) -> Result<Vec<Members<'a>>, Refusal> {
        let object = |value: &'a Value| value.as_object().map(Members).ok_or_else(|| wrong(name, "a list of objects"));
        self.list(name)?.iter().map(object).collect()
    }

    pub(super) fn time(self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let time = |text| time::of_text(text).ok_or_else(|| wrong(name, "a time"));
        self.text(name)?.map(time).transpose()
    }

    /// A time in milliseconds since 1970, as a number or as a text.
    pub(super) fn millis(self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let millis = |value: &Value| match value {
            Value::String(digits) => digits.parse().map_or(None, time::of_millis),
            Value::Number(number) => number.as_i64().and_then(time::of_millis),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let time = |value| millis(value).ok_or_else(|| wrong(name, "a time in milliseconds"));
        self.get(name).map(time).transpose()
    }

    /// A text that is a JSON object itself.
    pub(super) fn json(self, name: &str) -> Result<Option<Map<String, Value>>, Refusal> {
        self.text(name)?.map(|text| object_of(text).ok_or_else(|| wrong(name, "the text of a JSON object"))).transpose()
    }

    pub(super) fn to_map(self) -> Map<String, Value> {
        self.0.clone()
    }
}

/// The JSON object that a text is.
pub(super) fn object_of(text: &str) -> Option<Map<String, Value>> {
    match strict_json::parse(text.as_bytes()) {
        Ok(Value::Object(members)) => Some(members),
        Ok(_) | Err(_) => None,
    }
}
