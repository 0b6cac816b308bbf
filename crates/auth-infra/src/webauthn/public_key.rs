//! Public keys as authenticators write them: a `COSE_Key` (RFC 9052 section 7) of the three kinds that are asked for.

use auth_domain::passkeys::ports::WebAuthnFault::{self, UnsupportedKey};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};

use super::cbor::{self, Item};

// RFC 9052 section 7.1, RFC 9053 section 7 and RFC 8230 section 4: the labels of parameters.
const KEY_TYPE: i128 = 1;
const ALGORITHM: i128 = 3;
const CURVE: i128 = -1;
const X: i128 = -2;
const Y: i128 = -3;
const MODULUS: i128 = -1;
const EXPONENT: i128 = -2;

// Their values.
const OKP: i128 = 1;
const EC2: i128 = 2;
const RSA: i128 = 3;
const P256: i128 = 1;
const ED_25519: i128 = 6;
const ES256: i128 = -7;
const EDDSA: i128 = -8;
const RS256: i128 = -257;

pub(super) struct PublicKey(ParsedPublicKey);

impl PublicKey {
    /// Takes what WebAuthn Level 3 sections 5.8.5 and 6.5.2 allow: the parameters that the algorithm needs, and no other.
    pub(super) fn read(key: &[u8]) -> Result<Self, WebAuthnFault> {
        let key = cbor::whole(key).map_err(|_fault| WebAuthnFault::Cbor)?;
        let number = |label| key.labelled(label).and_then(Item::integer);
        let bytes = |label| key.labelled(label).and_then(Item::bytes).unwrap_or_default();
        let parameters = key.map().map_or(0, <[_]>::len);
        match (number(KEY_TYPE), number(ALGORITHM), parameters) {
            (Some(EC2), Some(ES256), 5) if number(CURVE) == Some(P256) => es256(bytes(X), bytes(Y)),
            (Some(OKP), Some(EDDSA), 4) if number(CURVE) == Some(ED_25519) => ed25519(bytes(X)),
            (Some(RSA), Some(RS256), 4) => rs256(bytes(MODULUS), bytes(EXPONENT)),
            _ => Err(UnsupportedKey),
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), WebAuthnFault> {
        self.0.verify_sig(message, signature).map_err(|_wrong| WebAuthnFault::Signature)
    }
}

/// A point of P-256, uncompressed. The library refuses one that is not on the curve.
fn es256(x: &[u8], y: &[u8]) -> Result<PublicKey, WebAuthnFault> {
    if x.len() != 32 || y.len() != 32 {
        return Err(UnsupportedKey);
    }
    parsed(ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, [&[4], x, y].concat()))
}

/// The library takes any 32 bytes. What is no point of the curve verifies nothing: [`PublicKey::verify`] always refuses.
fn ed25519(x: &[u8]) -> Result<PublicKey, WebAuthnFault> {
    if x.len() != 32 {
        return Err(UnsupportedKey);
    }
    parsed(ParsedPublicKey::new(&ED25519, x))
}

/// 2048 to 8192 bits, and an exponent as FIPS 186-5 (section A.1.1) has it: odd, above 2^16, and here of four bytes at most.
fn rs256(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey, WebAuthnFault> {
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    let top = modulus.first().copied().unwrap_or_default();
    let is_long_enough = (257..=1024).contains(&modulus.len()) && top != 0 || modulus.len() == 256 && top >= 0x80;
    let is_exponent = matches!(exponent, [1..=255, _, _] | [1..=255, _, _, _]);
    if !(is_long_enough && is_odd(modulus) && is_exponent && is_odd(exponent)) {
        return Err(UnsupportedKey);
    }
    parsed(RsaPublicKeyComponents { n: modulus, e: exponent }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256))
}

fn parsed<E>(key: Result<ParsedPublicKey, E>) -> Result<PublicKey, WebAuthnFault> {
    key.map(PublicKey).map_err(|_rejected| UnsupportedKey)
}
