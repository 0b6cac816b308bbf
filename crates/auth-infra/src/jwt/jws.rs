//! The signature step (RFC 7515): from a token to the bytes that its signature covers, and back.

use auth_domain::{identity::port_error::PortError, sessions::token::InvalidToken};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use serde_json::{Value, json};

/// The longest token that is parsed.
pub(super) const TOKEN_MAX_BYTES: usize = 12 * 1024;

/// What RFC 7518 section 3.2 demands of a key for HS256.
const HS256_KEY_MIN_BYTES: usize = 32;

/// The `typ` of tokens signed with a shared secret. A token may come without `typ` (RFC 7519 section 5.1), but not with another.
const TYPE: &str = "JWT";

/// A key and its one algorithm. Callers need not know whether it is shared or one of a pair.
pub(super) struct HmacKey {
    algorithm: Algorithm,
    /// The algorithm's registered name, as in headers.
    name: &'static str,
    /// The header of every token it signs, encoded.
    header: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

impl HmacKey {
    pub(super) fn hs256(secret: &[u8]) -> Result<Self, PortError> {
        if secret.len() < HS256_KEY_MIN_BYTES {
            return Err(PortError::Internal(format!("a token key has less than {HS256_KEY_MIN_BYTES} bytes")));
        }
        Ok(Self {
            algorithm: Algorithm::HS256,
            name: "HS256",
            header: URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#),
            signing: EncodingKey::from_secret(secret),
            verifying: DecodingKey::from_secret(secret),
        })
    }

    pub(super) fn sign(&self, payload: &[u8]) -> Result<String, PortError> {
        signed(&self.header, payload, &self.signing, self.algorithm)
    }

    /// Signs something that is not a token, under a `typ` of its own (RFC 8725 section 3.11).
    pub(super) fn sign_as(&self, typ: &str, payload: &[u8]) -> Result<String, PortError> {
        let header = json!({ "alg": self.name, "typ": typ }).to_string();
        signed(&URL_SAFE_NO_PAD.encode(header), payload, &self.signing, self.algorithm)
    }

    /// The payload. The signature is checked first, so that no parser sees unauthenticated text.
    pub(super) fn verify(&self, token: &str) -> Result<Vec<u8>, InvalidToken> {
        self.verify_if(token, |typ| typ.is_none_or(|typ| typ == TYPE))
    }

    /// The same of a token that was signed [under a `typ` of its own](Self::sign_as).
    pub(super) fn verify_as(&self, typ: &str, token: &str) -> Result<Vec<u8>, InvalidToken> {
        self.verify_if(token, |given| given == Some(&Value::from(typ)))
    }

    fn verify_if(&self, token: &str, is_right: impl FnOnce(Option<&Value>) -> bool) -> Result<Vec<u8>, InvalidToken> {
        let (header, payload) = verified(token, &self.verifying, self.algorithm)?;
        self.check_header(&decode(header)?, is_right)?;
        decode(payload)
    }

    /// The header may only repeat what the key is for. `kid`, `jku`, `jwk`, `x5u` and `x5c` offer a key: they are not read.
    fn check_header(&self, header: &[u8], is_right: impl FnOnce(Option<&Value>) -> bool) -> Result<(), InvalidToken> {
        let header = strict_json::parse(header).map_err(|_fault| InvalidToken::Invalid)?;
        let algorithm = header.get("alg").and_then(Value::as_str);
        // No extension is supported, so a header with `crit` is refused, whatever it lists (RFC 7515 section 4.1.11).
        let acceptable = algorithm == Some(self.name) && header.get("crit").is_none() && is_right(header.get("typ"));
        if acceptable { Ok(()) } else { Err(InvalidToken::Invalid) }
    }
}

/// Header and payload, still encoded, once the signature is verified.
pub(super) fn verified<'a>(token: &'a str, key: &DecodingKey, algorithm: Algorithm) -> Result<(&'a str, &'a str), InvalidToken> {
    if token.len() > TOKEN_MAX_BYTES {
        return Err(InvalidToken::Invalid);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(InvalidToken::Invalid)?;
    let parts = signed.split_once('.').ok_or(InvalidToken::Invalid)?;
    match crypto::verify(signature, signed.as_bytes(), key, algorithm) {
        Ok(true) => Ok(parts),
        Ok(false) | Err(_) => Err(InvalidToken::Invalid),
    }
}

/// A token with this encoded header.
pub(super) fn signed(header: &str, payload: &[u8], key: &EncodingKey, algorithm: Algorithm) -> Result<String, PortError> {
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
    let signature = crypto::sign(signed.as_bytes(), key, algorithm)
        .map_err(|fault| PortError::Internal(format!("a token key does not sign: {fault}")))?;
    Ok(format!("{signed}.{signature}"))
}

/// Decodes base64url in its canonical spelling: no padding, no white space, no stray bits.
pub(super) fn decode(part: &str) -> Result<Vec<u8>, InvalidToken> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_fault| InvalidToken::Invalid)
}
