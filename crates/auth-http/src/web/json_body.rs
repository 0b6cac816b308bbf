//! Request bodies: each member parsed once at the edge, every fault of every member in one answer.

mod typed;

use std::{
    convert::Infallible,
    fmt::{self, Display},
    future,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Bytes};
use auth_domain::{
    factors::factor::{FactorId, FactorName, FactorNameFault},
    identity::{
        email::{Email, EmailFault},
        ids::{NotAnId, UserId},
        language::{Language, UnknownLanguage},
        role::{Role, RoleFault},
    },
    passwords::policy::{ChosenPassword, NewPassword, PasswordAttempt, PasswordFault, PasswordPolicy},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use strict_json::Malformed;
use zeroize::Zeroizing;

pub(crate) use self::typed::{Time, from_object};
use crate::{
    app::use_cases::UseCases,
    web::{
        media::{Media, check_media_type},
        problem::{FaultCode, FieldError, Problem},
    },
};

/// A body as `middleware::intake` read it: whole, within the limit, in time.
#[derive(Clone)]
pub(crate) struct RawBody(pub(crate) Bytes);

impl RawBody {
    /// The body of a request; empty where it has none.
    ///
    /// # Errors
    /// `unsupported_media_type` when it does not say that it is `media`.
    pub(crate) fn of(request: &HttpRequest, media: Media) -> Result<Self, Problem> {
        // A body that is there has had its type checked; one that is missing has to have one as well.
        check_media_type(request.headers(), media)?;
        let body = request.extensions().get::<Self>().cloned();
        Ok(body.unwrap_or_else(|| Self(Bytes::new())))
    }
}

/// A body of the declared shape: there is one only where every member keeps its rules.
pub struct JsonBody<B>(pub B);

impl<B: FromMembers + 'static> FromRequest for JsonBody<B> {
    type Error = Problem;
    type Future = future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _already_read: &mut Payload) -> Self::Future {
        let rules = Rules { policy: UseCases::of(request).passwords.policy, owner: None };
        future::ready(RawBody::of(request, B::MEDIA).and_then(|RawBody(bytes)| parse(&bytes, rules)).map(JsonBody))
    }
}

/// What the members of a body are parsed by.
#[derive(Clone)]
pub struct Rules {
    pub policy: PasswordPolicy,
    /// The address of the account, which a new password may not contain.
    pub owner: Option<Email>,
}

/// What can be made of the members of a body.
///
/// Ask for every member before the first `?`, so that every fault is told:
///
/// ```
/// use auth_http::web::json_body::{FromMembers, Members, Told};
///
/// struct Pair(String, String);
///
/// impl FromMembers for Pair {
///     fn from_members(members: &mut Members) -> Result<Self, Told> {
///         let (one, other) = (members.required("one"), members.required("other"));
///         Ok(Self(one?, other?))
///     }
/// }
/// ```
pub trait FromMembers: Sized {
    /// What such a body has to say that it is.
    const MEDIA: Media = Media::Json;

    /// # Errors
    /// A fault has been told.
    fn from_members(members: &mut Members) -> Result<Self, Told>;
}

/// The members of a body that nobody has asked for yet, and what is wrong with the others.
pub struct Members {
    given: Map<String, Value>,
    rules: Rules,
    faults: Vec<FieldError>,
}

/// Proof that a fault has been told. Only [`Members`] makes one, so nothing fails without a word to the client.
#[derive(Debug)]
pub struct Told(());

impl Members {
    /// A member that has to be there.
    ///
    /// # Errors
    /// It is missing, no text, or breaks a rule.
    pub fn required<T: Parse>(&mut self, name: &'static str) -> Result<T, Told> {
        match self.given.remove(name) {
            None => Err(self.fault(name, "missing", "is required")),
            Some(Value::String(text)) => T::parse(&Zeroizing::new(text), &self.rules).map_err(|faults| {
                self.faults.extend(faults.iter().map(|fault| FieldError::new(name, fault.code(), fault)));
                Told(())
            }),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(self.fault(name, "wrong_type", "must be a string"))
            }
        }
    }

    /// A member that may be missing or `null`.
    ///
    /// # Errors
    /// It is no text, or breaks a rule.
    pub fn optional<T: Parse>(&mut self, name: &'static str) -> Result<Option<T>, Told> {
        if self.has(name) {
            return self.required(name).map(Some);
        }
        self.given.remove(name);
        Ok(None)
    }

    /// A member that has to be an object. Its faults are told by the paths of its members.
    ///
    /// # Errors
    /// It is missing, no object, or one of its members breaks a rule.
    pub fn object<T: FromMembers>(&mut self, name: &'static str) -> Result<T, Told> {
        let given = match self.given.remove(name) {
            None => return Err(self.fault(name, "missing", "is required")),
            Some(Value::Object(given)) => given,
            Some(_) => return Err(self.fault(name, "wrong_type", "must be an object")),
        };
        from_object(given, self.rules.clone()).map_err(|faults| {
            self.faults.extend(faults.into_iter().map(|fault| fault.within(name)));
            Told(())
        })
    }

    /// A member that may be missing, but not `null`.
    ///
    /// # Errors
    /// It is neither `true` nor `false`.
    pub fn boolean(&mut self, name: &'static str) -> Result<Option<bool>, Told> {
        match self.given.remove(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(self.fault(name, "wrong_type", "must be true or false")),
        }
    }

    /// A list of texts that each have to be something; `None` where it is missing, and an empty one where it is `null`.
    ///
    /// # Errors
    /// It is no list, or something in it is no text or breaks a rule.
    pub fn list<T: Parse>(&mut self, name: &'static str) -> Result<Option<Vec<T>>, Told> {
        let items = match self.given.remove(name) {
            None => return Ok(None),
            Some(Value::Null) => return Ok(Some(Vec::new())),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.fault(name, "wrong_type", "must be a list of strings")),
        };
        let mut parsed = Vec::new();
        for item in &items {
            let Value::String(text) = item else { return Err(self.fault(name, "wrong_type", "must be a list of strings")) };
            match T::parse(text, &self.rules) {
                Ok(value) => parsed.push(value),
                Err(faults) => {
                    // Once: the others are as wrong.
                    return Err(faults.first().map_or(Told(()), |fault| self.fault(name, fault.code(), fault)));
                }
            }
        }
        Ok(Some(parsed))
    }

    /// Whether a member is there and `null`.
    #[must_use]
    pub fn raw_is_null(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(Value::is_null)
    }

    /// A member as it is; `null` is one.
    #[must_use]
    pub fn raw(&mut self, name: &str) -> Option<Value> {
        self.given.remove(name)
    }

    /// The texts of a list that says more, and that nothing depends on: whatever else is in it is ignored.
    #[must_use]
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(Value::Array(items)) = self.given.remove(name) else { return Vec::new() };
        items.into_iter().filter_map(|item| if let Value::String(text) = item { Some(text) } else { None }).collect()
    }

    /// What a merge patch (RFC 7396) says of a member that is an object: `null` clears it. `None` where it says nothing.
    ///
    /// # Errors
    /// It is neither an object nor `null`.
    pub fn patch(&mut self, name: &'static str) -> Result<Option<Value>, Told> {
        match self.given.remove(name) {
            None => Ok(None),
            Some(patch @ (Value::Object(_) | Value::Null)) => Ok(Some(patch)),
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                Err(self.fault(name, "wrong_type", "must be an object or null"))
            }
        }
    }

    /// Refuses every member that nobody has asked for, and says why.
    pub fn refuse_others(&mut self, message: &str) {
        self.faults.extend(self.given.keys().map(|name| FieldError::unknown(name, message)));
    }

    /// Whether there is such a member, for a body that may be one of several. `null` is none.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(|value| !value.is_null())
    }

    /// Refuses members that do not go with the others, for a body that takes exactly one of several.
    pub fn refuse(&mut self, names: &[&'static str], code: &'static str, message: &str) {
        for name in names {
            if self.has(name) {
                self.fault(name, code, message);
            }
        }
    }

    /// Tells what is wrong with a member. A body with a fault is refused, whatever is made of its members.
    pub fn fault(&mut self, field: &'static str, code: &'static str, message: impl Display) -> Told {
        self.faults.push(FieldError::new(field, code, message));
        Told(())
    }

    /// Whose account it is about: a new password that is asked for after this may not contain the address.
    pub fn owned_by(&mut self, owner: &Email) {
        self.rules.owner = Some(owner.clone());
    }
}

/// A body from its bytes alone.
///
/// # Errors
/// `malformed_request`, or `validation_failed` with every fault of every member.
pub fn parse<B: FromMembers>(bytes: &[u8], rules: Rules) -> Result<B, Problem> {
    let value = strict_json::parse(bytes).map_err(|fault| malformed(&fault))?;
    let Value::Object(given) = value else {
        return Err(Problem::parameter("", "wrong_type", "must be an object"));
    };
    from_object(given, rules).map_err(Problem::validation)
}

/// In our words: the parser's own are for programmers.
fn malformed(fault: &Malformed) -> Problem {
    Problem::malformed(match fault {
        Malformed::NotUtf8 => "The body is not UTF-8",
        Malformed::ByteOrderMark => "The body begins with a byte order mark",
        Malformed::DuplicateMember { .. } => "The body has a member twice",
        Malformed::NotJson(_) => "The body is not valid JSON",
    })
}

/// What a member's text can be parsed into.
pub trait Parse: Sized {
    type Fault: FaultCode + Display;

    /// # Errors
    /// Every rule that the text breaks.
    fn parse(text: &str, rules: &Rules) -> Result<Self, Vec<Self::Fault>>;
}

/// For what a text is parsed into whatever the rules.
macro_rules! parse_by_from_str {
    ($($parsed:ty, $fault:ty;)+) => {
        $(impl Parse for $parsed {
            type Fault = $fault;

            fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<$fault>> {
                text.parse().map_err(|fault| vec![fault])
            }
        })+
    };
}

parse_by_from_str! {
    Email, EmailFault;
    Role, RoleFault;
    FactorName, FactorNameFault;
    UserId, NotAnId;
    FactorId, NotAnId;
    Language, UnknownLanguage;
}

impl Parse for NewPassword {
    type Fault = PasswordFault;

    fn parse(text: &str, rules: &Rules) -> Result<Self, Vec<PasswordFault>> {
        rules.policy.accept(text, rules.owner.as_ref())
    }
}

/// Judged later, by the use case.
impl Parse for ChosenPassword {
    type Fault = Infallible;

    fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<Infallible>> {
        Ok(Self::new(text.to_owned()))
    }
}

impl Parse for PasswordAttempt {
    type Fault = Infallible;

    fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<Infallible>> {
        Ok(Self::new(text.to_owned()))
    }
}

/// Bytes in base64url without padding, as WebAuthn has them in JSON (Level 3 section 5.1).
pub struct Bytes64(pub Vec<u8>);

/// The text is not such bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotBase64;

impl Display for NotBase64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be base64url without padding")
    }
}

impl FaultCode for NotBase64 {
    fn code(&self) -> &'static str {
        "invalid_base64url"
    }
}

impl Parse for Bytes64 {
    type Fault = NotBase64;

    fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<NotBase64>> {
        URL_SAFE_NO_PAD.decode(text).map(Self).map_err(|_malformed| vec![NotBase64])
    }
}

/// A token: its signature is checked later.
impl Parse for String {
    type Fault = Infallible;

    fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<Infallible>> {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests;
