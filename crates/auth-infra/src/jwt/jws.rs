//! The signature step (RFC 7515): from a token to the bytes that its signature covers, and back.

use auth_domain::{identity::port_error::PortError, sessions::token::InvalidToken};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The longest token that is parsed.
pub(super) const TOKEN_MAX_BYTES: usize = 12 * 1024;

/// What RFC 7518 section 3.2 demands of a key for HS256.
const HS256_KEY_MIN_BYTES: usize = 32;

/// The algorithm's registered name, as in headers.
const HS256: &str = "HS256";

/// The `typ` of tokens signed with a shared secret. A token may come without `typ` (RFC 7519 section 5.1), but not with another.
const TYPE: &str = "JWT";

/// A shared secret, for HMAC-SHA-256 alone. Its schedule is made once: for each token, `jsonwebtoken` would make it anew.
pub(super) struct HmacKey {
    /// The header of every token it signs, encoded.
    header: String,
    key: hmac::Key,
}

impl HmacKey {
    pub(super) fn hs256(secret: &[u8]) -> Result<Self, PortError> {
        if secret.len() < HS256_KEY_MIN_BYTES {
            return Err(PortError::Internal(format!("a token key has less than {HS256_KEY_MIN_BYTES} bytes")));
        }
        Ok(Self { header: encoded_header(TYPE), key: hmac::Key::new(HMAC_SHA256, secret) })
    }

    pub(super) fn sign(&self, payload: &[u8]) -> Result<String, PortError> {
        self.signed(&self.header, payload)
    }

    /// Signs something that is not a token, under a `typ` of its own (RFC 8725 section 3.11).
    pub(super) fn sign_as(&self, typ: &str, payload: &[u8]) -> Result<String, PortError> {
        self.signed(&encoded_header(typ), payload)
    }

    fn signed(&self, header: &str, payload: &[u8]) -> Result<String, PortError> {
        signed(header, payload, |signed| Ok(URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, signed))))
    }

    /// The payload. The signature is checked first, so that no parser sees unauthenticated text.
    pub(super) fn verify(&self, token: &str) -> Result<Vec<u8>, InvalidToken> {
        let (header, payload) = self.verified(token)?;
        // What this server writes itself it need not parse.
        if header != self.header {
            check_header(header, |typ| typ.is_none_or(|typ| typ == TYPE))?;
        }
        decode(payload)
    }

    /// The same of a token that was signed [under a `typ` of its own](Self::sign_as).
    pub(super) fn verify_as(&self, typ: &str, token: &str) -> Result<Vec<u8>, InvalidToken> {
        let (header, payload) = self.verified(token)?;
        check_header(header, |given| given == Some(&Value::from(typ)))?;
        decode(payload)
    }

    fn verified<'a>(&self, token: &'a str) -> Result<(&'a str, &'a str), InvalidToken> {
        verified(token, |signed, signature| {
            decode(signature).is_ok_and(|signature| hmac::verify(&self.key, signed, &signature).is_ok())
        })
    }
}

fn encoded_header(typ: &str) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "alg": HS256, "typ": typ }).to_string())
}

/// The header may only repeat what the key is for. `kid`, `jku`, `jwk`, `x5u` and `x5c` offer a key: they are not read.
fn check_header(header: &str, is_right: impl FnOnce(Option<&Value>) -> bool) -> Result<(), InvalidToken> {
    let header = strict_json::parse(&decode(header)?).map_err(|_fault| InvalidToken::Invalid)?;
    let algorithm = header.get("alg").and_then(Value::as_str);
    // No extension is supported, so a header with `crit` is refused, whatever it lists (RFC 7515 section 4.1.11).
    let acceptable = algorithm == Some(HS256) && header.get("crit").is_none() && is_right(header.get("typ"));
    if acceptable { Ok(()) } else { Err(InvalidToken::Invalid) }
}

/// Header and payload, still encoded, once the signature is found to fit what it is of.
pub(super) fn verified(token: &str, fits: impl FnOnce(&[u8], &str) -> bool) -> Result<(&str, &str), InvalidToken> {
    if token.len() > TOKEN_MAX_BYTES {
        return Err(InvalidToken::Invalid);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(InvalidToken::Invalid)?;
    let parts = signed.split_once('.').ok_or(InvalidToken::Invalid)?;
    if fits(signed.as_bytes(), signature) { Ok(parts) } else { Err(InvalidToken::Invalid) }
}

/// A token with this encoded header, and with the encoded signature that `sign` makes.
pub(super) fn signed(
    header: &str,
    payload: &[u8],
    sign: impl FnOnce(&[u8]) -> Result<String, PortError>,
) -> Result<String, PortError> {
    let mut token = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
    let signature = sign(token.as_bytes())?;
    token.extend([".", &signature]);
    Ok(token)
}

/// Decodes base64url in its canonical spelling: no padding, no white space, no stray bits.
pub(super) fn decode(part: &str) -> Result<Vec<u8>, InvalidToken> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_fault| InvalidToken::Invalid)
}
