//! What applications keep of an account: a small JSON object (RFC 8259).

use std::{fmt, str::FromStr};

use serde_json::{Map, Value};

/// The largest document, in bytes of compact JSON.
pub const DOCUMENT_MAX_BYTES: usize = 4096;

/// How deep a document may be: the object itself is one level, and each object or array in it one more.
pub const DOCUMENT_MAX_DEPTH: usize = 5;

/// A JSON object within the limits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document(Map<String, Value>);

/// Why a value cannot be a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFault {
    #[error("must be an object")]
    NoObject,
    #[error("must be at most {DOCUMENT_MAX_BYTES} bytes of compact JSON after the change")]
    TooLarge,
    #[error("must be at most {DOCUMENT_MAX_DEPTH} levels deep after the change")]
    TooDeep,
}

impl Document {
    /// # Errors
    /// [`DocumentFault`].
    pub fn of(members: Map<String, Value>) -> Result<Self, DocumentFault> {
        let value = Value::Object(members);
        if depth(&value) > DOCUMENT_MAX_DEPTH {
            return Err(DocumentFault::TooDeep);
        }
        if value.to_string().len() > DOCUMENT_MAX_BYTES {
            return Err(DocumentFault::TooLarge);
        }
        match value {
            Value::Object(members) => Ok(Self(members)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Err(DocumentFault::NoObject),
        }
    }

    /// The document after a merge patch (RFC 7396). A patch of `null` clears it.
    ///
    /// # Errors
    /// [`DocumentFault`], of the document as it would be.
    pub fn patched(&self, patch: &Value) -> Result<Self, DocumentFault> {
        match patch {
            Value::Null => Ok(Self::default()),
            Value::Object(patch) => {
                let mut members = self.0.clone();
                merge(&mut members, patch);
                Self::of(members)
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Err(DocumentFault::NoObject),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// RFC 7396 section 2. What is deeper than a patch may be was refused when it was parsed.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(patch) => {
                let mut below = match target.remove(name) {
                    Some(Value::Object(members)) => members,
                    Some(_) | None => Map::new(),
                };
                merge(&mut below, patch);
                target.insert(name.clone(), Value::Object(below));
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}

fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Object(members) => members.values().map(depth).max(),
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return 0,
    };
    1 + deepest.unwrap_or(0)
}

impl fmt::Display for Document {
    /// Compact JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Value::Object(self.0.clone()).to_string())
    }
}

impl FromStr for Document {
    type Err = DocumentFault;

    /// As databases hold it.
    fn from_str(text: &str) -> Result<Self, DocumentFault> {
        match text.parse() {
            Ok(Value::Object(members)) => Self::of(members),
            Ok(_) | Err(_) => Err(DocumentFault::NoObject),
        }
    }
}

#[cfg(test)]
mod tests;
