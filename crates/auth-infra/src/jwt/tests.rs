//! What a token looks like, and that every altered one is refused.

mod clients;
mod fuzz;
mod pairs;
mod payloads;
mod wycheproof;

use std::sync::Arc;

use auth_domain::{
    identity::port_error::PortError,
    sessions::{
        authentication::Authentication,
        ports::TokenCodec,
        session::Generation,
        token::{Claims, InvalidToken, TokenKind, TokenPurpose},
    },
    testkit::Codecs,
};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{JwtCodec, JwtSecrets, jws::TOKEN_MAX_BYTES};

const ACCESS: &[u8] = b"an access key of forty bytes, give or ta";
const REFRESH: &[u8] = b"a refresh key of forty bytes, give or ta";
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn codec() -> JwtCodec {
    JwtCodec::new(JwtSecrets { access: ACCESS, refresh: REFRESH }, None, None).unwrap()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn claims(purpose: TokenPurpose) -> Claims {
    Claims {
        id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
        purpose,
        user: "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap(),
        email: "ann@example.org".parse().unwrap(),
        session: "01890a5d-ac96-774b-bcce-b302099a8059".parse().unwrap(),
        email_verified: None,
        authentication: None,
        scope: None,
        roles: auth_domain::identity::role::Roles::default(),
        attributes: serde_json::Map::new(),
        issued_at: now(),
        not_before: now(),
        expires_at: now() + TimeDelta::minutes(15),
    }
}

/// The payload of those claims, to be altered.
fn payload(purpose: TokenPurpose) -> Value {
    let mut payload = json!({
        "sub": "01890a5d-ac96-774b-bcce-b302099a8058", "email": "ann@example.org", "type": "access",
        "iat": 1_800_000_000, "nbf": 1_800_000_000, "exp": 1_800_000_900,
        "jti": "01890a5d-ac96-774b-bcce-b302099a8057", "sid": "01890a5d-ac96-774b-bcce-b302099a8059",
    });
    if let TokenPurpose::Refresh(generation) = purpose {
        payload["type"] = "refresh".into();
        payload["gen"] = generation.0.into();
    }
    payload
}

/// Signs any two texts, with another library than the adapter.
fn signed(algorithm: hmac::Algorithm, secret: &[u8], header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    resigned(algorithm, secret, &signed)
}

fn resigned(algorithm: hmac::Algorithm, secret: &[u8], signed: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn with_header(header: &str) -> String {
    signed(hmac::HMAC_SHA256, ACCESS, header, &payload(TokenPurpose::Access).to_string())
}

fn with_payload(payload: &str) -> String {
    signed(hmac::HMAC_SHA256, ACCESS, HEADER, payload)
}

fn decode(token: &str) -> Result<Claims, InvalidToken> {
    codec().decode(TokenKind::Access, token, now())
}

fn with_keys(access: &[u8], refresh: &[u8]) -> Arc<JwtCodec> {
    Arc::new(JwtCodec::new(JwtSecrets { access, refresh }, Some("issuer".to_owned()), Some("audience".to_owned())).unwrap())
}

auth_domain::token_codec_contract!(async {
    Codecs { codec: with_keys(ACCESS, REFRESH), stranger: with_keys(&[1; 32], &[2; 32]) }
});

#[test]
fn an_access_token_says_how_its_bearer_was_authenticated() {
    let authentication = Some(Authentication { at: now() - TimeDelta::hours(1), methods: "pwd otp mfa".parse().unwrap() });
    let claims = Claims { authentication, ..claims(TokenPurpose::Access) };
    let token = codec().encode(&claims).unwrap();
    let mut said = payload(TokenPurpose::Access);
    said["auth_time"] = 1_799_996_400.into();
    (said["amr"], said["acr"]) = (json!(["pwd", "otp", "mfa"]), "aal2".into());
    let written = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), said);
    assert_eq!(decode(&token), Ok(claims));
    // What makes no sense there is nobody's business here: the session says it.
    for (member, value) in [("auth_time", json!("x")), ("amr", json!([])), ("amr", json!([1])), ("amr", json!("pwd"))] {
        let mut odd = said.clone();
        odd[member] = value;
        assert_eq!(decode(&with_payload(&odd.to_string())).map(|claims| claims.authentication), Ok(None), "{odd}");
    }
}

#[test]
fn a_token_is_what_the_standards_say_and_comes_back_whole() {
    for purpose in [TokenPurpose::Access, TokenPurpose::Refresh(Generation(7))] {
        let token = codec().encode(&claims(purpose)).unwrap();
        let parts: Vec<Vec<u8>> = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        assert_eq!(parts[0], HEADER.as_bytes());
        assert_eq!(serde_json::from_slice::<Value>(&parts[1]).unwrap(), payload(purpose));
        let secret = if purpose == TokenPurpose::Access { ACCESS } else { REFRESH };
        let (text, _signature) = token.rsplit_once('.').unwrap();
        assert_eq!(token, resigned(hmac::HMAC_SHA256, secret, text));
        assert_eq!(codec().decode(purpose.kind(), &token, now()), Ok(claims(purpose)));
    }
}

#[test]
fn times_are_whole_seconds_cut_alike() {
    let late = TimeDelta::microseconds(999_999);
    let exact = claims(TokenPurpose::Access);
    let claims = Claims {
        issued_at: exact.issued_at + late,
        not_before: exact.not_before + late,
        expires_at: exact.expires_at + late,
        ..exact.clone()
    };
    assert_eq!(decode(&codec().encode(&claims).unwrap()), Ok(exact));
}

#[test]
fn the_clock_is_the_callers() {
    let token = codec().encode(&claims(TokenPurpose::Access)).unwrap();
    let at = |seconds| codec().decode(TokenKind::Access, &token, now() + TimeDelta::seconds(seconds));
    assert_eq!(at(-11), Err(InvalidToken::Invalid));
    assert!(at(-10).is_ok());
    assert!(at(909).is_ok());
    assert_eq!(at(910), Err(InvalidToken::Expired));
}

#[test]
fn each_kind_has_its_own_key_and_its_own_type() {
    let codec = codec();
    for (purpose, other) in
        [(TokenPurpose::Access, TokenKind::Refresh), (TokenPurpose::Refresh(Generation(1)), TokenKind::Access)]
    {
        let token = codec.encode(&claims(purpose)).unwrap();
        assert_eq!(codec.decode(other, &token, now()), Err(InvalidToken::Invalid));
    }
    // The right key does not make up for the wrong type.
    assert_eq!(decode(&with_payload(&payload(TokenPurpose::Refresh(Generation(1))).to_string())), Err(InvalidToken::Invalid));
}

#[test]
fn the_algorithm_is_hs256_whatever_a_header_says() {
    for algorithm in ["none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256", "HS256 ", ""] {
        assert_eq!(
            decode(&with_header(&json!({"alg": algorithm, "typ": "JWT"}).to_string())),
            Err(InvalidToken::Invalid),
            "{algorithm}"
        );
    }
    let payload = payload(TokenPurpose::Access).to_string();
    for (name, algorithm) in [("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512), ("HS256", hmac::HMAC_SHA512)] {
        let header = json!({"alg": name, "typ": "JWT"}).to_string();
        assert_eq!(decode(&signed(algorithm, ACCESS, &header, &payload)), Err(InvalidToken::Invalid), "{name}");
    }
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#) + "." + &URL_SAFE_NO_PAD.encode(&payload);
    for token in [format!("{unsigned}."), unsigned] {
        assert_eq!(decode(&token), Err(InvalidToken::Invalid));
    }
}

#[test]
fn headers_that_name_or_bring_a_key_change_nothing() {
    let extra = json!({
        "alg": "HS256", "kid": "../../dev/null", "jku": "https://evil.example/keys", "x5u": "https://evil.example/cert",
        "jwk": {"kty": "oct", "k": "AAAA"}, "x5c": ["AAAA"], "unknown": {"a": [1, null]},
    });
    assert_eq!(decode(&with_header(&extra.to_string())), Ok(claims(TokenPurpose::Access)));
    // Signed with the key in the header, so the MAC is wrong.
    let header = json!({"alg": "HS256", "jwk": {"kty": "oct", "k": URL_SAFE_NO_PAD.encode([1; 32])}}).to_string();
    assert!(decode(&signed(hmac::HMAC_SHA256, &[1; 32], &header, &payload(TokenPurpose::Access).to_string())).is_err());
}

#[test]
fn a_header_is_one_strict_object_without_crit_or_a_foreign_type() {
    for acceptable in [r#"{"alg":"HS256"}"#, r#" { "typ" : "JWT" , "alg" : "HS256" } "#, r#"{"alg":"\u0048S256"}"#] {
        assert!(decode(&with_header(acceptable)).is_ok(), "{acceptable}");
    }
    for header in [
        r#"{"alg":"HS256","crit":["b64"],"b64":true}"#,
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"HS256","crit":[]}"#,
        r#"{"alg":"HS256","crit":null}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","typ":"jwt"}"#,
        r#"{"alg":"HS256","typ":null}"#,
        r#"{"alg":"HS256","typ":["JWT"]}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","kid":{"a":1,"a":2}}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":null}"#,
        r#"{"typ":"JWT"}"#,
        r#""HS256""#,
        r#"["HS256"]"#,
        r#"{"alg":"HS256"}{}"#,
        "",
    ] {
        assert_eq!(decode(&with_header(header)), Err(InvalidToken::Invalid), "{header}");
    }
}

#[test]
fn a_token_has_one_spelling() {
    let token = codec().encode(&claims(TokenPurpose::Access)).unwrap();
    assert!(decode(&token).is_ok());
    let (signed_text, signature) = token.rsplit_once('.').unwrap();
    let (header, body) = signed_text.split_once('.').unwrap();
    // 32 bytes take 43 characters, so the last one has two unused bits.
    let last = signature.chars().last().unwrap();
    let stray = char::from(u8::try_from(u32::from(last)).unwrap() + 1);
    let mut spellings = vec![
        format!("{token}="),
        format!("{token} "),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!(".{token}"),
        format!("{header}.{body}"),
        format!("{header}..{signature}"),
        format!(".{body}.{signature}"),
        format!("{header}.{body}."),
        format!("Bearer {token}"),
        format!("{}{stray}", token.strip_suffix(last).unwrap()),
        token.replace('-', "+").replace('_', "/") + "==",
        String::new(),
        "..".to_owned(),
        ".".to_owned(),
    ];
    // The same, signed with the right key.
    let bent = [
        format!("{header}=.{body}"),
        format!("{header}.{body}="),
        format!("{header}.{body}=="),
        format!("{header} .{body}"),
        format!("{header}.\n{body}"),
        format!("{header}.{body}."),
        format!("{header}.{body}.{body}"),
        // Two bytes take three characters, so the last one has two unused bits: Q, not R.
        format!("{}.{body}", URL_SAFE_NO_PAD.encode(format!("{HEADER}  ")).trim_end_matches('g').to_owned() + "h"),
    ];
    spellings.extend(bent.iter().map(|text| resigned(hmac::HMAC_SHA256, ACCESS, text)));
    for spelling in spellings {
        assert_eq!(decode(&spelling), Err(InvalidToken::Invalid), "{spelling:?}");
    }
}

#[test]
fn a_token_over_8_kib_is_refused() {
    let padded = |spaces: usize| with_payload(&(payload(TokenPurpose::Access).to_string() + &" ".repeat(spaces)));
    let spaces = (0..TOKEN_MAX_BYTES).rev().find(|spaces| padded(*spaces).len() <= TOKEN_MAX_BYTES).unwrap();
    assert!(decode(&padded(spaces)).is_ok());
    assert_eq!(decode(&padded(spaces + 1)), Err(InvalidToken::Invalid));
}

#[test]
fn keys_that_are_none_are_refused_at_the_start() {
    let new = |access: &[u8], refresh: &[u8], audience: Option<String>| {
        JwtCodec::new(JwtSecrets { access, refresh }, None, audience).map(|_codec| ())
    };
    for outcome in [
        new(b"", REFRESH, None),
        new(ACCESS, &[7; 31], None),
        new(ACCESS, ACCESS, None),
        new(ACCESS, REFRESH, Some("x".repeat(8000))),
    ] {
        assert!(matches!(outcome, Err(PortError::Internal(_))), "{outcome:?}");
    }
    assert!(new(ACCESS, REFRESH, Some("x".repeat(200))).is_ok());
}

#[test]
fn an_id_has_one_spelling() {
    let id = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
    for spelling in
        [id.simple().to_string(), id.urn().to_string(), id.braced().to_string(), id.to_string().to_uppercase(), format!("{id} ")]
    {
        for name in ["sub", "jti", "sid"] {
            let mut payload = payload(TokenPurpose::Access);
            payload[name] = spelling.clone().into();
            assert_eq!(decode(&with_payload(&payload.to_string())), Err(InvalidToken::Invalid), "{name} {spelling}");
        }
    }
}
