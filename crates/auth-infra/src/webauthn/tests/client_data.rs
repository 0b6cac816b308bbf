//! What the browser says, in both ceremonies.

use super::*;

fn with(members: &str) -> Vec<u8> {
    format!("{{{members}}}").into_bytes()
}

const CHALLENGE_TEXT: &str = "YSBjaGFsbGVuZ2Ugb2YgdGhpcnR5LXR3byBieXRlcy4";

/// Client data, whole or with faults, and what both ceremonies make of it.
fn judged(text: impl Fn(&str) -> Vec<u8>) -> Result<(), WebAuthnFault> {
    let device = device();
    let credential = registered(&device);
    let data = text("webauthn.create");
    let registration = register(&RegistrationResponse { client_data: data, ..device.register(&CHALLENGE) }).map(|_| ());
    let response = device.assertion(text("webauthn.get"), device.authenticator_data(0, &[]));
    let authentication = party().authenticate(&CHALLENGE, &response, &credential).map(|_| ());
    assert_eq!(registration, authentication, "both ceremonies have one rule");
    registration
}

/// With `members` behind type, challenge and origin.
fn judged_with(members: &str) -> Result<(), WebAuthnFault> {
    judged(|ceremony| with(&format!(r#""type":"{ceremony}","challenge":"{CHALLENGE_TEXT}","origin":"{ORIGIN}"{members}"#)))
}

#[test]
fn takes_each_of_the_origins_as_it_is() {
    for (origin, verdict) in [
        (ORIGIN, Ok(())),
        (OTHER_ORIGIN, Ok(())),
        (ANDROID, Ok(())),
        ("https://example.org/", Err(WrongOrigin)),
        ("https://example.org:443", Err(WrongOrigin)),
        ("HTTPS://example.org", Err(WrongOrigin)),
        ("https://www.example.org", Err(WrongOrigin)),
        ("http://example.org", Err(WrongOrigin)),
        ("http://localhost", Err(WrongOrigin)),
        ("https://example.org.evil.example", Err(WrongOrigin)),
        ("android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLcK", Err(WrongOrigin)),
        ("", Err(WrongOrigin)),
        ("null", Err(WrongOrigin)),
    ] {
        let text = |ceremony: &str| with(&format!(r#""type":"{ceremony}","challenge":"{CHALLENGE_TEXT}","origin":"{origin}""#));
        assert_eq!(judged(text), verdict, "{origin}");
    }
}

#[test]
fn refuses_the_other_ceremony_and_any_other_word() {
    let device = device();
    let swapped =
        RegistrationResponse { client_data: device.client_data("webauthn.get", &CHALLENGE), ..device.register(&CHALLENGE) };
    assert_eq!(register(&swapped), Err(WrongType));
    let data = device.authenticator_data(0, &[]);
    let swapped = device.assertion(device.client_data("webauthn.create", &CHALLENGE), data);
    assert_eq!(refused(&registered(&device), &swapped), Some(WrongType));
    for word in ["", "payment.get", "WEBAUTHN.CREATE", "webauthn.create ", "webauthn"] {
        let text = |_: &str| with(&format!(r#""type":"{word}","challenge":"{CHALLENGE_TEXT}","origin":"{ORIGIN}""#));
        assert_eq!(judged(text), Err(WrongType), "{word}");
    }
}

#[test]
fn takes_one_challenge_in_one_spelling() {
    let judged_challenge = |challenge: &str| {
        judged(|ceremony| with(&format!(r#""type":"{ceremony}","challenge":"{challenge}","origin":"{ORIGIN}""#)))
    };
    assert_eq!(judged_challenge(CHALLENGE_TEXT), Ok(()));
    assert_eq!(judged_challenge(&CHALLENGE_TEXT.replace("YS", "\\u0059S")), Ok(()), "JSON says the same");
    for challenge in ["", "AAAA", &format!("{CHALLENGE_TEXT}="), &CHALLENGE_TEXT[1..], &CHALLENGE_TEXT.to_lowercase()] {
        assert_eq!(judged_challenge(challenge), Err(WrongChallenge), "{challenge}");
    }
    // The last character has two bits to spare: none of the other three spellings passes.
    for last in ["5", "6", "7"] {
        assert_eq!(judged_challenge(&CHALLENGE_TEXT.replace("y4", &format!("y{last}"))), Err(WrongChallenge));
    }
    let other = party().register(&[0; 32], &device().register(&CHALLENGE));
    assert_eq!(other, Err(WrongChallenge));
}

#[test]
fn refuses_a_framed_page() {
    assert_eq!(judged_with(r#","crossOrigin":false"#), Ok(()));
    assert_eq!(judged_with(""), Ok(()));
    assert_eq!(judged_with(r#","crossOrigin":true"#), Err(CrossOrigin));
    assert_eq!(judged_with(r#","crossOrigin":true,"topOrigin":"https://example.org""#), Err(CrossOrigin));
    assert_eq!(judged_with(r#","topOrigin":"https://example.org""#), Err(CrossOrigin));
    assert_eq!(judged_with(r#","crossOrigin":false,"topOrigin":null"#), Err(CrossOrigin));
    for odd in ["null", "0", r#""false""#, "[]"] {
        assert_eq!(judged_with(&format!(r#","crossOrigin":{odd}"#)), Err(ClientData), "{odd}");
    }
}

#[test]
fn takes_members_that_it_does_not_know() {
    let members = r#","other_keys_can_be_added_here":"do not compare clientDataJSON against a template","tokenBinding":{"status":"supported"}"#;
    assert_eq!(judged_with(members), Ok(()));
}

#[test]
fn refuses_a_member_twice() {
    for members in [
        r#","type":"webauthn.create""#.to_owned(),
        format!(r#","origin":"{ORIGIN}""#),
        format!(r#","challenge":"{CHALLENGE_TEXT}""#),
        r#","crossOrigin":false,"crossOrigin":false"#.to_owned(),
        r#","x":1,"x":1"#.to_owned(),
        r#","x":{"y":1,"y":1}"#.to_owned(),
    ] {
        assert_eq!(judged_with(&members), Err(ClientData), "{members}");
    }
}

#[test]
fn refuses_what_is_not_an_object_of_json_in_utf_8() {
    let genuine = |ceremony: &str| String::from_utf8(device().client_data(ceremony, &CHALLENGE)).unwrap();
    assert_eq!(judged(|ceremony| genuine(ceremony).into_bytes()), Ok(()));
    assert_eq!(judged(|ceremony| format!("\u{feff}{}", genuine(ceremony)).into_bytes()), Err(ClientData));
    assert_eq!(judged(|ceremony| format!("{}x", genuine(ceremony)).into_bytes()), Err(ClientData));
    assert_eq!(judged(|ceremony| format!("[{}]", genuine(ceremony)).into_bytes()), Err(ClientData));
    assert_eq!(judged(|ceremony| genuine(ceremony).encode_utf16().flat_map(u16::to_be_bytes).collect()), Err(ClientData));
    assert_eq!(judged(|_| Vec::new()), Err(ClientData));
    assert_eq!(judged(|_| b"null".to_vec()), Err(ClientData));
    assert_eq!(judged(|ceremony| [genuine(ceremony).replace("cross", "\u{1}").as_bytes(), b"\xff"].concat()), Err(ClientData));
    for missing in ["type", "challenge", "origin"] {
        assert_eq!(judged(|ceremony| genuine(ceremony).replace(missing, "other").into_bytes()), Err(ClientData), "{missing}");
    }
    let typed = |ceremony: &str| genuine(ceremony).replace(&format!("\"{ORIGIN}\""), "1").into_bytes();
    assert_eq!(judged(typed), Err(ClientData));
}

#[test]
fn has_a_limit_to_its_length() {
    let padded = |length: usize| {
        judged(|ceremony| {
            let mut text = device().client_data(ceremony, &CHALLENGE);
            text.resize(length, b' ');
            text
        })
    };
    assert_eq!(padded(4096), Ok(()));
    assert_eq!(padded(4097), Err(ClientData));
}
