//! Clients' own tokens: what one looks like, and that nothing else passes for it, nor it for anything else (RFC 8725).

use auth_domain::{
    oauth::{client_token::ClientClaims, ports::ClientTokenCodec, scope::Scope, scope::Scopes},
    signing_keys::{
        key::KeyAlgorithm,
        ports::{KeyCache, KeyMaker},
        ring::KeyRing,
    },
    testkit::ClientCodecs,
};

use super::*;
use crate::{encryption::EncryptionKeys, jwt::key_maker::PairMaker};

const CLIENT_HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt"}"#;
const ID: &str = "01890a5d-ac96-774b-bcce-b302099a805a";

fn said() -> ClientClaims {
    ClientClaims {
        id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
        client: ID.parse().unwrap(),
        scopes: Scopes::of([Scope::AdminRead, Scope::AdminWrite]),
        scopes_version: 2,
        issued_at: now(),
        expires_at: now() + TimeDelta::minutes(15),
    }
}

fn written() -> Value {
    json!({
        "sub": ID, "client_id": ID, "scope": "admin:read admin:write", "scopes_version": 2, "type": "client",
        "iat": 1_800_000_000, "exp": 1_800_000_900, "jti": "01890a5d-ac96-774b-bcce-b302099a8057",
    })
}

fn read(token: &str) -> Result<ClientClaims, InvalidToken> {
    ClientTokenCodec::decode(&codec(), token, now())
}

fn of_payload(payload: &Value) -> Result<ClientClaims, InvalidToken> {
    read(&signed(hmac::HMAC_SHA256, ACCESS, CLIENT_HEADER, &payload.to_string()))
}

fn with(members: &Value) -> Value {
    let mut payload = written();
    payload.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    payload
}

fn parts(token: &str) -> (Value, Value) {
    let mut parts =
        token.split('.').map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap_or_default());
    (parts.next().unwrap(), parts.next().unwrap())
}

auth_domain::client_token_codec_contract!(async {
    let codec = with_keys(ACCESS, REFRESH);
    ClientCodecs { codec: codec.clone(), stranger: with_keys(&[1; 32], &[2; 32]), of_people: codec }
});

mod of_a_key_pair {
    use super::*;

    auth_domain::client_token_codec_contract!(async {
        let (codec, stranger) = (of_pairs(with_issuer(ACCESS)).await, of_pairs(with_issuer(&[1; 32])).await);
        ClientCodecs { codec: codec.clone(), stranger, of_people: codec }
    });
}

fn with_issuer(access: &[u8]) -> JwtCodec {
    let (issuer, audience) = (Some("me".to_owned()), Some("you".to_owned()));
    JwtCodec::new(JwtSecrets { access, refresh: REFRESH }, issuer, audience).unwrap()
}

/// The codec, with a fresh key pair that signs, and has since before all the tests' times.
async fn of_pairs(codec: JwtCodec) -> Arc<JwtCodec> {
    let text = base64::engine::general_purpose::STANDARD.encode([7; 32]);
    let encryption: Arc<EncryptionKeys> = Arc::new(format!("a:{text}").parse().unwrap());
    let since = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let fresh = PairMaker(encryption.clone()).make(KeyAlgorithm::EdDsa).await.unwrap();
    let codec = codec.signing_with_pairs(encryption);
    codec.update(vec![KeyRing::default().next(fresh, since, since)], now()).unwrap();
    Arc::new(codec)
}

#[test]
fn a_clients_token_is_what_rfc_9068_says() {
    let token = ClientTokenCodec::encode(&codec(), &said()).unwrap();
    assert_eq!(parts(&token), (serde_json::from_str(CLIENT_HEADER).unwrap(), written()));
    assert_eq!(read(&token), Ok(said()));
    let none = ClientClaims { scopes: Scopes::default(), ..said() };
    let (_, payload) = parts(&ClientTokenCodec::encode(&codec(), &none).unwrap());
    assert_eq!(payload.get("scope"), None);
    let (_, payload) = parts(&ClientTokenCodec::encode(&with_issuer(ACCESS), &said()).unwrap());
    assert_eq!((&payload["iss"], &payload["aud"]), (&json!("me"), &json!("you")));
}

#[test]
fn its_header_has_the_type_of_rfc_9068_and_no_other() {
    let read = |header: Value| read(&signed(hmac::HMAC_SHA256, ACCESS, &header.to_string(), &written().to_string()));
    assert_eq!(read(json!({"alg": "HS256", "typ": "at+jwt", "kid": "x", "jwk": {}})), Ok(said()));
    for typ in
        [json!("JWT"), json!("AT+JWT"), json!("application/at+jwt"), json!("revocations+jwt"), json!(null), json!(["at+jwt"])]
    {
        assert_eq!(read(json!({"alg": "HS256", "typ": typ})), Err(InvalidToken::Invalid), "{typ}");
    }
    for header in [
        json!({"alg": "HS256"}),
        json!({"alg": "none", "typ": "at+jwt"}),
        json!({"alg": "HS512", "typ": "at+jwt"}),
        json!({"typ": "at+jwt"}),
        json!({"alg": "HS256", "typ": "at+jwt", "crit": ["exp"]}),
    ] {
        assert_eq!(read(header.clone()), Err(InvalidToken::Invalid), "{header}");
    }
    let unsigned =
        [r#"{"alg":"none","typ":"at+jwt"}"#, &written().to_string()].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    for token in [format!("{unsigned}."), unsigned] {
        assert_eq!(super::clients::read(&token), Err(InvalidToken::Invalid));
    }
    // Of the key of refresh tokens, and by another algorithm than the header says.
    for (algorithm, secret) in [(hmac::HMAC_SHA256, REFRESH), (hmac::HMAC_SHA512, ACCESS)] {
        let token = signed(algorithm, secret, CLIENT_HEADER, &written().to_string());
        assert_eq!(super::clients::read(&token), Err(InvalidToken::Invalid));
    }
}

#[test]
fn no_claim_of_a_client_may_be_missing_or_of_another_type() {
    for name in ["sub", "client_id", "scopes_version", "type", "iat", "exp", "jti"] {
        let mut payload = written();
        assert!(payload.as_object_mut().unwrap().remove(name).is_some());
        assert_eq!(of_payload(&payload), Err(InvalidToken::Invalid), "{name}");
        for value in [json!(null), json!(true), json!(1.5), json!([]), json!({}), json!(""), json!([ID])] {
            assert_eq!(of_payload(&with(&json!({ name: value }))), Err(InvalidToken::Invalid), "{name} {value}");
        }
    }
    for scope in
        [json!(null), json!(1), json!(["admin:read"]), json!("enrol"), json!("admin:read,admin:write"), json!("admin:all")]
    {
        assert_eq!(of_payload(&with(&json!({ "scope": scope }))), Err(InvalidToken::Invalid), "{scope}");
    }
    assert_eq!(of_payload(&with(&json!({ "unknown": {"a": [1, null]} }))), Ok(said()));
}

#[test]
fn a_client_acts_for_nobody_but_itself() {
    let ann = "01890a5d-ac96-774b-bcce-b302099a8058";
    for members in
        [json!({"sub": ann}), json!({"client_id": ann}), json!({"sub": ID.to_uppercase(), "client_id": ID.to_uppercase()})]
    {
        assert_eq!(of_payload(&with(&members)), Err(InvalidToken::Invalid), "{members}");
    }
}

#[test]
fn of_a_client_too_issuer_and_audience_are_demanded_when_configured() {
    let read = |members: Value| {
        let token = signed(hmac::HMAC_SHA256, ACCESS, CLIENT_HEADER, &with(&members).to_string());
        ClientTokenCodec::decode(&with_issuer(ACCESS), &token, now())
    };
    assert_eq!(read(json!({"iss": "me", "aud": "you"})), Ok(said()));
    assert_eq!(read(json!({"iss": "me", "aud": ["they", "you"]})), Ok(said()));
    for members in [
        json!({}),
        json!({"iss": "me"}),
        json!({"aud": "you"}),
        json!({"iss": "you", "aud": "you"}),
        json!({"iss": "me", "aud": "me"}),
        json!({"iss": ["me"], "aud": "you"}),
        json!({"iss": "me", "aud": []}),
    ] {
        assert_eq!(read(members.clone()), Err(InvalidToken::Invalid), "{members}");
    }
    assert_eq!(of_payload(&with(&json!({"aud": "you"}))), Err(InvalidToken::Invalid), "who has no name is not addressed");
}

/// Every header with every payload, signed with the right key: only what belongs together counts, as what it is.
#[tokio::test]
async fn a_person_is_no_client_and_a_client_no_person_whatever_the_header_says() {
    let person = payload(TokenPurpose::Access);
    let mut both = person.clone();
    both.as_object_mut().unwrap().extend([("client_id".to_owned(), json!(ID)), ("scopes_version".to_owned(), json!(2))]);
    let mut client_and_more = written();
    client_and_more.as_object_mut().unwrap().extend([
        ("email".to_owned(), json!("ann@example.org")),
        ("sid".to_owned(), person["sid"].clone()),
        ("nbf".to_owned(), person["nbf"].clone()),
    ]);
    for (header, payload, as_person, as_client) in [
        (HEADER, &person, true, false),
        (CLIENT_HEADER, &person, false, false),
        (HEADER, &both, true, false),
        (CLIENT_HEADER, &both, false, false),
        (HEADER, &written(), false, false),
        (CLIENT_HEADER, &written(), false, true),
        (HEADER, &client_and_more, false, false),
        (CLIENT_HEADER, &client_and_more, false, true),
    ] {
        let token = signed(hmac::HMAC_SHA256, ACCESS, header, &payload.to_string());
        assert_eq!((decode(&token).is_ok(), read(&token).is_ok()), (as_person, as_client), "{header} {payload}");
        assert_eq!(TokenCodec::decode(&codec(), TokenKind::Refresh, &token, now()).map(drop), Err(InvalidToken::Invalid));
        // A key pair signs both under one header, so that the payload alone tells them apart.
        let codec = of_pairs(codec()).await;
        let pair = codec.signer(now()).unwrap().unwrap();
        let token = pair.sign(payload.to_string().as_bytes()).unwrap();
        let is_person = payload["type"] == "access";
        assert_eq!(TokenCodec::decode(&*codec, TokenKind::Access, &token, now()).is_ok(), is_person, "{payload}");
        assert_eq!(ClientTokenCodec::decode(&*codec, &token, now()).is_ok(), !is_person, "{payload}");
        // Once the pair signs, the secret signs nothing any more.
        let by_the_secret = signed(hmac::HMAC_SHA256, ACCESS, header, &payload.to_string());
        assert!(ClientTokenCodec::decode(&*codec, &by_the_secret, now()).is_err());
    }
}

#[test]
fn the_list_of_revocations_is_no_token_of_a_client() {
    let token = codec().access.sign_as(crate::jwt::LIST_TYPE, written().to_string().as_bytes()).unwrap();
    assert_eq!(read(&token), Err(InvalidToken::Invalid));
    assert_eq!(decode(&token), Err(InvalidToken::Invalid));
}
