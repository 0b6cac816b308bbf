//! Access tokens under key pairs: which key signs when, which tokens are valid when, and forgeries with public halves.

use std::sync::Arc;

use auth_domain::signing_keys::{
    key::{KeyAlgorithm, SigningKey},
    ports::{KeyCache, KeyMaker},
    ring::KeyRing,
};

use super::*;
use crate::{
    encryption::EncryptionKeys,
    jwt::{
        key_maker::{PairMaker, bound_to},
        key_pair::KeyPair,
    },
};

fn encryption(name: &str) -> Arc<EncryptionKeys> {
    let key = base64::engine::general_purpose::STANDARD.encode([7; 32]);
    Arc::new(format!("{name}:{key}").parse().unwrap())
}

fn maker() -> PairMaker {
    PairMaker(encryption("a"))
}

fn signing() -> JwtCodec {
    codec().signing_with_pairs(encryption("a"))
}

fn at(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

/// A key that signs `signs_from` seconds from now on.
async fn key(number: i64, algorithm: KeyAlgorithm, signs_from: i64) -> SigningKey {
    let fresh = maker().make(algorithm).await.unwrap();
    SigningKey { number, ..KeyRing::default().next(fresh, at(signs_from), at(signs_from - 310)) }
}

fn issued(seconds: i64) -> Claims {
    let claims = claims(TokenPurpose::Access);
    Claims { issued_at: at(seconds), not_before: at(seconds), expires_at: at(seconds + 900), ..claims }
}

fn header(token: &str) -> Value {
    let header = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

fn decoded(codec: &JwtCodec, token: &str, seconds: i64) -> Result<Claims, InvalidToken> {
    codec.decode(TokenKind::Access, token, at(seconds))
}

#[tokio::test]
async fn each_algorithm_signs_access_tokens_under_its_header_and_leaves_refresh_tokens_alone() {
    for algorithm in KeyAlgorithm::ALL {
        let (codec, key) = (signing(), key(1, algorithm, 0).await);
        codec.update(vec![key.clone()], now()).unwrap();
        let token = codec.encode(&issued(0)).unwrap();
        assert_eq!(header(&token), json!({ "alg": algorithm.name(), "kid": key.id.as_str(), "typ": "at+jwt" }));
        assert_eq!(decoded(&codec, &token, 0), Ok(issued(0)));
        assert_eq!(codec.decode(TokenKind::Refresh, &token, now()), Err(InvalidToken::Invalid));
        let refresh = codec.encode(&claims(TokenPurpose::Refresh(Generation(1)))).unwrap();
        assert_eq!(header(&refresh)["alg"], "HS256");
        assert!(codec.decode(TokenKind::Refresh, &refresh, now()).is_ok());
    }
}

#[tokio::test]
async fn from_the_secret_to_a_key_to_the_next_and_back_no_token_is_refused_before_it_expires() {
    let (first, second) = (key(1, KeyAlgorithm::Es256, 0).await, key(2, KeyAlgorithm::EdDsa, 5000).await);
    let first = SigningKey { created_at: at(-1800), ..first };
    // Whoever goes back to the secret does so with other settings.
    let (signer, by_secret, reader) = (signing(), codec(), signing());
    let (mut keys, mut live): (_, Vec<(i64, String)>) = (vec![first], Vec::new());
    for minute in -30..260_i64 {
        let seconds = minute * 60;
        match minute {
            60 => keys.push(second.clone()),
            150 => keys.iter_mut().for_each(|key| key.retired_at = Some(at(seconds))),
            _ => {}
        }
        signer.update(keys.clone(), at(seconds)).unwrap();
        reader.update(keys.clone(), at(seconds)).unwrap();
        let signer = if minute < 150 { &signer } else { &by_secret };
        live.push((seconds, signer.encode(&issued(seconds)).unwrap()));
        live.retain(|(issued, _)| seconds < issued + 900);
        for (issued_at, token) in &live {
            assert_eq!(decoded(&reader, token, seconds), Ok(issued(*issued_at)), "minute {minute}");
        }
        let expected = match seconds {
            0..5000 => "ES256",
            5000..9000 => "EdDSA",
            _ => "HS256",
        };
        assert_eq!(header(&live.last().unwrap().1)["alg"], expected, "minute {minute}");
    }
}

#[tokio::test]
async fn the_secret_counts_for_nothing_once_what_it_signed_has_expired() {
    let codec = signing();
    let early = super::codec().encode(&issued(-10)).unwrap();
    codec.update(vec![key(1, KeyAlgorithm::Es256, 0).await], now()).unwrap();
    let forged = super::codec().encode(&issued(2 * 3600)).unwrap();
    assert!(decoded(&codec, &early, 60).is_ok());
    assert_eq!(decoded(&codec, &forged, 2 * 3600), Err(InvalidToken::Invalid));
    assert!(decoded(&super::codec(), &forged, 2 * 3600).is_ok(), "where the secret signs, it does");
}

#[tokio::test]
async fn a_key_that_does_not_sign_yet_or_is_gone_or_revoked_or_foreign_vouches_for_nothing() {
    let key = key(1, KeyAlgorithm::Es256, 0).await;
    let signer = signing();
    signer.update(vec![key.clone()], now()).unwrap();
    let token = signer.encode(&issued(0)).unwrap();
    let refused = |keys: Vec<SigningKey>, seconds| {
        let codec = signing();
        codec.update(keys, at(seconds)).unwrap();
        assert_eq!(decoded(&codec, &token, seconds), Err(InvalidToken::Invalid));
    };
    refused(vec![], 0);
    refused(vec![SigningKey { signs_from: at(11), ..key.clone() }], 0);
    refused(vec![SigningKey { revoked_at: Some(at(60)), ..key.clone() }], 60);
    refused(vec![SigningKey { retired_at: Some(at(-3661)), signs_from: at(-7000), ..key.clone() }], 0);
    refused(vec![super::pairs::key(1, KeyAlgorithm::Es256, 0).await], 0);
}

#[tokio::test]
async fn a_public_half_is_no_secret_to_sign_with_and_no_header_offers_a_key() {
    for algorithm in KeyAlgorithm::ALL {
        let (codec, key) = (signing(), key(1, algorithm, 0).await);
        codec.update(vec![key.clone()], now()).unwrap();
        let claims = URL_SAFE_NO_PAD.encode(payload(TokenPurpose::Access).to_string());
        let kid = key.id.as_str();
        for header in [
            json!({ "alg": "HS256", "kid": kid, "typ": "at+jwt" }),
            json!({ "alg": "HS256", "typ": "JWT" }),
            json!({ "alg": "none", "kid": kid, "typ": "at+jwt" }),
        ] {
            let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
            for secret in [key.public.as_bytes(), kid.as_bytes()] {
                let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
                let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
                assert_eq!(decoded(&codec, &token, 0), Err(InvalidToken::Invalid));
            }
            assert_eq!(decoded(&codec, &format!("{signed}."), 0), Err(InvalidToken::Invalid));
        }
        let own = KeyPair::generate(algorithm).unwrap();
        let stranger = own.sign(payload(TokenPurpose::Access).to_string().as_bytes()).unwrap();
        let (_, rest) = stranger.split_once('.').unwrap();
        for header in [
            json!({ "alg": algorithm.name(), "kid": kid, "typ": "at+jwt" }),
            json!({ "alg": algorithm.name(), "jwk": serde_json::from_str::<Value>(own.public().jwk()).unwrap(), "typ": "at+jwt" }),
            json!({ "alg": algorithm.name(), "kid": kid, "jku": "https://attacker.example/keys", "typ": "at+jwt" }),
            json!({ "alg": algorithm.name(), "kid": kid, "x5u": "https://attacker.example/cert", "typ": "at+jwt" }),
        ] {
            let token = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
            assert_eq!(decoded(&codec, &token, 0), Err(InvalidToken::Invalid), "{header}");
        }
    }
}

#[tokio::test]
async fn a_private_half_is_opened_once_and_one_that_cannot_be_is_named() {
    let first = key(1, KeyAlgorithm::Es256, 0).await;
    let codec = signing();
    codec.update(vec![first.clone()], now()).unwrap();
    let lost = encryption("b").encrypt(&bound_to(&first.id, first.algorithm), b"elsewhere").unwrap();
    let resealed = SigningKey { private: lost, ..first.clone() };
    codec.update(vec![resealed.clone()], now()).unwrap();
    assert!(codec.encode(&issued(0)).is_ok(), "it was open already");
    let fault = signing().update(vec![resealed.clone()], now()).unwrap_err().to_string();
    assert!(fault.contains(first.id.as_str()) && fault.contains("`b`"), "{fault}");
    let over = SigningKey { retired_at: Some(at(-1)), signs_from: at(-100), ..resealed };
    signing().update(vec![over], now()).unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_sign_says_so_and_still_verifies() {
    let first = key(1, KeyAlgorithm::Es256, 0).await;
    let (signer, blind) = (signing(), codec().signing_with_pairs(encryption("b")));
    signer.update(vec![first.clone()], now()).unwrap();
    assert!(blind.update(vec![first], now()).is_err());
    assert!(matches!(blind.encode(&issued(0)), Err(PortError::Unavailable(_))));
    assert!(blind.check(now()).is_err() && signer.check(now()).is_ok());
    let again = signer.ring().timelines().map(|timeline| timeline.key.clone()).collect();
    assert!(blind.update(again, now()).is_err(), "told as long as it is so");
    assert!(decoded(&blind, &signer.encode(&issued(0)).unwrap(), 0).is_ok());
}

#[tokio::test]
async fn the_secret_never_steps_in_for_a_key() {
    let first = key(1, KeyAlgorithm::Es256, 0).await;
    let ended = |first: &SigningKey| SigningKey { retired_at: Some(at(50)), ..first.clone() };
    let later = SigningKey { number: 2, ..key(2, KeyAlgorithm::EdDsa, 110).await };
    for keys in [
        vec![],
        vec![ended(&first)],
        vec![SigningKey { revoked_at: Some(at(60)), ..first.clone() }],
        // One that is to sign later, as it may be while a clock is set back.
        vec![ended(&first), later],
        vec![SigningKey { created_at: at(200), signs_from: at(510), ..first.clone() }],
        vec![SigningKey { created_at: at(105), signs_from: at(105), ..first.clone() }],
    ] {
        let codec = signing();
        codec.update(keys, at(100)).unwrap();
        assert!(matches!(codec.encode(&issued(100)), Err(PortError::Unavailable(_))));
        assert!(codec.check(at(100)).is_err(), "it is not ready");
        assert!(codec.encode(&claims(TokenPurpose::Refresh(Generation(1)))).is_ok());
    }
}

#[tokio::test]
async fn where_the_secret_signs_pairs_of_before_are_read() {
    let first = key(1, KeyAlgorithm::Es256, 0).await;
    let signer = signing();
    signer.update(vec![first.clone()], now()).unwrap();
    let codec = codec();
    codec.update(vec![SigningKey { retired_at: Some(at(60)), ..first }], at(60)).unwrap();
    assert!(decoded(&codec, &signer.encode(&issued(0)).unwrap(), 60).is_ok());
    assert_eq!(header(&codec.encode(&issued(0)).unwrap())["alg"], "HS256");
}

#[tokio::test]
async fn a_key_from_elsewhere_is_taken_as_it_is_and_sealed_anew_when_another_key_encrypts() {
    let pair = KeyPair::generate(KeyAlgorithm::EdDsa).unwrap();
    let fresh = maker().import(pair.pem()).await.unwrap().unwrap();
    assert_eq!((&fresh.id, fresh.algorithm), (pair.public().id(), KeyAlgorithm::EdDsa));
    assert!(maker().import("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").await.unwrap().is_err());
    let key = KeyRing::default().next(fresh, now(), now());
    assert_eq!(maker().reencrypt(&key).unwrap(), None);
    let text = base64::engine::general_purpose::STANDARD.encode([8; 32]);
    let both = format!("b:{text},a:{}", base64::engine::general_purpose::STANDARD.encode([7; 32]));
    let next = PairMaker(Arc::new(both.parse().unwrap()));
    let resealed = next.reencrypt(&key).unwrap().unwrap();
    assert_eq!(resealed.with, "b");
    let key = SigningKey { private: resealed, ..key };
    assert_eq!(next.reencrypt(&key).unwrap(), None);
    assert!(maker().reencrypt(&key).is_err());
}
