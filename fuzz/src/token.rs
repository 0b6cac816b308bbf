//! Tokens: only those signed here are valid, in one spelling, with every claim of the right type; no signed input causes a panic.

use std::sync::LazyLock;

use auth_domain::sessions::{ports::TokenCodec, session::Generation, token::{CLOCK_SKEW, Claims, TokenPurpose, TokenKind}};
use auth_infra::jwt::{JwtCodec, JwtSecrets};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

const ACCESS: &[u8] = b"an access key of forty bytes, give or ta";
const REFRESH: &[u8] = b"a refresh key of forty bytes, give or ta";
const ISSUER: &str = "auth.example";
const AUDIENCE: &str = "api";
/// The header of every token that is issued.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// The access token of [`claims`]; a test of this crate checks that.
pub const GENUINE: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTg5MGE1ZC1hYzk2LTc3NGItYmNjZS1iMzAyMDk5YTgwNTgiLCJlbWFpbCI6ImFubkBleGFtcGxlLm9yZyIsInR5cGUiOiJhY2Nlc3MiLCJpYXQiOjE4MDAwMDAwMDAsIm5iZiI6MTgwMDAwMDAwMCwiZXhwIjoxODAwMDAwOTAwLCJqdGkiOiIwMTg5MGE1ZC1hYzk2LTc3NGItYmNjZS1iMzAyMDk5YTgwNTciLCJzaWQiOiIwMTg5MGE1ZC1hYzk2LTc3NGItYmNjZS1iMzAyMDk5YTgwNTkifQ.ES5ycjNDIcNv0ogljrOJr56s72AtEhS1zHlHB_VdgWo";

static CODEC: LazyLock<JwtCodec> = LazyLock::new(|| codec(ACCESS, REFRESH, None, None));
static ADDRESSED: LazyLock<JwtCodec> = LazyLock::new(|| codec(ACCESS, REFRESH, Some(ISSUER), Some(AUDIENCE)));
/// Like `CODEC`, but with other keys.
static STRANGER: LazyLock<JwtCodec> =
    LazyLock::new(|| codec(b"another access key, of forty bytes as we", b"another refresh key, of forty bytes as w", None, None));
static ACCESS_KEY: LazyLock<hmac::Key> = LazyLock::new(|| hmac::Key::new(hmac::HMAC_SHA256, ACCESS));
static REFRESH_KEY: LazyLock<hmac::Key> = LazyLock::new(|| hmac::Key::new(hmac::HMAC_SHA256, REFRESH));

fn codec(access: &[u8], refresh: &[u8], issuer: Option<&str>, audience: Option<&str>) -> JwtCodec {
    JwtCodec::new(JwtSecrets { access, refresh }, issuer.map(str::to_owned), audience.map(str::to_owned)).expect("keys")
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
}

/// The claims of the genuine tokens.
#[must_use]
pub fn claims(purpose: TokenPurpose) -> Claims {
    Claims {
        id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().expect("an id"),
        purpose,
        user: "01890a5d-ac96-774b-bcce-b302099a8058".parse().expect("an id"),
        email: "ann@example.org".parse().expect("an address"),
        session: "01890a5d-ac96-774b-bcce-b302099a8059".parse().expect("an id"),
        email_verified: None,
        authentication: None,
        scope: None,
        roles: Default::default(),
        attributes: Default::default(),
        issued_at: now(),
        not_before: now(),
        expires_at: now() + TimeDelta::minutes(15),
    }
}

/// Whether a token is valid.
#[must_use]
pub fn decodes(kind: TokenKind, token: &str) -> bool {
    CODEC.decode(kind, token, now()).is_ok()
}

/// The first byte determines the rest: `t` a token, `e` edits of genuine ones, `p` two parts that get the right signature as they
/// are, `j` header and payload as lines, which are encoded and get the right signature.
pub fn check(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    match mode {
        b'e' => edits(rest),
        b'p' => str::from_utf8(rest).map_or((), parts),
        b'j' => {
            let mut lines = rest.splitn(2, |byte| *byte == b'\n');
            let (header, payload) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
            let header = if header.is_empty() { HEADER.as_bytes() } else { header };
            json(header, payload);
        }
        _ => str::from_utf8(rest).map_or((), |token| assert_eq!(decodes(TokenKind::Access, token), token == GENUINE, "{token}")),
    }
}

/// Three bytes are an edit: the operation (insert, remove or replace), the place, and the new byte.
fn edits(data: &[u8]) {
    for purpose in [TokenPurpose::Access, TokenPurpose::Refresh(Generation(3))] {
        let genuine = CODEC.encode(&claims(purpose)).expect("a token");
        let mut bent = genuine.clone().into_bytes();
        for edit in data.chunks_exact(3) {
            let [what, place, with] = edit else { continue };
            // The top two bits of the first byte extend the place beyond 255.
            let at = (usize::from(*place) + 256 * usize::from(what >> 6)) % bent.len().max(1);
            match what % 3 {
                0 => bent.insert(at, *with),
                1 if at < bent.len() => drop(bent.remove(at)),
                _ => bent.get_mut(at).map_or((), |byte| *byte = *with),
            }
        }
        let Ok(bent) = String::from_utf8(bent) else { continue };
        assert_eq!(decodes(purpose.kind(), &bent), bent == genuine, "{bent} for {genuine}");
        let other = if purpose.kind() == TokenKind::Access { TokenKind::Refresh } else { TokenKind::Access };
        assert!(!decodes(other, &bent), "{bent} as {other:?}");
    }
}

fn parts(signed: &str) {
    for kind in [TokenKind::Access, TokenKind::Refresh] {
        let token = sign(kind, signed);
        if let Ok(claims) = CODEC.decode(kind, &token, now()) {
            let (header, payload) = signed.split_once('.').expect("two parts");
            let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
            assert_eq!(
                (URL_SAFE_NO_PAD.encode(bytes(header)).as_str(), URL_SAFE_NO_PAD.encode(bytes(payload)).as_str()),
                (header, payload)
            );
            accepted(kind, &token, &bytes(header), &bytes(payload), &claims, &CODEC);
        }
    }
}

fn json(header: &[u8], payload: &[u8]) {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    for kind in [TokenKind::Access, TokenKind::Refresh] {
        let token = sign(kind, &signed);
        for codec in [&*CODEC, &*ADDRESSED] {
            if let Ok(claims) = codec.decode(kind, &token, now()) {
                accepted(kind, &token, header, payload, &claims, codec);
            }
        }
        if let Ok(claims) = ADDRESSED.decode(kind, &token, now()) {
            let payload: Value = serde_json::from_slice(payload).expect("JSON");
            assert_eq!(payload.get("iss").and_then(Value::as_str), Some(ISSUER), "{claims:?}");
            let aud = payload.get("aud").expect("an audience");
            assert!(aud == AUDIENCE || aud.as_array().is_some_and(|several| several.iter().any(|one| one == AUDIENCE)), "{aud}");
            assert!(!decodes(kind, &token), "addressed to somebody, and taken by nobody in particular");
        }
    }
}

fn sign(kind: TokenKind, signed: &str) -> String {
    let key = if kind == TokenKind::Access { &ACCESS_KEY } else { &REFRESH_KEY };
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(key, signed.as_bytes())))
}

/// What must be true of every valid token.
fn accepted(kind: TokenKind, token: &str, header: &[u8], payload: &[u8], claims: &Claims, codec: &JwtCodec) {
    let header = strict_json::parse(header).expect("a header is strict JSON");
    assert_eq!(header.get("alg").and_then(Value::as_str), Some("HS256"));
    assert!(header.get("crit").is_none() && header.get("typ").is_none_or(|typ| typ == "JWT"), "{header}");

    let said = strict_json::parse(payload).expect("a payload is strict JSON");
    let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| said.get(name).and_then(Value::as_i64);
    assert_eq!(text("sub"), Some(claims.user.to_string()));
    assert_eq!(text("jti"), Some(claims.id.to_string()));
    assert_eq!(text("sid"), Some(claims.session.to_string()));
    assert_eq!(text("email"), Some(claims.email.to_string()));
    assert_eq!(number("iat"), Some(claims.issued_at.timestamp()));
    assert_eq!(number("nbf"), Some(claims.not_before.timestamp()));
    assert_eq!(number("exp"), Some(claims.expires_at.timestamp()));
    let (name, generation) = match claims.purpose {
        TokenPurpose::Access => ("access", None),
        TokenPurpose::Refresh(Generation(generation)) => ("refresh", Some(generation)),
    };
    assert_eq!((text("type").as_deref(), number("gen")), (Some(name), generation));
    assert!(claims.purpose.kind() == kind && generation.is_none_or(|generation| generation > 0));
    assert!(
        claims.expires_at > now() - CLOCK_SKEW
            && claims.issued_at <= now() + CLOCK_SKEW
            && claims.not_before <= now() + CLOCK_SKEW
    );

    let again = codec.encode(claims).expect("a token");
    assert_eq!(codec.decode(kind, &again, now()).as_ref(), Ok(claims), "said again, it means the same");
    let other = if kind == TokenKind::Access { TokenKind::Refresh } else { TokenKind::Access };
    assert!(codec.decode(other, token, now()).is_err(), "one token for two ends");
    assert!(STRANGER.decode(kind, token, now()).is_err(), "whoever has another key");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_genuine_token_is_the_one_that_is_issued() {
        assert_eq!(CODEC.encode(&claims(TokenPurpose::Access)).expect("a token"), GENUINE);
    }
}
