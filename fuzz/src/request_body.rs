//! Request bodies: accepted ones are unambiguous and satisfy every rule, and errors never repeat a body.

use std::{collections::HashSet, fmt};

use actix_web::http::StatusCode;
use auth_domain::{identity::email::Email, passwords::policy::{NewPassword, PASSWORD_MAX_CHARS, PasswordAttempt, PasswordPolicy}};
use auth_http::{web::{json_body::{self, FromMembers, Members, Rules, Told}, problem::Problem}, routes::{accounts::{ChangePasswordBody, DeleteAccountBody, RegisterBody}, sign_in::{LoginBody, RefreshBody}}};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use strict_json::Malformed;

/// A dictionary word that serves as the secret.
const SECRET: &str = "hunter2";

const POLICY: PasswordPolicy = PasswordPolicy { min_chars: 12, classes: true };
/// Without an owner: a registration names its account in the body, every other caller has a token.
const RULES: Rules = Rules { policy: POLICY, owner: None };

/// One member of every kind.
struct AnyBody {
    email: Email,
    password: NewPassword,
    current_password: PasswordAttempt,
    refresh_token: String,
}

impl FromMembers for AnyBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (email, password) = (members.required("email"), members.required("password"));
        let (attempt, token) = (members.required("current_password"), members.required("refresh_token"));
        Ok(Self { email: email?, password: password?, current_password: attempt?, refresh_token: token? })
    }
}

/// Any bytes as a body.
pub fn check(data: &[u8]) {
    let value = strict(data);
    members(data, value.as_ref());
    let is_there = |name: &str| value.as_ref().is_some_and(|value| value.get(name).is_some_and(Value::is_string));
    let email = value.as_ref().and_then(|value| value.get("email")?.as_str());
    let email: Option<Email> = email.and_then(|text| text.parse().map_or(None, Some));
    let new = |name: &str, owner: Option<&Email>| {
        let text = value.as_ref().and_then(|value| value.get(name)?.as_str());
        text.is_some_and(|text| POLICY.accept(text, owner).is_ok())
    };
    assert_eq!(accepts::<RegisterBody>(data), email.is_some() && new("password", email.as_ref()));
    assert_eq!(accepts::<LoginBody>(data), email.is_some() && is_there("password"));
    assert_eq!(accepts::<RefreshBody>(data), is_there("refresh_token"));
    assert_eq!(accepts::<DeleteAccountBody>(data), is_there("password"));
    assert_eq!(accepts::<ChangePasswordBody>(data), is_there("current_password") && new("new_password", None));
}

/// Compares `strict-json` with `serde_json`, which is laxer, and with a parser that keeps every member.
fn strict(data: &[u8]) -> Option<Value> {
    let lax = serde_json::from_slice::<Value>(data);
    match strict_json::parse(data) {
        Ok(value) => {
            assert_eq!(lax.expect("whoever is strict takes nothing that the lax refuse"), value);
            let full = serde_json::from_slice::<Full>(data).expect("the same text");
            assert!(full.is_free_of_duplicates(), "a member twice");
            assert_eq!(full.members(), members_of(&value), "no member is lost");
            Some(value)
        }
        Err(fault) => {
            hides_the_secret(data, &fault.to_string());
            match fault {
                Malformed::NotUtf8 => assert!(str::from_utf8(data).is_err()),
                Malformed::ByteOrderMark => assert!(data.starts_with(b"\xef\xbb\xbf")),
                Malformed::NotJson(_) => assert!(lax.is_err(), "refused without need"),
                Malformed::DuplicateMember { .. } => {
                    let full = serde_json::from_slice::<Full>(data);
                    assert!(full.is_err() || full.is_ok_and(|full| !full.is_free_of_duplicates()), "nothing comes twice");
                }
            }
            None
        }
    }
}

/// Checks what a handler would get.
fn members(data: &[u8], value: Option<&Value>) {
    match json_body::parse::<AnyBody>(data, RULES) {
        Ok(body) => {
            let text = |name: &str| value.and_then(|value| value.get(name)?.as_str()).expect("a text");
            let email = body.email;
            assert_eq!(Ok(email), text("email").parse());
            let password = body.password;
            assert_eq!(password.expose(), PasswordAttempt::new(text("password").to_owned()).expose(), "in NFC");
            assert!((POLICY.min_chars..=PASSWORD_MAX_CHARS).contains(&password.expose().chars().count()));
            assert!(!password.expose().chars().any(char::is_control));
            let attempt = body.current_password;
            assert_eq!(attempt.forms().last(), Some(text("current_password")), "as it was typed");
            assert_eq!(body.refresh_token, text("refresh_token"));
        }
        Err(problem) => refusal(data, value, &problem),
    }
}

fn accepts<B: FromMembers>(data: &[u8]) -> bool {
    json_body::parse::<B>(data, RULES).map_err(|problem| hides_the_secret(data, &problem.document("id"))).is_ok()
}

/// 400 for what is not JSON, 422 for what breaks a rule, never 500; as JSON, and without any text of the request.
fn refusal(data: &[u8], value: Option<&Value>, problem: &Problem) {
    let expected = if value.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
    assert_eq!(problem.status(), expected, "{problem}");
    let document = problem.document("id");
    let said = strict_json::parse(document.as_bytes()).expect("a problem is JSON");
    assert_eq!(said.get("code").and_then(Value::as_str), Some(problem.to_string().as_str()));
    assert_eq!(said.get("errors").is_some(), value.is_some(), "a rule that is broken is named");
    hides_the_secret(data, &document);
}

fn hides_the_secret(data: &[u8], shown: &str) {
    assert!(!shown.contains(SECRET), "{shown} repeats {:?}", String::from_utf8_lossy(data));
}

fn members_of(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(members_of).sum(),
        Value::Object(object) => object.len() + object.values().map(members_of).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// A parsed text with every member, in order.
enum Full {
    Leaf,
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Full {
    fn is_free_of_duplicates(&self) -> bool {
        match self {
            Self::Leaf => true,
            Self::Array(items) => items.iter().all(Self::is_free_of_duplicates),
            Self::Object(members) => {
                let mut names = HashSet::new();
                members.iter().all(|(name, value)| names.insert(name) && value.is_free_of_duplicates())
            }
        }
    }

    fn members(&self) -> usize {
        match self {
            Self::Leaf => 0,
            Self::Array(items) => items.iter().map(Self::members).sum(),
            Self::Object(members) => members.len() + members.iter().map(|(_, value)| value.members()).sum::<usize>(),
        }
    }
}

impl<'de> Deserialize<'de> for Full {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FullVisitor)
    }
}

struct FullVisitor;

impl<'de> Visitor<'de> for FullVisitor {
    type Value = Full;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Full, E> {
        Ok(Full::Leaf)
    }

    fn visit_bool<E>(self, _value: bool) -> Result<Full, E> {
        Ok(Full::Leaf)
    }

    fn visit_i64<E>(self, _value: i64) -> Result<Full, E> {
        Ok(Full::Leaf)
    }

    fn visit_u64<E>(self, _value: u64) -> Result<Full, E> {
        Ok(Full::Leaf)
    }

    fn visit_f64<E>(self, _value: f64) -> Result<Full, E> {
        Ok(Full::Leaf)
    }

    fn visit_str<E>(self, _value: &str) -> Result<Full, E> {
        Ok(Full::Leaf)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Full, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Full::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Full, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Full::Object(object))
    }
}
