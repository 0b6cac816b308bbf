//! Keys that others can verify: what is published, and that no token is refused before its time whatever becomes of them.

mod attacks;
mod life;
mod operator;

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::{Value, json};

use crate::{
    service::{Answer, Engine, Service, TestDatabase, command, on_every_engine},
    sessions::tokens::part,
};

pub(crate) const ISSUER: &str = "https://auth.example.org";

pub(crate) fn encryption(name: &str, byte: u8) -> String {
    format!("{name}:{}", BASE64_STANDARD.encode([byte; 32]))
}

/// What such a server needs, and what is to be otherwise.
pub(crate) fn configured(algorithm: &str, overrides: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let own = [
        ("JWT_ALGORITHM", algorithm.to_owned()),
        ("JWT_ISSUER", ISSUER.to_owned()),
        ("KEY_ENCRYPTION_KEY", encryption("k1", 1)),
        ("JWKS_MAX_AGE", "2".to_owned()),
    ];
    own.into_iter().chain(overrides.iter().map(|(name, value)| (*name, (*value).to_owned()))).collect()
}

fn borrowed<'a>(variables: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

pub(crate) async fn server(database: &Arc<TestDatabase>, algorithm: &str, overrides: &[(&'static str, &str)]) -> Service {
    Service::on(database.clone(), &borrowed(&configured(algorithm, overrides))).await
}

/// Runs `keys …` on a database, expects it to work, and gives what it says as JSON.
pub(crate) fn keys(database: &TestDatabase, algorithm: &str, arguments: &[&str]) -> Value {
    let (code, told, fault) =
        command(database, &borrowed(&configured(algorithm, &[])), &[&["keys", "--json"], arguments].concat(), "");
    assert_eq!(code, 0, "{fault}");
    serde_json::from_str(&told).unwrap()
}

pub(crate) async fn published(service: &Service) -> JwkSet {
    serde_json::from_value(service.get("/.well-known/jwks.json").await.body).unwrap()
}

pub(crate) fn kid(token: &str) -> String {
    part(token, 0)["kid"].as_str().unwrap_or("none").to_owned()
}

/// What somebody makes of a token who has the published keys and nothing else.
pub(crate) fn verified(token: &str, keys: &JwkSet) -> Result<Value, String> {
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = header.kid.as_ref().and_then(|kid| keys.find(kid)).ok_or("not published")?;
    let mut rules = Validation::new(header.alg);
    rules.set_issuer(&[ISSUER]);
    let decoded = jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &rules);
    decoded.map(|token| token.claims).map_err(|fault| fault.to_string())
}

on_every_engine! {
    async fn whoever_has_the_published_keys_verifies_what_any_server_signed(engine) {
        for (algorithm, expected) in [("ES256", Algorithm::ES256), ("EdDSA", Algorithm::EdDSA), ("RS256", Algorithm::RS256)] {
            let database = Arc::new(TestDatabase::create(engine));
            let (one, other) = (server(&database, algorithm, &[]).await, server(&database, algorithm, &[]).await);
            let tokens = one.register("ann@example.org").await;
            let header = jsonwebtoken::decode_header(tokens.access()).unwrap();
            assert_eq!((header.alg, header.typ.as_deref()), (expected, Some("at+jwt")));
            let claims = verified(tokens.access(), &published(&other).await).unwrap();
            assert_eq!((claims["iss"].as_str(), claims["email"].as_str()), (Some(ISSUER), Some("ann@example.org")));
            assert_eq!(part(tokens.refresh(), 0), json!({ "alg": "HS256", "typ": "JWT" }));
            for service in [&one, &other] {
                assert_eq!(service.me(tokens.access()).await.status, 200);
                assert_eq!(published(service).await.keys.len(), 1, "servers that start one after the other make one key");
            }
            assert_eq!(kid(other.refresh(tokens.refresh()).await.access()), kid(tokens.access()));
            drop(one);
            assert_eq!(server(&database, algorithm, &[]).await.me(tokens.access()).await.status, 200, "after a start");
        }
    }
}

#[tokio::test]
async fn the_keys_may_be_kept_for_as_long_as_is_said_and_asked_for_by_their_tag() {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let service = server(&database, "ES256", &[("JWKS_MAX_AGE", "300"), ("RATE_LIMIT_REQUESTS", "1")]).await;
    let first = service.get("/.well-known/jwks.json").await;
    assert_eq!(
        (first.header("content-type"), first.header("cache-control")),
        (Some("application/json"), Some("public, max-age=300"))
    );
    let tag = first.header("etag").unwrap();
    for _ in 0..20 {
        let again = service.request(reqwest::Method::GET, "/.well-known/jwks.json").header("if-none-match", tag);
        let again = Answer::of(again).await;
        assert_eq!((again.status, &again.body, again.header("ratelimit-limit")), (304, &Value::Null, None));
    }
    let keys = &first.body;
    let key = keys["keys"][0].as_object().unwrap();
    assert_eq!(key.keys().collect::<Vec<_>>(), ["alg", "crv", "kid", "kty", "use", "x", "y"], "a public half");
}

#[tokio::test]
async fn a_shared_secret_is_never_published() {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let service = Service::on(database, &[]).await;
    assert_eq!(service.get("/.well-known/jwks.json").await.body, json!({ "keys": [] }));
}

#[tokio::test]
async fn metadata_says_where_everything_is_by_the_issuers_name() {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    for (issuer, base) in
        [("https://auth.example.org", "https://auth.example.org"), ("https://a.example/x/", "https://a.example/x")]
    {
        let service = Service::on(database.clone(), &[("JWT_ISSUER", issuer)]).await;
        let answer = service.get("/.well-known/oauth-authorization-server").await;
        let metadata = answer.body;
        assert_eq!(metadata["issuer"], issuer);
        for (member, path) in
            [("jwks_uri", "/.well-known/jwks.json"), ("token_endpoint", "/oauth/token"), ("revocation_endpoint", "/oauth/revoke")]
        {
            assert_eq!(metadata[member], format!("{base}{path}"), "{member}");
            assert_ne!(service.get(path).await.status, 404, "{path}");
        }
        assert_eq!(metadata["grant_types_supported"], json!(["refresh_token", "client_credentials"]));
        assert_eq!(metadata["scopes_supported"], json!(["admin:read", "admin:write", "admin:export"]));
        let ways = json!(["none", "client_secret_basic", "client_secret_post"]);
        assert_eq!(metadata["token_endpoint_auth_methods_supported"], ways);
        assert_eq!(service.get("/.well-known/openid-configuration").await.body, metadata);
    }
    for overrides in [&[][..], &[("JWT_ISSUER", "a name")]] {
        let service = Service::on(database.clone(), overrides).await;
        let answer = service.get("/.well-known/oauth-authorization-server").await;
        assert_eq!((answer.status, answer.problem()), (404, "not_found"));
    }
}

/// The state of each key, by number.
pub(crate) fn states(database: &TestDatabase, algorithm: &str) -> Vec<String> {
    let listed = keys(database, algorithm, &["list"]);
    listed.as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap().to_owned()).collect()
}

/// A pair of one more session, once another key than this signs it.
pub(crate) async fn signed_by_another(service: &Service, known: &str) -> Answer {
    let mut pair = service.login("ann@example.org").await;
    let begun = std::time::Instant::now();
    while kid(pair.access()) == known {
        assert!(begun.elapsed().as_secs() < 60, "it never came to that");
        pair = service.refresh(pair.refresh()).await;
    }
    pair
}
