//! Payloads that are signed with the right key, yet refused.

use super::*;

const STRINGS: [&str; 5] = ["sub", "email", "type", "jti", "sid"];
const TIMES: [&str; 3] = ["iat", "nbf", "exp"];

fn refresh(payload: &str) -> Result<Claims, InvalidToken> {
    codec().decode(TokenKind::Refresh, &signed(hmac::HMAC_SHA256, REFRESH, HEADER, payload), now())
}

fn access_with(name: &str, value: Value) -> Result<Claims, InvalidToken> {
    let mut payload = payload(TokenPurpose::Access);
    payload[name] = value;
    decode(&with_payload(&payload.to_string()))
}

/// Replaces a number in the payload's text, spelled as given.
fn access_spelled(name: &str, number: &str) -> Result<Claims, InvalidToken> {
    let mut payload = payload(TokenPurpose::Access);
    payload[name] = "HERE".into();
    decode(&with_payload(&payload.to_string().replace("\"HERE\"", number)))
}

#[test]
fn the_payload_itself_is_fine() {
    assert_eq!(decode(&with_payload(&payload(TokenPurpose::Access).to_string())), Ok(claims(TokenPurpose::Access)));
    let purpose = TokenPurpose::Refresh(Generation(1));
    assert_eq!(refresh(&payload(purpose).to_string()), Ok(claims(purpose)));
    assert_eq!(access_with("unknown", json!({"a": [1.5, null]})), Ok(claims(TokenPurpose::Access)));
    assert_eq!(access_with("iss", json!(7)), Ok(claims(TokenPurpose::Access)));
}

#[test]
fn no_claim_may_be_missing() {
    let full = payload(TokenPurpose::Refresh(Generation(1)));
    for name in STRINGS.into_iter().chain(TIMES).chain(["gen"]) {
        let mut payload = full.clone();
        assert!(payload.as_object_mut().unwrap().remove(name).is_some());
        assert_eq!(refresh(&payload.to_string()), Err(InvalidToken::Invalid), "{name}");
    }
}

#[test]
fn no_claim_may_be_of_another_type() {
    let others = [json!(null), json!(true), json!([]), json!({}), json!(["ann@example.org"])];
    for name in STRINGS.into_iter().chain(TIMES) {
        for value in &others {
            assert_eq!(access_with(name, value.clone()), Err(InvalidToken::Invalid), "{name} {value}");
        }
    }
    for name in STRINGS {
        assert_eq!(access_with(name, json!(1_800_000_000)), Err(InvalidToken::Invalid), "{name}");
        assert_eq!(access_with(name, json!("")), Err(InvalidToken::Invalid), "{name}");
    }
    for name in TIMES {
        for value in [json!("1800000000"), json!(1_800_000_000.0), json!(1_800_000_000.5)] {
            assert_eq!(access_with(name, value.clone()), Err(InvalidToken::Invalid), "{name} {value}");
        }
        for spelling in ["18e8", "1.8e9", "1800000000.0", "-0", "0x6b49d200", "01800000000"] {
            assert_eq!(access_spelled(name, spelling), Err(InvalidToken::Invalid), "{name} {spelling}");
        }
    }
}

#[test]
fn numbers_beyond_all_range_are_refused_and_break_nothing() {
    let huge = [
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1e308",
        "-1e308",
        "1e999",
        "8210266876800",
        "-8334601228801",
    ];
    for number in huge.into_iter().map(str::to_owned).chain(["9".repeat(400), format!("-{}", "9".repeat(400))]) {
        for name in TIMES {
            assert_eq!(access_spelled(name, &number), Err(InvalidToken::Invalid), "{name} {number}");
        }
    }
    // The limits of a date.
    assert!(access_spelled("exp", "8210266876799").is_ok());
    assert_eq!(access_spelled("exp", "-8334601228800"), Err(InvalidToken::Expired));
    assert!(access_spelled("iat", "-8334601228800").is_ok());
    assert_eq!(access_spelled("nbf", "8210266876799"), Err(InvalidToken::Invalid));
}

#[test]
fn a_member_twice_is_refused_even_when_nobody_reads_it() {
    let body = payload(TokenPurpose::Access).to_string();
    let body = body.strip_suffix('}').unwrap();
    for twice in [r#""type":"access""#, r#""exp":1800000900"#, r#""x":1,"x":2"#, r#""x":{"y":1,"y":1}"#, r#""\u0073ub":"x""#] {
        assert_eq!(decode(&with_payload(&format!("{body},{twice}}}"))), Err(InvalidToken::Invalid), "{twice}");
    }
    for text in ["", "null", "[]", "\"x\"", "7", "{}", "{", "\u{feff}{}"] {
        assert_eq!(decode(&with_payload(text)), Err(InvalidToken::Invalid), "{text}");
    }
}

#[test]
fn invalid_utf8_is_refused_even_where_nobody_reads_it() {
    let body = payload(TokenPurpose::Access).to_string();
    let mut bytes = body.strip_suffix('}').unwrap().as_bytes().to_vec();
    bytes.extend_from_slice(b",\"x\":\"\xff\"}");
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(bytes));
    assert_eq!(decode(&resigned(hmac::HMAC_SHA256, ACCESS, &text)), Err(InvalidToken::Invalid));
}

#[test]
fn an_address_is_in_its_one_spelling() {
    for address in ["Ann@example.org", " ann@example.org", "ann@example.org\n", "ann", "ann@example.org\u{0}"] {
        assert_eq!(access_with("email", json!(address)), Err(InvalidToken::Invalid), "{address:?}");
    }
}

#[test]
fn a_generation_is_a_positive_integer_of_refresh_tokens_alone() {
    let with = |generation: Value| {
        let mut payload = payload(TokenPurpose::Refresh(Generation(1)));
        payload["gen"] = generation;
        refresh(&payload.to_string())
    };
    for generation in [json!(0), json!(-1), json!(1.0), json!("1"), json!(true), json!(null), json!(i64::MIN), json!(u64::MAX)] {
        assert_eq!(with(generation.clone()), Err(InvalidToken::Invalid), "{generation}");
    }
    assert_eq!(with(json!(i64::MAX)), Ok(claims(TokenPurpose::Refresh(Generation(i64::MAX)))));
    assert_eq!(access_with("gen", json!(1)), Err(InvalidToken::Invalid));
    assert_eq!(access_with("gen", json!(null)), Err(InvalidToken::Invalid));
}

#[test]
fn a_type_is_one_of_two_words() {
    for kind in ["refresh", "Access", "access ", "id"] {
        assert_eq!(access_with("type", json!(kind)), Err(InvalidToken::Invalid), "{kind}");
    }
}

#[test]
fn issuer_and_audience_are_demanded_when_configured() {
    let codec =
        JwtCodec::new(JwtSecrets { access: ACCESS, refresh: REFRESH }, Some("me".to_owned()), Some("you".to_owned())).unwrap();
    let decode = |members: Value| {
        let mut payload = payload(TokenPurpose::Access);
        payload.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        codec.decode(TokenKind::Access, &with_payload(&payload.to_string()), now())
    };
    for members in
        [json!({"iss": "me", "aud": "you"}), json!({"iss": "me", "aud": ["you"]}), json!({"iss": "me", "aud": ["they", "you"]})]
    {
        assert_eq!(decode(members.clone()), Ok(claims(TokenPurpose::Access)), "{members}");
    }
    let right = json!("me");
    for aud in [
        json!("me"),
        json!("You"),
        json!("you "),
        json!(""),
        json!(null),
        json!(1),
        json!(true),
        json!([]),
        json!([1]),
        json!(["you", 1]),
        json!([["you"]]),
        json!({"you": 1}),
    ] {
        assert_eq!(decode(json!({"iss": right, "aud": aud})), Err(InvalidToken::Invalid), "aud {aud}");
    }
    for iss in [json!("you"), json!("Me"), json!("me/"), json!(null), json!(1), json!(["me"])] {
        assert_eq!(decode(json!({"iss": iss, "aud": "you"})), Err(InvalidToken::Invalid), "iss {iss}");
    }
    for members in [json!({}), json!({"iss": "me"}), json!({"aud": "you"})] {
        assert_eq!(decode(members.clone()), Err(InvalidToken::Invalid), "{members}");
    }
    let token = codec.encode(&claims(TokenPurpose::Access)).unwrap();
    assert_eq!(codec.decode(TokenKind::Access, &token, now()), Ok(claims(TokenPurpose::Access)));
}

#[test]
fn who_has_no_name_is_not_addressed_by_a_token_with_an_audience() {
    for aud in [json!("you"), json!(["you"]), json!([]), json!(null), json!(1)] {
        assert_eq!(access_with("aud", aud.clone()), Err(InvalidToken::Invalid), "{aud}");
    }
}

#[test]
fn too_old_is_told_only_of_what_is_right_otherwise() {
    let mut old = payload(TokenPurpose::Access);
    for (name, ago) in [("iat", 9000), ("nbf", 9000), ("exp", 8000)] {
        old[name] = (1_800_000_000 - ago).into();
    }
    assert_eq!(decode(&with_payload(&old.to_string())), Err(InvalidToken::Expired));
    let mut bent = vec![];
    for (name, value) in
        [("type", json!("refresh")), ("sub", json!("x")), ("aud", json!("x")), ("nbf", json!(1_800_000_011)), ("gen", json!(1))]
    {
        let mut payload = old.clone();
        payload[name] = value;
        bent.push(with_payload(&payload.to_string()));
    }
    bent.push(signed(hmac::HMAC_SHA256, REFRESH, HEADER, &old.to_string()));
    bent.push(signed(hmac::HMAC_SHA256, ACCESS, r#"{"alg":"HS256","crit":["exp"]}"#, &old.to_string()));
    for token in bent {
        assert_eq!(decode(&token), Err(InvalidToken::Invalid));
    }
}
