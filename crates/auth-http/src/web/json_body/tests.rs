//! Which members of a body are taken, and that every fault is told, each by its rule.

use serde_json::json;

use super::*;

/// A body with a member of either kind of fault, and a choice.
#[derive(Debug, PartialEq, Eq)]
struct Body {
    email: Email,
    token: String,
}

impl FromMembers for Body {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (email, token) = (members.required("email"), members.required("token"));
        members.refuse(&["code", "passkey"], "unsupported", "is not taken");
        Ok(Self { email: email?, token: token? })
    }
}

struct Account(NewPassword);

impl FromMembers for Account {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        if let Ok(email) = members.required("email") {
            members.owned_by(&email);
        }
        Ok(Self(members.required("password")?))
    }
}

fn read<B: FromMembers>(text: &str) -> Result<B, Problem> {
    let rules = Rules { policy: PasswordPolicy { min_chars: 12, classes: true }, owner: None };
    parse(text.as_bytes(), rules)
}

fn refused(faults: &[(&'static str, &'static str, &str)]) -> Problem {
    Problem::validation(faults.iter().map(|(field, code, message)| FieldError::new(field, code, message)).collect())
}

#[test]
fn members_arrive_parsed_and_others_are_ignored() {
    let body = read(r#"{"email":" Ann@Example.org","token":"t: x","more":{"token":1},"code":null}"#);
    assert_eq!(body, Ok(Body { email: "ann@example.org".parse().unwrap(), token: "t: x".to_owned() }));
}

#[test]
fn every_fault_is_told_at_once() {
    let missing = ("email", "missing", "is required");
    for (text, faults) in [
        ("{}", &[missing, ("token", "missing", "is required")][..]),
        (r#"{"token":null}"#, &[missing, ("token", "wrong_type", "must be a string")]),
        (r#"{"token":["t"]}"#, &[missing, ("token", "wrong_type", "must be a string")]),
        (
            r#"{"token":"t","passkey":{},"code":1}"#,
            &[missing, ("code", "unsupported", "is not taken"), ("passkey", "unsupported", "is not taken")],
        ),
        (r#"{"email":"a@b.example","token":"t","code":""}"#, &[("code", "unsupported", "is not taken")]),
        ("[]", &[("", "wrong_type", "must be an object")]),
        ("null", &[("", "wrong_type", "must be an object")]),
    ] {
        assert_eq!(read::<Body>(text), Err(refused(faults)), "{text}");
    }
}

#[test]
fn a_new_password_tells_every_rule_that_it_breaks_and_is_not_the_address() {
    let told = |password: &str| {
        let text = json!({ "email": "Correct-Horse-7@example.org", "password": password }).to_string();
        read::<Account>(&text).map(|Account(password)| password.expose().to_owned())
    };
    let (field, address) = ("password", "must not contain the account's e-mail address or the name in it");
    let faults = [(field, "too_short", "must have at least 12 characters"), (field, "no_digit", "must contain a digit")];
    assert_eq!(told("Correct-"), Err(refused(&faults)));
    assert_eq!(told("Correct-Horse-7"), Err(refused(&[(field, "too_common", address)])));
    assert_eq!(told("Correct-Mouse-7"), Ok("Correct-Mouse-7".to_owned()));
}

#[test]
fn what_is_no_json_is_malformed() {
    for text in ["", "{", "{} {}", r#"{"a":1,"a":1}"#, "\u{feff}{}"] {
        assert_eq!(read::<Body>(text).map_err(|problem| problem.status().as_u16()), Err(400), "{text}");
    }
}
