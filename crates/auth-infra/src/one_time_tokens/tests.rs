//! The contract, tokens computed apart, and texts that are no tokens.

use std::sync::Arc;

use auth_domain::{
    identity::ids::UserId,
    testkit::{
        OneTimeTokenCodecs,
        samples::{after, start},
    },
};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn codec() -> HmacOneTimeTokens {
    HmacOneTimeTokens::new(b"fedcba9876543210fedcba9876543210").unwrap()
}

auth_domain::one_time_token_codec_contract!(async {
    let stranger = HmacOneTimeTokens::new(b"fedcba9876543210fedcba9876543211").unwrap();
    OneTimeTokenCodecs { codec: Arc::new(codec()), stranger: Arc::new(stranger) }
});

/// Computed apart from this program, with Python's hmac and json. A release that signs otherwise voids the logins of the one before.
#[test]
fn a_token_outlives_the_program_that_made_it() {
    let id = OneTimeTokenId(Uuid::from_u128(0x019b_7ca9_93fb_7000_8000_0000_0000_04cd));
    let user = UserId(Uuid::from_u128(0x019b_7ca9_93fb_7000_8000_0000_0000_04ce));
    let proven = AccountVersion { number: 7, changed_at: after(-86_400) };
    let head = "eyJqdGkiOiIwMTliN2NhOS05M2ZiLTcwMDAtODAwMC0wMDAwMDAwMDA0Y2QiLCJleHAiOjE3NjczMjMzNDU2Nzg5MDEsImZvciI6";
    for (purpose, rest) in [
        (
            OneTimePurpose::SecondStep { user, proven, authenticated_at: after(-1) },
            "eyJzZWNvbmRfc3RlcCI6eyJzdWIiOiIwMTliN2NhOS05M2ZiLTcwMDAtODAwMC0wMDAwMDAwMDA0Y2UiLCJ2ZXJzaW9uIjo3LCJjaGFuZ2VkIjoxNzY3MjM2NjQ1Njc4OTAxLCJhdXRoX3RpbWUiOjE3NjczMjMwNDQ2Nzg5MDF9fX0.lR2cotm7xFgCn592kc9YaoD0asXHeqk95sQDVJ3vg6I",
        ),
        (
            OneTimePurpose::RegisterPasskey { user, proven },
            "eyJyZWdpc3Rlcl9wYXNza2V5Ijp7InN1YiI6IjAxOWI3Y2E5LTkzZmItNzAwMC04MDAwLTAwMDAwMDAwMDRjZSIsInZlcnNpb24iOjcsImNoYW5nZWQiOjE3NjcyMzY2NDU2Nzg5MDF9fX0.SPgsEE4HjXN3rr4DTaXWpuk1AIEIPU6YeWaULkg5XdU",
        ),
        (OneTimePurpose::AssertPasskey, "ImFzc2VydF9wYXNza2V5In0.L4GPN1gT1tHgn-gahT6CcBFusuHIzFEA83lsd3AN8y0"),
    ] {
        let token = OneTimeToken::new(id, purpose, start());
        let text = format!("{head}{rest}");
        assert_eq!((codec().encode(&token), codec().decode(&text)), (text, Some(token)));
    }
    assert_eq!(URL_SAFE_NO_PAD.encode(codec().challenge(id)), "Sjnop6vM9uqdvgGUhCiYME5KVznvjAoqBhcFea3mR7I");
}

#[test]
fn what_is_signed_and_says_nothing_known_is_no_token() {
    for claims in [
        "",
        "{}",
        r#"{"jti":"019b7ca9-93fb-7000-8000-0000000004cd","exp":1,"for":"something_else"}"#,
        r#"{"jti":"019b7ca9-93fb-7000-8000-0000000004cd","exp":1,"for":"assert_passkey","only":"on Mondays"}"#,
        r#"{"jti":"019B7CA9-93FB-7000-8000-0000000004CD","exp":1,"for":"assert_passkey"}"#,
        r#"{"jti":"019b7ca9-93fb-7000-8000-0000000004cd","exp":9223372036854775807,"for":"assert_passkey"}"#,
        r#"{"jti":"019b7ca9-93fb-7000-8000-0000000004cd","exp":1,"for":{"register_passkey":{"sub":"ann","version":1,"changed":1}}}"#,
    ] {
        let claims = URL_SAFE_NO_PAD.encode(claims);
        let mac = URL_SAFE_NO_PAD.encode(codec().mac(TOKEN, claims.as_bytes()));
        assert_eq!(codec().decode(&format!("{claims}.{mac}")), None);
    }
}

#[test]
fn a_challenge_is_the_mac_of_no_token() {
    let id = OneTimeTokenId(Uuid::from_u128(0x019b_7ca9_93fb_7000_8000_0000_0000_04cd));
    let text = codec().encode(&OneTimeToken::new(id, OneTimePurpose::AssertPasskey, start()));
    let (claims, mac) = text.split_once('.').unwrap();
    assert_ne!(URL_SAFE_NO_PAD.encode(codec().challenge(id)), mac);
    // With the MAC of a challenge in its place, whatever it was derived from, a text is no token.
    for of in [claims.as_bytes(), id.0.as_bytes(), b""] {
        let challenge = URL_SAFE_NO_PAD.encode(codec().mac(CHALLENGE, of));
        assert_eq!(codec().decode(&format!("{claims}.{challenge}")), None);
    }
}

fn any_token() -> impl Strategy<Value = OneTimeToken> {
    let micros = || (-377_705_116_800_000_000_i64..253_402_300_800_000_000).prop_map(|at| time(at).unwrap());
    (any::<u128>(), any::<u128>(), any::<i64>(), [micros(), micros(), micros()], 0..3).prop_map(
        |(id, user, number, [changed_at, authenticated_at, expires_at], kind)| {
            let (user, proven) = (UserId(Uuid::from_u128(user)), AccountVersion { number, changed_at });
            let purpose = match kind {
                0 => OneTimePurpose::SecondStep { user, proven, authenticated_at },
                1 => OneTimePurpose::RegisterPasskey { user, proven },
                _ => OneTimePurpose::AssertPasskey,
            };
            OneTimeToken { id: OneTimeTokenId(Uuid::from_u128(id)), purpose, expires_at }
        },
    )
}

proptest! {
    #[test]
    fn a_token_is_read_as_it_is_or_not_at_all(token in any_token(), at: prop::sample::Index, other in "[A-Za-z0-9_.=-]", text: String) {
        let codec = codec();
        let written = codec.encode(&token);
        prop_assert_eq!(codec.decode(&written), Some(token));
        let mut forged = written.clone();
        let at = at.index(written.len());
        forged.replace_range(at..=at, &other);
        prop_assert_eq!(codec.decode(&forged).is_some(), forged == written);
        prop_assert_eq!(codec.decode(&text), None);
    }
}
