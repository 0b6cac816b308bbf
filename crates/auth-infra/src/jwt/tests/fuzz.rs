//! For any input, nothing panics and nothing that was not issued verifies.

use proptest::prelude::*;

use super::*;

fn genuine() -> String {
    codec().encode(&claims(TokenPurpose::Access)).unwrap()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_refused(text in any::<String>()) {
        prop_assert!(decode(&text).is_err());
    }

    #[test]
    fn any_three_parts_are_refused(text in "[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{43}") {
        prop_assert!(decode(&text).is_err());
    }

    #[test]
    fn a_token_with_one_character_changed_is_refused(at in any::<prop::sample::Index>(), new in any::<char>()) {
        let genuine = genuine();
        let mut characters: Vec<char> = genuine.chars().collect();
        let old = at.get_mut(&mut characters);
        prop_assume!(*old != new);
        *old = new;
        prop_assert!(decode(&characters.iter().collect::<String>()).is_err());
    }

    #[test]
    fn a_token_with_something_put_in_or_cut_off_is_refused(at in any::<prop::sample::Index>(), new in "[A-Za-z0-9_=. -]{1,5}") {
        let genuine = genuine();
        let (head, tail) = genuine.split_at(at.index(genuine.len()));
        for text in [format!("{head}{new}{tail}"), head.to_owned(), format!("{new}{genuine}"), format!("{genuine}{new}")] {
            prop_assert!(decode(&text).is_err());
        }
    }

    #[test]
    fn any_bytes_with_the_right_signature_break_nothing(header in any::<Vec<u8>>(), payload in any::<Vec<u8>>()) {
        for header in [header.as_slice(), HEADER.as_bytes()] {
            let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(&payload));
            prop_assert!(decode(&resigned(hmac::HMAC_SHA256, ACCESS, &text)).is_err());
        }
    }

    #[test]
    fn any_claim_with_the_right_signature_breaks_nothing(
        name in prop::sample::select(vec!["sub", "email", "type", "iat", "nbf", "exp", "jti", "sid", "gen", "iss", "aud"]),
        value in any_json(),
    ) {
        let mut payload = payload(TokenPurpose::Access);
        payload[name] = value.clone();
        if decode(&with_payload(&payload.to_string())).is_ok() {
            prop_assert!(name == "iss" || value.is_i64(), "{} {}", name, value);
        }
    }
}
