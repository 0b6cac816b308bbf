//! What a token must be: forged with the real keys, one claim wrong at a time.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::service::{ACCESS_SECRET, Engine, REFRESH_SECRET, Service};

/// The claims of a token, unverified.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

pub fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}

pub fn sign(claims: &Value, secret: &str) -> String {
    sign_as(&Header::default(), claims, secret)
}

pub fn sign_as(header: &Header, claims: &Value, secret: &str) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
}

fn with(claims: &Value, member: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[member] = value;
    claims
}

fn without(claims: &Value, member: &str) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().remove(member);
    claims
}

#[tokio::test]
async fn they_say_what_the_contract_promises() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    for (token, kind, life) in [(tokens.access(), "access", 900), (tokens.refresh(), "refresh", 604_800)] {
        assert_eq!(part(token, 0), json!({ "alg": "HS256", "typ": "JWT" }));
        let claims = claims(token);
        assert_eq!((claims["type"].as_str(), claims["email"].as_str()), (Some(kind), Some("ann@example.org")));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), life);
        assert_eq!(claims["nbf"], claims["iat"]);
        for id in ["sub", "jti", "sid"] {
            assert_eq!(claims[id].as_str().unwrap().len(), 36, "{id}");
        }
        assert!(claims.get("iss").is_none() && claims.get("aud").is_none());
    }
    assert_eq!(claims(tokens.access())["sid"], claims(tokens.refresh())["sid"]);
    assert_ne!(claims(tokens.access())["jti"], claims(tokens.refresh())["jti"]);
}

#[tokio::test]
async fn one_that_is_signed_anew_with_the_same_claims_counts() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    assert_eq!(service.me(&sign(&claims(tokens.access()), ACCESS_SECRET)).await.status, 200);
    let header = Header { kid: Some("x".to_owned()), jku: Some("https://evil.example".to_owned()), ..Header::default() };
    assert_eq!(service.me(&sign_as(&header, &claims(tokens.access()), ACCESS_SECRET)).await.status, 200);
    assert_eq!(service.refresh(&sign(&claims(tokens.refresh()), REFRESH_SECRET)).await.status, 200);
}

#[tokio::test]
async fn one_wrong_claim_is_enough() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    let right = claims(tokens.access());
    for member in ["sub", "email", "type", "iat", "nbf", "exp", "jti", "sid"] {
        let mut wrong = vec![without(&right, member)];
        for value in
            [json!(null), json!(true), json!([]), json!({}), json!(1.5), json!(-1), json!("x"), json!("1"), json!(u64::MAX)]
        {
            // A time long past is another matter: expired, or none at all.
            if !(["exp", "iat", "nbf"].contains(&member) && value == json!(-1)) {
                wrong.push(with(&right, member, value));
            }
        }
        for claims in wrong {
            assert_eq!(service.me(&sign(&claims, ACCESS_SECRET)).await.refusal(), (401, "token_invalid"), "{claims}");
        }
    }
    let upper = with(&right, "sub", json!(right["sub"].as_str().unwrap().to_uppercase()));
    let foreign = with(&right, "aud", json!("somebody"));
    for claims in [upper, foreign, with(&right, "type", json!("refresh"))] {
        assert_eq!(service.me(&sign(&claims, ACCESS_SECRET)).await.refusal(), (401, "token_invalid"), "{claims}");
    }
}

#[tokio::test]
async fn clocks_may_be_ten_seconds_apart() {
    let service = Service::start(Engine::Sqlite).await;
    let right = claims(service.register("ann@example.org").await.access());
    let now = right["iat"].as_i64().unwrap();
    // Wide margins: the machine may be slow. The exact second is the domain's test.
    for (member, offset, expected) in
        [("exp", -3600, (401, "token_expired")), ("iat", 3600, (401, "token_invalid")), ("nbf", 3600, (401, "token_invalid"))]
    {
        let claims = with(&right, member, json!(now + offset));
        assert_eq!(service.me(&sign(&claims, ACCESS_SECRET)).await.refusal(), expected, "{member}");
    }
    let expired = service.me(&sign(&with(&right, "exp", json!(now - 3600)), ACCESS_SECRET)).await;
    assert_eq!(
        (expired.text("detail"), expired.header("www-authenticate")),
        ("Token expired", Some(r#"Bearer error="invalid_token""#))
    );
    for member in ["iat", "nbf"] {
        assert_eq!(service.me(&sign(&with(&right, member, json!(now + 8)), ACCESS_SECRET)).await.status, 200, "{member}");
    }
}

#[tokio::test]
async fn no_other_algorithm_key_or_spelling_is_taken() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    let right = claims(tokens.access());
    let (head, rest) = tokens.access().split_once('.').unwrap();
    let (body, mac) = rest.split_once('.').unwrap();
    let header = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let typ = |typ: &str| Header { typ: Some(typ.to_owned()), ..Header::default() };
    for token in [
        sign(&right, REFRESH_SECRET),
        sign(&right, "another-secret-of-at-least-32-characters"),
        sign_as(&Header::new(Algorithm::HS384), &right, ACCESS_SECRET),
        sign_as(&Header::new(Algorithm::HS512), &right, ACCESS_SECRET),
        sign_as(&typ("at+jwt"), &right, ACCESS_SECRET),
        format!("{}.{body}.", header(json!({ "alg": "none", "typ": "JWT" }))),
        format!("{}.{body}.{mac}", header(json!({ "alg": "none", "typ": "JWT" }))),
        format!("{head}.{body}."),
        format!("{head}.{body}"),
        format!("{head}.{body}.{mac}="),
        format!("{head}.{body}.{mac}.{mac}"),
        format!("{head}=.{body}.{mac}"),
        format!("{head}.{body}.{}", &mac[..mac.len() - 1]),
    ] {
        assert_eq!(service.me(&token).await.refusal(), (401, "token_invalid"), "{token}");
    }
}

#[tokio::test]
async fn issuer_and_audience_are_demanded_when_set() {
    let names = [("JWT_ISSUER", "https://auth.example.org"), ("JWT_AUDIENCE", "https://api.example.org")];
    let service = Service::with(Engine::Sqlite, &names).await;
    let tokens = service.register("ann@example.org").await;
    let right = claims(tokens.access());
    assert_eq!((right["iss"].as_str(), right["aud"].as_str()), (Some(names[0].1), Some(names[1].1)));
    assert_eq!(service.me(tokens.access()).await.status, 200);
    let wrong = ["iss", "aud"].into_iter().flat_map(|member| {
        [
            without(&right, member),
            with(&right, member, json!("x")),
            with(&right, member, json!(1)),
            with(&right, member, json!([1])),
        ]
    });
    for claims in wrong {
        assert_eq!(service.me(&sign(&claims, ACCESS_SECRET)).await.refusal(), (401, "token_invalid"), "{claims}");
    }
}
