//! Key pairs: a private half that signs access tokens, and a public half that anybody can verify them with.

use std::fmt;

use auth_domain::{
    identity::{ids::KeyId, port_error::PortError},
    sessions::token::InvalidToken,
    signing_keys::key::KeyAlgorithm,
};
use aws_lc_rs::{
    encoding::AsDer,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, crypto,
    jwk::{Jwk, PublicKeyUse, ThumbprintHash},
};
use pkcs8::{
    LineEnding, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument,
    der::{self, pem::PemLabel},
};
use serde_json::json;
use zeroize::Zeroizing;

use super::jws::{decode, signed, verified};

/// RFC 8017 appendix A.1.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Why a key cannot be used for signing. Says nothing of its contents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairFault {
    #[error("is not a private key in PKCS#8 (PEM, BEGIN PRIVATE KEY) on P-256 or Ed25519, or of RSA with 2048 to 4096 bits")]
    NoPrivateKey,
    #[error("cannot be made: {0}")]
    NotMade(String),
}

/// The private half.
pub struct KeyPair {
    public: PublicKey,
    signing: EncodingKey,
    pem: Zeroizing<String>,
}

/// The public half, and the only header of tokens that it verifies.
pub struct PublicKey {
    id: KeyId,
    algorithm: KeyAlgorithm,
    jwk: String,
    /// Encoded. Tokens are compared with it byte by byte: no parser sees an unauthenticated header, and `jku`, `jwk`, `x5u` and
    /// `crit` cannot occur.
    header: String,
    verifying: DecodingKey,
}

fn registered(algorithm: KeyAlgorithm) -> Algorithm {
    match algorithm {
        KeyAlgorithm::Es256 => Algorithm::ES256,
        KeyAlgorithm::EdDsa => Algorithm::EdDSA,
        KeyAlgorithm::Rs256 => Algorithm::RS256,
    }
}

impl KeyPair {
    /// Makes a fresh pair. RSA takes a moment.
    ///
    /// # Errors
    /// The crypto library fails.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, PairFault> {
        let failed = |_unspecified| PairFault::NotMade("the crypto library gives no reason".to_owned());
        let der = Zeroizing::new(match algorithm {
            KeyAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
                pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec()
            }
            KeyAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::generate().map_err(failed)?;
                pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec()
            }
            // RFC 7518 section 3.3 demands no more, and the cost of a signature grows with the cube of the length.
            KeyAlgorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
                AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).map_err(failed)?.as_ref().to_vec()
            }
        });
        let text = pem(&der).map_err(|fault| PairFault::NotMade(fault.to_string()))?;
        Self::from_pem(&text)
    }

    /// Reads a private key in PKCS#8. The key itself determines the algorithm.
    ///
    /// # Errors
    /// Tokens cannot be signed with such a key.
    pub fn from_pem(text: &str) -> Result<Self, PairFault> {
        let document = document(text).ok_or(PairFault::NoPrivateKey)?;
        let der = document.as_bytes();
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_malformed| PairFault::NoPrivateKey)?;
        let attempts = [
            (KeyAlgorithm::Es256, Some(EncodingKey::from_ec_der(der))),
            (KeyAlgorithm::EdDsa, Some(EncodingKey::from_ed_der(der))),
            (KeyAlgorithm::Rs256, pkcs1(&info).map(EncodingKey::from_rsa_der)),
        ];
        for (algorithm, signing) in attempts {
            let Some(signing) = signing else { continue };
            let Ok(jwk) = Jwk::from_encoding_key(&signing, registered(algorithm)) else { continue };
            let Ok(public) = PublicKey::of(algorithm, jwk) else { continue };
            let pair = Self { public, signing, pem: Zeroizing::new(text.to_owned()) };
            // Also refuses a curve or a length that does not fit the algorithm.
            if pair.sign(b"{}").is_ok_and(|token| pair.public.verify(&token).is_ok()) {
                return Ok(pair);
            }
        }
        Err(PairFault::NoPrivateKey)
    }

    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The private half in plain text, to be encrypted.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A token with this payload.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn sign(&self, payload: &[u8]) -> Result<String, PortError> {
        self.signed(&self.public.header, payload)
    }

    /// Something other than an access token, under another `typ`.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn sign_as(&self, typ: &str, payload: &[u8]) -> Result<String, PortError> {
        let header = header(self.public.algorithm, &self.public.id, typ);
        self.signed(&header, payload)
    }

    fn signed(&self, header: &str, payload: &[u8]) -> Result<String, PortError> {
        let fault = |fault| PortError::Internal(format!("a token key does not sign: {fault}"));
        signed(header, payload, |signed| crypto::sign(signed, &self.signing, registered(self.public.algorithm)).map_err(fault))
    }
}

/// The encoded header (RFC 7515 section 4.1).
fn header(algorithm: KeyAlgorithm, id: &KeyId, typ: &str) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "alg": algorithm.name(), "kid": id.as_str(), "typ": typ }).to_string())
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.public.id)
    }
}

fn pem(der: &[u8]) -> der::Result<Zeroizing<String>> {
    SecretDocument::try_from(der)?.to_pem(PrivateKeyInfoRef::PEM_LABEL, LineEnding::LF)
}

/// The content of a PEM block (RFC 7468 section 10).
fn document(pem: &str) -> Option<SecretDocument> {
    match SecretDocument::from_pem(pem.trim()) {
        Ok((PrivateKeyInfoRef::PEM_LABEL, document)) => Some(document),
        Ok(_) | Err(_) => None,
    }
}

/// The RSA key inside PKCS#8, which is what signs (RFC 8017 appendix A.1.2).
fn pkcs1<'a>(info: &PrivateKeyInfoRef<'a>) -> Option<&'a [u8]> {
    (info.algorithm.oid == RSA_ENCRYPTION).then_some(info.private_key.as_bytes())
}

impl PublicKey {
    fn of(algorithm: KeyAlgorithm, mut jwk: Jwk) -> Result<Self, PairFault> {
        let unusable = |_fault| PairFault::NoPrivateKey;
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).map_err(unusable)?;
        jwk.common.key_id = Some(thumbprint.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let text = serde_json::to_string(&jwk).map_err(|fault| PairFault::NotMade(fault.to_string()))?;
        Self::new(KeyId::new(thumbprint), algorithm, text).map_err(|_corrupt| PairFault::NoPrivateKey)
    }

    /// From its stored form.
    ///
    /// # Errors
    /// It is not a public key of this algorithm.
    pub fn new(id: KeyId, algorithm: KeyAlgorithm, jwk: String) -> Result<Self, PortError> {
        let corrupt = |what: &str| PortError::Corrupt(format!("the public half of key {id} {what}"));
        let parsed: Jwk = serde_json::from_str(&jwk).map_err(|fault| corrupt(&format!("is no JWK: {fault}")))?;
        let thumbprint = parsed.thumbprint(ThumbprintHash::SHA256).map_err(|fault| corrupt(&fault.to_string()))?;
        if thumbprint != id.as_str() {
            return Err(corrupt("belongs to another key"));
        }
        let same = parsed.common.key_algorithm.is_some_and(|named| named.to_string() == algorithm.name());
        if !same || parsed.common.public_key_use != Some(PublicKeyUse::Signature) {
            return Err(corrupt("has another algorithm or use"));
        }
        let verifying = DecodingKey::from_jwk(&parsed).map_err(|fault| corrupt(&fault.to_string()))?;
        // RFC 9068 section 2.1.
        let header = header(algorithm, &id, "at+jwt");
        Ok(Self { id, algorithm, jwk, header, verifying })
    }

    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// As a JSON Web Key (RFC 7517), with `kid`, `alg` and `use`.
    #[must_use]
    pub fn jwk(&self) -> &str {
        &self.jwk
    }

    /// Whether this is the header of its tokens.
    pub(super) fn writes(&self, header: &str) -> bool {
        self.header == header
    }

    /// The payload of a token signed with the private half.
    ///
    /// # Errors
    /// The token is not signed with it, or has another header.
    pub fn verify(&self, token: &str) -> Result<Vec<u8>, InvalidToken> {
        let (header, payload) = self.verified(token)?;
        if self.writes(header) { decode(payload) } else { Err(InvalidToken::Invalid) }
    }

    fn verified<'a>(&self, token: &'a str) -> Result<(&'a str, &'a str), InvalidToken> {
        verified(token, |signed, signature| {
            matches!(crypto::verify(signature, signed, &self.verifying, registered(self.algorithm)), Ok(true))
        })
    }
}

#[cfg(test)]
mod tests;
