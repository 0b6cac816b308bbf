//! Published vectors through our own verification, and the forgeries that a public key invites.

use aws_lc_rs::{
    hmac,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING},
};
use serde_json::{Value, from_str};
use wycheproof_ng_kdf_jose::json_web::{TestName, TestSet};

use super::*;

const PAYLOAD: &[u8] = br#"{"sub":"ann"}"#;

fn pairs() -> Vec<KeyPair> {
    KeyAlgorithm::ALL.into_iter().map(|algorithm| KeyPair::generate(algorithm).unwrap()).collect()
}

fn header(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

/// Signs any header with the right private key.
fn signed(pair: &KeyPair, header: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    pair.signed(&header, PAYLOAD).unwrap()
}

fn with_signature(token: &str, signature: &[u8]) -> String {
    format!("{}.{}", token.rsplit_once('.').unwrap().0, URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn a_pair_signs_and_verifies_and_comes_back_from_what_is_kept() {
    for pair in pairs() {
        let (public, token) = (pair.public(), pair.sign(PAYLOAD).unwrap());
        let name = public.algorithm().name();
        assert_eq!(header(&token), json!({ "alg": name, "typ": "at+jwt", "kid": public.id().as_str() }));
        let again = KeyPair::from_pem(pair.pem()).unwrap();
        assert_eq!(
            (again.public.id(), again.public.algorithm(), again.public.jwk()),
            (public.id(), public.algorithm(), public.jwk())
        );
        let kept = PublicKey::new(public.id().clone(), public.algorithm(), public.jwk().to_owned()).unwrap();
        assert_eq!(kept.verify(&token).unwrap(), PAYLOAD);
        let jwk: Value = from_str(public.jwk()).unwrap();
        assert_eq!((&jwk["use"], &jwk["alg"], &jwk["kid"]), (&json!("sig"), &json!(name), &json!(public.id().as_str())));
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(jwk.get(private).is_none(), "{private} is nobody's business");
        }
        assert!(!format!("{pair:?}").contains("PRIVATE"));
    }
}

/// RFC 8037, appendix A: the key, its thumbprint, and the signature over "Example of Ed25519 signing".
#[test]
fn the_example_of_rfc_8037_verifies() {
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "alg": "EdDSA", "use": "sig",
    });
    let id = KeyId::new("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".to_owned());
    let key = PublicKey::new(id, KeyAlgorithm::EdDsa, jwk.to_string()).unwrap();
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
                 hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let (_, payload) = key.verified(token).unwrap();
    assert_eq!(decode(payload).unwrap(), b"Example of Ed25519 signing");
    assert!(key.verified(&token.replace("hgyY", "hgyZ")).is_err());
    assert!(key.verify(token).is_err(), "its header is not one of ours");
}

/// Checks the signature, and the algorithm that the header names. (`verify` accepts only our own header.)
fn is_judged_alike(key: &PublicKey, token: &str, expected: bool, what: &str) {
    let accepted = key.verified(token).is_ok_and(|(head, payload)| {
        let head = decode(head).map(|head| strict_json::parse(&head));
        decode(payload).is_ok() && matches!(head, Ok(Ok(head)) if head.get("alg") == Some(&json!(key.algorithm.name())))
    });
    assert_eq!(accepted, expected, "{what}");
}

#[test]
fn every_vector_for_es256_and_rs256_is_judged_as_wycheproof_judges_it() {
    let (mut accepted, mut refused) = (0, 0);
    for group in TestSet::load(TestName::JsonWebSignature).unwrap().test_groups {
        let Some(mut jwk) = group.public_key.filter(|jwk| ["ES256", "RS256"].iter().any(|name| jwk["alg"] == *name)) else {
            continue;
        };
        let algorithm = if jwk["alg"] == "ES256" { KeyAlgorithm::Es256 } else { KeyAlgorithm::Rs256 };
        jwk["use"] = "sig".into();
        let thumbprint = from_str::<Jwk>(&jwk.to_string()).unwrap().thumbprint(ThumbprintHash::SHA256).unwrap();
        let key = PublicKey::new(KeyId::new(thumbprint), algorithm, jwk.to_string()).unwrap();
        for test in group.tests {
            let jws = test.jws.unwrap();
            let token = jws.as_str().map_or_else(|| jws.to_string(), str::to_owned);
            let expected = !test.result.must_fail();
            is_judged_alike(&key, &token, expected, &format!("{} {}", test.tc_id, test.comment));
            *if expected { &mut accepted } else { &mut refused } += 1;
        }
    }
    assert_eq!((accepted, refused), (10, 262));
}

#[test]
fn a_public_key_is_no_secret_and_no_signature_is_none() {
    for pair in pairs() {
        let (public, token) = (pair.public(), pair.sign(PAYLOAD).unwrap());
        let (signed_text, _) = token.rsplit_once('.').unwrap();
        let jwk: Value = from_str(public.jwk()).unwrap();
        let member = |name: &str| jwk[name].as_str().unwrap_or_default().as_bytes().to_vec();
        for secret in
            [public.jwk().as_bytes().to_vec(), member("x"), member("n"), decode(jwk["x"].as_str().unwrap_or("")).unwrap()]
        {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            let confused =
                URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "kid": public.id().as_str(), "typ": "at+jwt" }).to_string());
            for text in [signed_text.to_owned(), format!("{confused}.{}", URL_SAFE_NO_PAD.encode(PAYLOAD))] {
                let mac = URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes()));
                assert!(public.verify(&format!("{text}.{mac}")).is_err());
            }
        }
        let none = URL_SAFE_NO_PAD.encode(json!({ "alg": "none" }).to_string());
        for forged in [format!("{signed_text}."), signed_text.to_owned(), format!("{none}.{}.", URL_SAFE_NO_PAD.encode(PAYLOAD))]
        {
            assert!(public.verify(&forged).is_err(), "{forged}");
        }
    }
}

#[test]
fn a_header_is_the_one_that_the_key_writes() {
    for pair in pairs() {
        let (name, id) = (pair.public.algorithm.name(), pair.public.id.as_str());
        assert!(pair.public.verify(&signed(&pair, &json!({ "alg": name, "kid": id, "typ": "at+jwt" }))).is_ok());
        let bent = [
            ("kid", json!("another")),
            ("kid", json!("../../dev/null")),
            ("typ", json!("JWT")),
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("jku", json!("https://evil.example/keys")),
            ("jwk", from_str(KeyPair::generate(KeyAlgorithm::Es256).unwrap().public.jwk()).unwrap()),
            ("x5u", json!("https://evil.example/cert")),
            ("x5c", json!(["AAAA"])),
            ("crit", json!(["exp"])),
        ];
        for (member, value) in bent {
            let mut header = json!({ "alg": name, "kid": id, "typ": "at+jwt" });
            header[member] = value;
            assert!(pair.public.verify(&signed(&pair, &header)).is_err(), "{header}");
        }
    }
}

#[test]
fn another_key_is_another_key() {
    let (ours, theirs) = (pairs(), pairs());
    for (at, public) in ours.iter().map(KeyPair::public).enumerate() {
        for (other, stranger) in ours.iter().chain(&theirs).enumerate().filter(|(other, _)| *other != at) {
            let header = json!({ "alg": public.algorithm.name(), "kid": public.id.as_str(), "typ": "at+jwt" });
            assert!(public.verify(&signed(stranger, &header)).is_err(), "{at} {other}");
        }
    }
}

#[test]
fn a_signature_has_one_form() {
    for pair in pairs() {
        let token = pair.sign(PAYLOAD).unwrap();
        let signature = decode(token.rsplit_once('.').unwrap().1).unwrap();
        let length = signature.len();
        let forms = [
            Vec::new(),
            vec![0; length],
            vec![0xff; length],
            signature[..length - 1].to_vec(),
            signature[1..].to_vec(),
            [&signature[..], &[0]].concat(),
            [&[0], &signature[..]].concat(),
            [&signature[..], &signature[..]].concat(),
        ];
        for form in forms {
            assert!(pair.public.verify(&with_signature(&token, &form)).is_err(), "{}", pair.public.algorithm.name());
        }
    }
}

#[test]
fn es256_takes_no_der() {
    let pair = KeyPair::generate(KeyAlgorithm::Es256).unwrap();
    let token = pair.sign(PAYLOAD).unwrap();
    let (text, _) = token.rsplit_once('.').unwrap();
    let der = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pair.signing.as_bytes()).unwrap();
    let signature = der.sign(&aws_lc_rs::rand::SystemRandom::new(), text.as_bytes()).unwrap();
    assert!(pair.public.verify(&with_signature(&token, signature.as_ref())).is_err());
}

#[test]
fn a_key_of_the_wrong_curve_use_or_kind_is_none() {
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap().to_pkcs8v1().unwrap();
    let public_only =
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
    for text in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", public_only, &pem(p384.as_ref()).unwrap()]
    {
        assert_eq!(KeyPair::from_pem(text).unwrap_err(), PairFault::NoPrivateKey);
    }
    for pair in pairs() {
        let public = pair.public();
        let new = |jwk: &Value, algorithm| PublicKey::new(public.id.clone(), algorithm, jwk.to_string()).is_ok();
        let right: Value = from_str(public.jwk()).unwrap();
        assert!(new(&right, public.algorithm));
        for (member, value) in [
            ("use", json!("enc")),
            ("alg", json!("HS256")),
            ("crv", json!("P-384")),
            ("kty", json!("oct")),
            ("x", json!("AAAA")),
            ("n", json!("AAAA")),
        ] {
            if right.get(member).is_some() {
                let mut wrong = right.clone();
                wrong[member] = value;
                assert!(!new(&wrong, public.algorithm), "{wrong}");
            }
        }
        for other in KeyAlgorithm::ALL.into_iter().filter(|other| *other != public.algorithm) {
            assert!(!new(&right, other));
        }
    }
}
