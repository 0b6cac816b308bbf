//! Bodies that nobody should send. Each gets a clear 400, 413 or 422, and nothing of it is repeated.

use reqwest::Method;
use serde_json::{Value, json};

use super::is_no_code;
use crate::service::{Answer, Engine, Owner, Service, on_every_engine, passkey};

/// Every path that takes a body with a code, a token or a credential.
fn paths(owner: &Owner) -> Vec<(Method, String)> {
    [
        (Method::POST, "/auth/login/factor".to_owned()),
        (Method::POST, "/auth/reauthenticate".to_owned()),
        (Method::POST, "/auth/factors/totp".to_owned()),
        (Method::POST, "/auth/factors/totp/00000000-0000-7000-8000-000000000000/confirm".to_owned()),
        (Method::PATCH, format!("/auth/factors/{}", owner.app.id)),
        (Method::POST, "/auth/passkeys".to_owned()),
        (Method::POST, "/auth/passkeys/login".to_owned()),
    ]
    .to_vec()
}

/// What a text of a request could be instead.
fn no_texts() -> [Value; 7] {
    [json!(null), json!(true), json!(7), json!(1.5), json!([]), json!(["123456"]), json!({ "a": { "b": ["c"] } })]
}

async fn send(service: &Service, owner: &Owner, (method, path): &(Method, String), body: String) -> Answer {
    let request = service.request(method.clone(), path).bearer_auth(&owner.access);
    Answer::of(request.header("Content-Type", "application/json").body(body)).await
}

on_every_engine! {
    async fn a_text_is_a_text_and_what_it_says_is_not_repeated(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let mut key = passkey();
        let made = service.make(&owner.access, &mut key).await;
        service.add_passkey(&owner.access, &mut key).await;
        let token = service.first_step("ann@example.org").await;
        let shown = service.show(&mut key).await;
        let whole = [
            ("/auth/login/factor", json!({ "mfa_token": token, "code": "x" })),
            ("/auth/login/factor", json!({ "mfa_token": token, "passkey": shown })),
            ("/auth/reauthenticate", json!({ "passkey": shown })),
            ("/auth/passkeys", made),
            ("/auth/passkeys/login", shown.clone()),
        ];
        let mut asked = 0;
        for (path, body) in whole {
            for pointer in texts_in(&body, "") {
                let ignored = ["/id", "/type", "/authenticatorAttachment", "/transports/0", "/publicKey"].iter().any(|end| pointer.ends_with(end));
                for value in no_texts().into_iter().filter(|_| !ignored) {
                    let mut wrong = body.clone();
                    *wrong.pointer_mut(&pointer).unwrap() = value.clone();
                    let field = pointer[1..].replace('/', ".");
                    let is_optional = value.is_null() && field.ends_with("userHandle");
                    // The other of two takes its place.
                    let is_choice = value.is_null() && ["code", "passkey"].contains(&field.as_str());
                    if is_optional || is_choice {
                        continue;
                    }
                    let answer = service.post_as(&owner.access, path, Some(wrong)).await;
                    assert_eq!(answer.faults(), [(field.as_str(), "wrong_type")], "{path} {pointer} {value}");
                    asked += 1;
                }
            }
        }
        assert!(asked > 100, "{asked}");
        let secret = "hunter2-in-clear";
        for path in paths(&owner) {
            let members = ["mfa_token", "code", "name", "challenge_id"].map(|name| format!(r#""{name}":"{secret}""#)).join(",");
            let credential = format!(r#""credential":{{"rawId":"{secret}!","response":{{"clientDataJSON":"{secret}!","signature":["{secret}"]}}}}"#);
            let answer = send(&service, &owner, &path, format!("{{{members},{credential}}}")).await;
            assert!(!answer.body.to_string().contains(secret), "{path:?}: {}", answer.body);
        }
        assert!(!service.log_text().contains(secret));
        let listed = service.factors(&owner.access).await.body;
        assert_eq!((listed["factors"].as_array().unwrap().len(), &listed["recovery_codes_left"]), (2, &json!(10)));
    }
}

/// The pointers of all texts in a value.
fn texts_in(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::String(_) => vec![at.to_owned()],
        Value::Object(members) => members.iter().flat_map(|(name, member)| texts_in(member, &format!("{at}/{name}"))).collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(at_item, item)| texts_in(item, &format!("{at}/{at_item}"))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_or_too_long_is_refused_everywhere() {
    let service = Service::with_factors(Engine::Sqlite, &[("MAX_REQUEST_BODY_SIZE", "10240")]).await;
    let owner = service.enrol("ann@example.org").await;
    for path in paths(&owner) {
        for (body, refusal) in [
            ("", (400, "malformed_request")),
            ("{", (400, "malformed_request")),
            (r#"{"code":"1","code":"2"}"#, (400, "malformed_request")),
            (r#"{"credential":{"rawId":"AA","rawId":"AA"}}"#, (400, "malformed_request")),
            ("[]", (422, "validation_failed")),
            ("null", (422, "validation_failed")),
            (r#""x""#, (422, "validation_failed")),
        ] {
            assert_eq!(send(&service, &owner, &path, body.to_owned()).await.refusal(), refusal, "{path:?} {body}");
        }
        let long = json!({ "code": "1".repeat(10_240) }).to_string();
        assert_eq!(send(&service, &owner, &path, long).await.refusal(), (413, "payload_too_large"), "{path:?}");
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(send(&service, &owner, &path, deep).await.refusal(), (400, "malformed_request"), "{path:?}");
        let answer =
            service.request(path.0.clone(), &path.1).bearer_auth(&owner.access).header("Content-Type", "text/plain").body("{}");
        assert_eq!(Answer::of(answer).await.refusal(), (415, "unsupported_media_type"), "{path:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_code_is_a_wrong_one_and_a_long_token_none() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    let owner = service.enrol("ann@example.org").await;
    let token = service.first_step("ann@example.org").await;
    let code = owner.codes[0].clone();
    for wrong in [&"1".repeat(9000), &"-".repeat(9000), &format!("{code}0"), &code[..26]] {
        is_no_code(&service.second_step(&token, wrong).await, "long");
    }
    for long in [format!("{token}A"), format!("{token}.A"), format!("{token}="), "A.".repeat(4000), format!(" {token}")] {
        assert_eq!(service.second_step(&long, &code).await.refusal(), (401, "token_invalid"), "{:.40}", long);
    }
    // Spaces and hyphens are none of a code, however many there are.
    let spaced = format!("{}{code}", "- ".repeat(4000));
    assert_eq!(service.second_step(&token, &spaced).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_body_is_told_at_once_and_one_thing_is_shown() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    let path = "/auth/login/factor";
    let inner = [("passkey.challenge_id", "missing"), ("passkey.credential", "missing")];
    for (body, faults) in [
        (json!({}), vec![("mfa_token", "missing"), ("code", "missing")]),
        (json!({ "mfa_token": "x" }), vec![("code", "missing")]),
        (json!({ "mfa_token": 7, "code": 7 }), vec![("mfa_token", "wrong_type"), ("code", "wrong_type")]),
        (json!({ "mfa_token": "x", "code": "1", "passkey": {} }), [&[("code", "exclusive")], &inner[..]].concat()),
        (json!({ "mfa_token": "x", "code": "1", "passkey": 7 }), vec![("code", "exclusive"), ("passkey", "wrong_type")]),
        (json!({ "mfa_token": "x", "passkey": [] }), vec![("passkey", "wrong_type")]),
    ] {
        assert_eq!(service.post(path, body.clone()).await.faults(), faults, "{body}");
    }
    let response = [
        ("credential.response.clientDataJSON", "missing"),
        ("credential.response.authenticatorData", "missing"),
        ("credential.response.signature", "invalid_base64url"),
    ];
    let body = json!({ "credential": { "rawId": "A", "response": { "signature": "A A" } }, "more": { "id": 7 } });
    let faults = [&[("challenge_id", "missing"), ("credential.rawId", "invalid_base64url")], &response[..]].concat();
    assert_eq!(service.post("/auth/passkeys/login", body).await.faults(), faults);
    let unknown = json!({ "mfa_token": "x", "code": "1", "passkey": null, "password": 7, "scope": {} });
    assert_eq!(service.post(path, unknown).await.refusal(), (401, "token_invalid"), "unknown members are ignored");
}
