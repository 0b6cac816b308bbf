//! Members that are more than texts: ids, times, numbers, and lists of objects.

use std::fmt::{self, Display};

use auth_domain::identity::{ids::NotAnId, language::UnknownLanguage};
use chrono::{DateTime, SubsecRound, Utc};
use serde_json::{Map, Value};

use super::{FromMembers, Members, Parse, Rules, Told};
use crate::web::problem::{FaultCode, FieldError};

impl Members {
    /// A list of objects, which may be missing or `null`. The faults of each are told by its place in the list.
    ///
    /// # Errors
    /// It is no list, something in it is no object, or a member of one breaks a rule.
    pub(crate) fn objects<T: FromMembers>(&mut self, name: &'static str) -> Result<Option<Vec<T>>, Told> {
        let items = match self.given.remove(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                return Err(self.fault(name, "wrong_type", "must be a list of objects"));
            }
        };
        let parsed: Vec<_> = items.into_iter().enumerate().map(|(place, item)| self.item(name, place, item)).collect();
        parsed.into_iter().collect::<Result<_, _>>().map(Some)
    }

    fn item<T: FromMembers>(&mut self, list: &str, place: usize, item: Value) -> Result<T, Told> {
        let path = format!("{list}[{place}]");
        let Value::Object(given) = item else {
            self.faults.push(FieldError::new("", "wrong_type", "must be an object").within(&path));
            return Err(Told(()));
        };
        from_object(given, self.rules.clone()).map_err(|faults| {
            self.faults.extend(faults.into_iter().map(|fault| fault.within(&path)));
            Told(())
        })
    }

    /// A whole number that has to be there.
    ///
    /// # Errors
    /// It is missing, no whole number, or out of the range of its type.
    pub(crate) fn integer<T: TryFrom<i64>>(&mut self, name: &'static str) -> Result<T, Told> {
        match self.given.remove(name) {
            None => Err(self.fault(name, "missing", "is required")),
            Some(Value::Number(number)) if !number.is_f64() => {
                let fits = number.as_i64().map(T::try_from).into_iter().flatten().next();
                fits.ok_or_else(|| self.fault(name, "out_of_range", "is out of range"))
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
                Err(self.fault(name, "wrong_type", "must be a whole number"))
            }
        }
    }

    /// A member that has to be `true` or `false`.
    ///
    /// # Errors
    /// It is missing, or anything else.
    pub(crate) fn required_boolean(&mut self, name: &'static str) -> Result<bool, Told> {
        self.boolean(name)?.ok_or_else(|| self.fault(name, "missing", "is required"))
    }
}

/// What can be made of an object, whose members nobody has looked at yet.
///
/// # Errors
/// Every fault of every member.
pub(crate) fn from_object<T: FromMembers>(given: Map<String, Value>, rules: Rules) -> Result<T, Vec<FieldError>> {
    let mut members = Members { given, rules, faults: Vec::new() };
    match (T::from_members(&mut members), members.faults) {
        (Ok(parsed), faults) if faults.is_empty() => Ok(parsed),
        (Ok(_) | Err(Told(())), faults) => Err(faults),
    }
}

/// A time, to the microsecond: databases keep no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) DateTime<Utc>);

/// The text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotATime;

impl Display for NotATime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a time as in RFC 3339, such as 2026-03-01T12:00:00Z")
    }
}

impl FaultCode for NotATime {
    fn code(&self) -> &'static str {
        "invalid_time"
    }
}

impl Parse for Time {
    type Fault = NotATime;

    fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<NotATime>> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_malformed| vec![NotATime])?;
        Ok(Self(time.to_utc().trunc_subsecs(6)))
    }
}

impl FaultCode for NotAnId {
    fn code(&self) -> &'static str {
        "invalid_id"
    }
}

impl FaultCode for UnknownLanguage {
    fn code(&self) -> &'static str {
        "unknown_language"
    }
}
