//! Tokens as JSON Web Tokens: a signature step (`jws`), then a claims step (`claims`), each strict.

mod claims;
mod client_claims;
mod jws;
mod key_cache;
pub mod key_maker;
pub mod key_pair;

use std::sync::Arc;

use auth_domain::{
    identity::{
        email::Email,
        ids::{SessionId, UserId},
        port_error::PortError,
        role::{ROLE_MAX_BYTES, ROLES_MAX, Roles},
    },
    oauth::{client_token::ClientClaims, ports::ClientTokenCodec},
    sessions::{
        authentication::{Authentication, Methods},
        ports::TokenCodec,
        session::Generation,
        token::{Claims, InvalidToken, Scope, TokenId, TokenKind, TokenPurpose},
        token_claims::TOKEN_CLAIMS_MAX_BYTES,
    },
    signing_keys::{ports::KeyCache, revocations::Revocations, ring::KeyRing},
};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use parking_lot::RwLock;
use serde_json::Map;
use uuid::Uuid;

use self::{claims::TokenIssuer, jws::HmacKey, key_cache::CachedKeys, key_pair::KeyPair};
use crate::encryption::EncryptionKeys;

/// Signs and verifies, each kind of token with its own key: with shared secrets (HMAC-SHA-256), and access tokens also with the
/// known key pairs, if any.
pub struct JwtCodec {
    access: HmacKey,
    refresh: HmacKey,
    realm: TokenIssuer,
    /// Decrypts the private halves. Without it, the shared secret signs even if there are key pairs; with it, only before the
    /// first of them does.
    pairs: Option<Arc<EncryptionKeys>>,
    cache: RwLock<Arc<CachedKeys>>,
}

/// The `typ` of the list of revocations (RFC 8725 section 3.11), so that the list cannot pass for an access token.
const LIST_TYPE: &str = "revocations+jwt";

/// The `typ` of clients' own tokens (RFC 9068 section 2.1), whatever signs them.
const CLIENT_TYPE: &str = "at+jwt";

/// The keys, each at least 32 bytes.
pub struct JwtSecrets<'a> {
    pub access: &'a [u8],
    pub refresh: &'a [u8],
}

impl JwtCodec {
    /// Signs and verifies once with each key, and signs by `jsonwebtoken`, which key pairs do: without a crypto back end, or with two,
    /// it panics, which should happen at start-up.
    ///
    /// # Errors
    /// A key is too short, both are the same, or issuer and audience make every token too long.
    pub fn new(secrets: JwtSecrets<'_>, issuer: Option<String>, audience: Option<String>) -> Result<Self, PortError> {
        let codec = Self {
            access: HmacKey::hs256(secrets.access)?,
            refresh: HmacKey::hs256(secrets.refresh)?,
            realm: TokenIssuer { issuer, audience },
            pairs: None,
            cache: RwLock::default(),
        };
        codec.self_test()?;
        Ok(codec)
    }

    /// The same codec, which signs access tokens with key pairs once it knows some whose private halves it can decrypt.
    #[must_use]
    pub fn signing_with_pairs(self, opening: Arc<EncryptionKeys>) -> Self {
        Self { pairs: Some(opening), ..self }
    }

    fn cached(&self) -> Arc<CachedKeys> {
        self.cache.read().clone()
    }

    /// The pair that signs at a time; `None` where the shared secret does. Where a pair is to sign and none does, it is an outage.
    fn signer(&self, at: DateTime<Utc>) -> Result<Option<Arc<KeyPair>>, PortError> {
        if self.pairs.is_some() { self.cached().signer(at) } else { Ok(None) }
    }

    /// The payload of a token that a key of access tokens has signed, by which `read` verifies it if it is the secret.
    fn open_access(
        &self,
        token: &str,
        now: DateTime<Utc>,
        read: impl FnOnce(&HmacKey) -> Result<Vec<u8>, InvalidToken>,
    ) -> Result<Vec<u8>, InvalidToken> {
        let cached = self.cached();
        let by_the_secret = || match self.pairs {
            Some(_) if !cached.ring.leaves_room_for_the_secret(now) => Err(InvalidToken::Invalid),
            Some(_) | None => read(&self.access),
        };
        cached.whose(token, now).verify(token, by_the_secret)
    }

    fn self_test(&self) -> Result<(), PortError> {
        let faulty = |what: &str| PortError::Internal(format!("the token keys: {what}"));
        let signed = crypto::sign(&[], &EncodingKey::from_secret(&[]), Algorithm::HS256);
        signed.map_err(|fault| faulty(&fault.to_string()))?;
        let now = DateTime::UNIX_EPOCH;
        for purpose in [TokenPurpose::Access, TokenPurpose::Refresh(Generation(1))] {
            let claims = probe(purpose, now).map_err(|fault| faulty(&fault.to_string()))?;
            let token = TokenCodec::encode(self, &claims)?;
            let read = Claims { roles: Roles::default(), attributes: Map::new(), ..claims };
            if TokenCodec::decode(self, purpose.kind(), &token, now) != Ok(read) {
                return Err(faulty("a signed token does not verify"));
            }
            if self.access.verify(&token).is_ok() && self.refresh.verify(&token).is_ok() {
                return Err(faulty("access and refresh tokens must not share a key"));
            }
        }
        Ok(())
    }
}

impl TokenCodec for JwtCodec {
    fn encode(&self, claims: &Claims) -> Result<String, PortError> {
        let payload = self.realm.write(claims)?;
        match claims.purpose.kind() {
            TokenKind::Refresh => self.refresh.sign(&payload),
            TokenKind::Access => match self.signer(claims.issued_at)? {
                Some(pair) => pair.sign(&payload),
                None => self.access.sign(&payload),
            },
        }
    }

    fn decode(&self, kind: TokenKind, token: &str, now: DateTime<Utc>) -> Result<Claims, InvalidToken> {
        let payload = match kind {
            TokenKind::Access => self.open_access(token, now, |secret| secret.verify(token))?,
            TokenKind::Refresh => self.refresh.verify(token)?,
        };
        let claims = self.realm.read(kind, &payload)?;
        claims.check_times(now)?;
        Ok(claims)
    }
}

impl ClientTokenCodec for JwtCodec {
    fn encode(&self, claims: &ClientClaims) -> Result<String, PortError> {
        let payload = self.realm.write_client(claims)?;
        match self.signer(claims.issued_at)? {
            Some(pair) => pair.sign(&payload),
            None => self.access.sign_as(CLIENT_TYPE, &payload),
        }
    }

    fn decode(&self, token: &str, now: DateTime<Utc>) -> Result<ClientClaims, InvalidToken> {
        let payload = self.open_access(token, now, |secret| secret.verify_as(CLIENT_TYPE, token))?;
        let claims = self.realm.read_client(&payload)?;
        claims.check_times(now)?;
        Ok(claims)
    }
}

impl KeyCache for JwtCodec {
    fn update(&self, keys: Vec<auth_domain::signing_keys::key::SigningKey>, now: DateTime<Utc>) -> Result<(), PortError> {
        let cached = self.cached();
        if cached.is(&keys) {
            return cached.verdict();
        }
        let next = Arc::new(cached.next(keys, self.pairs.as_deref(), now));
        *self.cache.write() = next.clone();
        next.verdict()
    }

    fn sign_revocations(&self, list: &Revocations) -> Result<String, PortError> {
        let payload = self.realm.write_list(list)?;
        match self.signer(list.as_of)? {
            Some(signer) => signer.sign_as(LIST_TYPE, &payload),
            None => self.access.sign_as(LIST_TYPE, &payload),
        }
    }

    fn check(&self, now: DateTime<Utc>) -> Result<(), PortError> {
        self.signer(now).map(drop)
    }

    fn ring(&self) -> Arc<KeyRing> {
        self.cached().ring.clone()
    }
}

/// Claims of the greatest length.
fn probe(purpose: TokenPurpose, now: DateTime<Utc>) -> Result<Claims, auth_domain::identity::email::EmailFault> {
    let label = "a".repeat(60);
    let email: Email = format!("{label}@{label}.{label}.{label}.example").parse()?;
    Ok(Claims {
        id: TokenId(Uuid::max()),
        purpose,
        user: UserId(Uuid::max()),
        email,
        session: SessionId(Uuid::max()),
        email_verified: match purpose {
            TokenPurpose::Access => Some(false),
            TokenPurpose::Refresh(_) => None,
        },
        authentication: match purpose {
            TokenPurpose::Access => Some(Authentication { at: now, methods: Methods::LONGEST }),
            TokenPurpose::Refresh(_) => None,
        },
        scope: match purpose {
            TokenPurpose::Access => Some(Scope::Enrol),
            TokenPurpose::Refresh(_) => None,
        },
        roles: match purpose {
            TokenPurpose::Access => longest_roles(),
            TokenPurpose::Refresh(_) => Roles::default(),
        },
        attributes: match purpose {
            TokenPurpose::Access => Map::from_iter([("a".to_owned(), "a".repeat(TOKEN_CLAIMS_MAX_BYTES).into())]),
            TokenPurpose::Refresh(_) => Map::new(),
        },
        issued_at: now,
        not_before: now,
        expires_at: now + auth_domain::sessions::token::CLOCK_SKEW,
    })
}

/// As many as there may be, each as long as it may be.
fn longest_roles() -> Roles {
    let width = ROLE_MAX_BYTES - 1;
    let names: Vec<_> = (0..ROLES_MAX).map(|number| format!("r{number:0width$}")).collect();
    names.join(" ").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests;
