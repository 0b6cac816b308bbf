//! The Authorization header: the token is exactly what follows `Bearer` and its spaces in the only such header, or there is no token.

use actix_web::http::{
    StatusCode,
    header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE},
};
use auth_domain::sessions::token::TokenKind;
use auth_http::web::caller::bearer;

use crate::token::{GENUINE, decodes};

/// Each line is a header.
pub fn check(data: &[u8]) {
    let mut headers = HeaderMap::new();
    let values: Vec<HeaderValue> = data.split(|byte| *byte == b'\n').flat_map(HeaderValue::from_bytes).collect();
    for value in &values {
        headers.append(AUTHORIZATION, value.clone());
    }
    match bearer(&headers) {
        Ok(token) => {
            let [only] = values.as_slice() else { panic!("two headers, of which two readers may take different ones") };
            let (scheme, rest) = only.as_bytes().split_at("bearer ".len());
            assert!(scheme.eq_ignore_ascii_case(b"bearer "), "{only:?}");
            assert_eq!(token, str::from_utf8(rest).expect("ASCII").trim_start_matches(' '), "the rest, and all of it");
            assert!(!token.is_empty() && token.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)), "{token:?}");
            // Only one text is the genuine token: no surrounding space, no other case, no second encoding.
            assert_eq!(decodes(TokenKind::Access, token), token == GENUINE, "{token:?}");
        }
        Err(problem) => {
            assert_eq!(problem.status(), StatusCode::UNAUTHORIZED);
            assert!(problem.response("id").headers().contains_key(WWW_AUTHENTICATE), "who is refused learns how to ask");
            let presents =
                |value: &HeaderValue| value.as_bytes().get(..7).is_some_and(|head| head.eq_ignore_ascii_case(b"bearer "));
            match problem.to_string().as_str() {
                "token_missing" => assert!(!values.first().is_some_and(presents), "{values:?}"),
                "token_invalid" => assert!(!values.is_empty(), "there is a header"),
                other => panic!("{other}"),
            }
            if let [only] = values.as_slice() {
                let token = only.as_bytes().get(7..).unwrap_or_default();
                assert!(
                    !presents(only) || token.is_empty() || !token.iter().all(u8::is_ascii_graphic),
                    "refused without need: {only:?}"
                );
            }
        }
    }
}
