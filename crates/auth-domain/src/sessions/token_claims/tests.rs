//! Which attributes tokens say.

use super::{TOKEN_CLAIMS_MAX_BYTES, TokenClaims, TokenClaimsFault, TooMuch};
use crate::identity::document::Document;

fn claims(text: &str) -> TokenClaims {
    text.parse().unwrap()
}

fn attributes(text: &str) -> Document {
    text.parse().unwrap()
}

#[test]
fn a_token_says_what_was_asked_for_and_is_there() {
    let of = |names: &str| serde_json::Value::Object(claims(names).of(&attributes(r#"{"plan":"gold","seats":[1,2]}"#)).unwrap());
    assert_eq!(of("plan").to_string(), r#"{"plan":"gold"}"#);
    assert_eq!(of(" seats , plan ,region").to_string(), r#"{"plan":"gold","seats":[1,2]}"#);
    assert_eq!((of("").to_string(), of(" ").to_string()), ("{}".to_owned(), "{}".to_owned()));
}

#[test]
fn a_name_that_has_a_meaning_is_refused() {
    for name in ["sub", "roles", "client_id", "groups", "nonce", "given_name", "sid", "gen", "type", "profile", "_claim_names"] {
        assert_eq!(format!("plan,{name}").parse::<TokenClaims>(), Err(TokenClaimsFault::HasMeaning(name.to_owned())));
    }
    assert_eq!("plan,,seats".parse::<TokenClaims>(), Err(TokenClaimsFault::Empty));
    assert_eq!("plan,".parse::<TokenClaims>(), Err(TokenClaimsFault::Empty));
    assert_eq!("plan, plan".parse::<TokenClaims>(), Err(TokenClaimsFault::Twice("plan".to_owned())));
}

#[test]
fn a_kibibyte_is_the_most() {
    let of = |letters: usize| claims("plan").of(&attributes(&format!(r#"{{"other":1,"plan":"{}"}}"#, "x".repeat(letters))));
    let most = TOKEN_CLAIMS_MAX_BYTES - r#"{"plan":""}"#.len();
    assert!(of(most).is_ok());
    assert_eq!(of(most + 1), Err(TooMuch));
}
