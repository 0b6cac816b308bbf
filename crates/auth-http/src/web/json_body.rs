//! Request bodies: each member parsed once at the edge, every fault of every member in one answer.

use std::{cell::OnceCell, fmt::Display, future};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Bytes};
use auth_domain::{
    identity::email::{Email, EmailFault},
    passwords::policy::{NewPassword, PasswordAttempt, PasswordPolicy},
};
use garde::{Path, Report, Validate, error::Error as GardeError};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use strict_json::Malformed;
use zeroize::Zeroizing;

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

/// A body of the declared shape, validated.
pub struct JsonBody<B>(pub B);

/// What the members of a body are validated against.
pub struct Rules {
    pub policy: PasswordPolicy,
    /// The address of the account, which a new password may not contain.
    pub owner: Option<Email>,
}

impl Rules {
    /// The same rules, for an account whose address is in the body itself; `None` if that is invalid.
    #[must_use]
    pub fn for_account_of(&self, owner: Option<&Email>) -> Self {
        Self { policy: self.policy, owner: owner.cloned() }
    }
}

impl<B> FromRequest for JsonBody<B>
where
    B: DeserializeOwned + Validate<Context = Rules> + 'static,
{
    type Error = Problem;
    type Future = future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _already_read: &mut Payload) -> Self::Future {
        let rules = Rules { policy: UseCases::of(request).passwords.policy, owner: None };
        future::ready(RawBody::of(request, Media::Json).and_then(|RawBody(bytes)| parse(&bytes, &rules)).map(JsonBody))
    }
}

/// A body from its bytes alone.
///
/// # Errors
/// `malformed_request`, or `validation_failed` with every fault of every member.
pub fn parse<B: DeserializeOwned + Validate<Context = Rules>>(bytes: &[u8], rules: &Rules) -> Result<B, Problem> {
    let value = strict_json::parse(bytes).map_err(|fault| malformed(&fault))?;
    if !value.is_object() {
        return Err(Problem::parameter("", "wrong_type", "must be an object"));
    }
    let body: B = serde_json::from_value(value).map_err(|_reason| Problem::internal())?;
    body.validate_with(rules).map_err(|report| Problem::validation(field_errors(&report)))?;
    Ok(body)
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

fn field_errors(report: &Report) -> Vec<FieldError> {
    report.iter().map(|(path, error)| field_error(&path.to_string(), error.message())).collect()
}

fn field_error(field: &str, fault: &str) -> FieldError {
    let (code, message) = fault.split_once(": ").unwrap_or(("invalid", fault));
    FieldError { field: field.to_owned(), code: code.to_owned(), message: message.to_owned() }
}

/// A member of a body, to become a `T`. Takes any JSON, so that one that is missing or
/// of the wrong type does not hide what is wrong with the others.
pub struct Field<T> {
    given: Given,
    parsed: OnceCell<T>,
}

enum Given {
    Nothing,
    NotText,
    Text(Zeroizing<String>),
}

impl<T> Field<T> {
    /// The value that validation parsed, for members validated after this one.
    #[must_use]
    pub fn parsed(&self) -> Option<&T> {
        self.parsed.get()
    }

    /// The value that validation parsed.
    ///
    /// # Errors
    /// It was never validated: a handler without [`JsonBody`].
    pub fn take(self) -> Result<T, Problem> {
        self.parsed.into_inner().ok_or_else(Problem::internal)
    }
}

impl<T> From<Given> for Field<T> {
    fn from(given: Given) -> Self {
        Self { given, parsed: OnceCell::new() }
    }
}

impl<T> Default for Field<T> {
    fn default() -> Self {
        Given::Nothing.into()
    }
}

impl<'de, T> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::String(text) => Given::Text(Zeroizing::new(text)).into(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Given::NotText.into(),
        })
    }
}

impl<T: Parse> Validate for Field<T> {
    type Context = Rules;

    fn validate_into(&self, rules: &Rules, path: &mut dyn FnMut() -> Path, report: &mut Report) {
        let parsed = match &self.given {
            Given::Nothing => Err(vec![Fault::new("missing", "is required")]),
            Given::NotText => Err(vec![Fault::new("wrong_type", "must be a string")]),
            Given::Text(text) => T::parse(text, rules),
        };
        match parsed {
            // A second validation would find the same.
            Ok(parsed) => drop(self.parsed.set(parsed)),
            Err(faults) => faults.into_iter().for_each(|Fault(text)| report.append(path(), GardeError::new(text))),
        }
    }
}

/// What a member can be parsed into.
pub trait Parse: Sized {
    /// # Errors
    /// Every rule that the text breaks.
    fn parse(text: &str, rules: &Rules) -> Result<Self, Vec<Fault>>;
}

/// A rule that a member breaks. garde carries texts only, so the code travels in front of the message.
pub struct Fault(String);

impl Fault {
    fn new(code: &str, message: impl Display) -> Self {
        Self(format!("{code}: {message}"))
    }
}

impl<F: FaultCode + Display> From<F> for Fault {
    fn from(fault: F) -> Self {
        Self::new(fault.code(), &fault)
    }
}

impl Parse for Email {
    fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<Fault>> {
        text.parse().map_err(|fault: EmailFault| vec![fault.into()])
    }
}

impl Parse for NewPassword {
    fn parse(text: &str, rules: &Rules) -> Result<Self, Vec<Fault>> {
        rules.policy.accept(text, rules.owner.as_ref()).map_err(|faults| faults.into_iter().map(Fault::from).collect())
    }
}

impl Parse for PasswordAttempt {
    fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<Fault>> {
        Ok(Self::new(text.to_owned()))
    }
}

/// A token: its signature is checked later.
impl Parse for String {
    fn parse(text: &str, _rules: &Rules) -> Result<Self, Vec<Fault>> {
        Ok(text.to_owned())
    }
}
