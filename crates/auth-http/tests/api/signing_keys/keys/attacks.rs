//! Forgeries, against the server as it stands.

use std::{collections::BTreeMap, sync::Arc};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::{keys, kid, published, server};
use crate::{
    service::{Engine, Service, TestDatabase},
    sessions::tokens::claims,
};

const ATTACKERS: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\nOF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n-----END PRIVATE KEY-----\n";

fn attackers() -> EncodingKey {
    let text: String = ATTACKERS.lines().filter(|line| !line.starts_with("---")).collect();
    EncodingKey::from_ec_der(&BASE64_STANDARD.decode(text).unwrap())
}

async fn scene() -> (Arc<TestDatabase>, Service, String) {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let service = server(&database, "ES256", &[]).await;
    let token = service.register("ann@example.org").await.access().to_owned();
    (database, service, token)
}

fn with_header(header: &Value, token: &str) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(header.to_string()))
}

async fn refused(service: &Service, token: &str) {
    let answer = service.me(token).await;
    assert_eq!((answer.status, answer.problem()), (401, "token_invalid"), "{token}");
}

#[tokio::test]
async fn a_public_half_is_no_secret_and_none_is_no_algorithm() {
    let (_, service, token) = scene().await;
    let jwk = serde_json::to_value(&published(&service).await.keys[0]).unwrap();
    let coordinates = ["x", "y"].map(|name| BASE64_URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap()).concat();
    let point = [&[4], &coordinates[..]].concat();
    for secret in [jwk.to_string().into_bytes(), point, coordinates, kid(&token).into_bytes()] {
        for typ in ["at+jwt", "JWT"] {
            let header = Header { kid: Some(kid(&token)), typ: Some(typ.to_owned()), ..Header::new(Algorithm::HS256) };
            let forged = jsonwebtoken::encode(&header, &claims(&token), &EncodingKey::from_secret(&secret)).unwrap();
            refused(&service, &forged).await;
        }
    }
    let (signed, _) = token.rsplit_once('.').unwrap();
    for alg in ["none", "None", "NONE", ""] {
        let bare = with_header(&json!({ "alg": alg, "typ": "at+jwt", "kid": kid(&token) }), &format!("{signed}."));
        refused(&service, &bare).await;
        refused(&service, bare.trim_end_matches('.')).await;
    }
}

#[tokio::test]
async fn no_header_brings_a_key_along() {
    let (_, service, token) = scene().await;
    let key = attackers();
    let own = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    for header in [
        Header { kid: Some(kid(&token)), ..Header::new(Algorithm::ES256) },
        Header { kid: Some("foreign".to_owned()), ..Header::new(Algorithm::ES256) },
        Header { kid: Some("../../dev/null".to_owned()), ..Header::new(Algorithm::ES256) },
        Header { jwk: Some(own), ..Header::new(Algorithm::ES256) },
        Header {
            jku: Some("https://attacker.example/jwks.json".to_owned()),
            kid: Some(kid(&token)),
            ..Header::new(Algorithm::ES256)
        },
        Header {
            x5u: Some("https://attacker.example/cert.pem".to_owned()),
            kid: Some(kid(&token)),
            ..Header::new(Algorithm::ES256)
        },
    ] {
        for typ in ["at+jwt", "JWT"] {
            let header = Header { typ: Some(typ.to_owned()), ..header.clone() };
            refused(&service, &jsonwebtoken::encode(&header, &claims(&token), &key).unwrap()).await;
        }
    }
}

#[tokio::test]
async fn a_header_that_says_more_or_less_than_ours_is_refused_under_our_own_signature_too() {
    // The signature covers the header: another spelling of it is another token.
    let (_, service, token) = scene().await;
    let own = BTreeMap::from([("alg", "ES256"), ("typ", "at+jwt")]);
    for header in [json!(own), json!({ "alg": "ES256", "kid": kid(&token), "typ": "JWT" })] {
        refused(&service, &with_header(&header, &token)).await;
    }
}

#[tokio::test]
async fn a_signature_of_zeros_or_in_der_is_none() {
    let (_, service, token) = scene().await;
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let integer = |half: &[u8]| {
        let digits: Vec<u8> = half.iter().copied().skip_while(|byte| *byte == 0).collect();
        let padded = if digits[0] >= 0x80 { [&[0], &digits[..]].concat() } else { digits };
        [&[2, u8::try_from(padded.len()).unwrap()], &padded[..]].concat()
    };
    let both = [integer(&bytes[..32]), integer(&bytes[32..])].concat();
    let der = [&[0x30, u8::try_from(both.len()).unwrap()], &both[..]].concat();
    for wrong in [vec![0; 64], der, vec![], [&bytes[..], &[0]].concat(), bytes[..63].to_vec()] {
        refused(&service, &format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(wrong))).await;
    }
    assert_eq!(service.me(&token).await.status, 200);
}

#[tokio::test]
async fn a_key_that_does_not_sign_yet_or_was_given_up_vouches_for_nothing() {
    let (database, service, token) = scene().await;
    let file = database.folder().join("key.pem");
    std::fs::write(&file, ATTACKERS).unwrap();
    // Published, and its owner does not wait.
    let pending = keys(&database, "ES256", &["import", file.to_str().unwrap()])[0]["kid"].as_str().unwrap().to_owned();
    crate::service::eventually(async || published(&service).await, |keys| keys.find(&pending).is_some()).await;
    let key = attackers();
    let header = Header { typ: Some("at+jwt".to_owned()), kid: Some(pending.clone()), ..Header::new(Algorithm::ES256) };
    // The header as this server would write it: members in its order.
    let forged = jsonwebtoken::encode(&header, &claims(&token), &key).unwrap();
    refused(&service, &forged).await;
    let _gone = keys(&database, "ES256", &["revoke", &pending]);
    crate::service::eventually(async || published(&service).await, |keys| keys.find(&pending).is_none()).await;
    refused(&service, &forged).await;
}
