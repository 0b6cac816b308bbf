//! Tokens as JSON Web Tokens: a signature step (`jws`), then a claims step (`claims`), each strict.

mod claims;
mod jws;
pub mod pair;
pub mod sealing;

use auth_domain::{
    email::Email,
    ports::{PortError, TokenCodec},
    session::{Generation, SessionId},
    token::{Claims, Grant, InvalidToken, TokenId, TokenKind},
    user::UserId,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use self::{claims::Realm, jws::SigningKey};

/// Signs and verifies with HMAC-SHA-256, each kind of token with a key of its own.
pub struct JwtCodec {
    access: SigningKey,
    refresh: SigningKey,
    realm: Realm,
}

/// The keys, each at least 32 bytes.
pub struct JwtSecrets<'a> {
    pub access: &'a [u8],
    pub refresh: &'a [u8],
}

impl JwtCodec {
    /// Signs and verifies once with each key: without a crypto back end, or with
    /// two, `jsonwebtoken` panics, and that belongs at the start of the program.
    ///
    /// # Errors
    /// A key is too short, both are the same, or issuer and audience make every token too long.
    pub fn new(secrets: JwtSecrets<'_>, issuer: Option<String>, audience: Option<String>) -> Result<Self, PortError> {
        let codec = Self {
            access: SigningKey::hs256(secrets.access)?,
            refresh: SigningKey::hs256(secrets.refresh)?,
            realm: Realm { issuer, audience },
        };
        codec.self_test()?;
        Ok(codec)
    }

    fn key(&self, kind: TokenKind) -> &SigningKey {
        match kind {
            TokenKind::Access => &self.access,
            TokenKind::Refresh => &self.refresh,
        }
    }

    fn self_test(&self) -> Result<(), PortError> {
        let faulty = |what: &str| PortError::Corrupt(format!("the token keys: {what}"));
        let now = DateTime::UNIX_EPOCH;
        for grant in [Grant::Access, Grant::Refresh(Generation(1))] {
            let claims = probe(grant, now).map_err(|fault| faulty(&fault.to_string()))?;
            let token = self.encode(&claims)?;
            if self.decode(grant.kind(), &token, now) != Ok(claims) {
                return Err(faulty("a token does not survive its own verification"));
            }
            if self.access.open(&token).is_ok() && self.refresh.open(&token).is_ok() {
                return Err(faulty("access and refresh tokens must not share one"));
            }
        }
        Ok(())
    }
}

impl TokenCodec for JwtCodec {
    fn encode(&self, claims: &Claims) -> Result<String, PortError> {
        self.key(claims.grant.kind()).seal(&self.realm.write(claims)?)
    }

    fn decode(&self, kind: TokenKind, token: &str, now: DateTime<Utc>) -> Result<Claims, InvalidToken> {
        let payload = self.key(kind).open(token)?;
        let claims = self.realm.read(kind, &payload)?;
        claims.check_times(now)?;
        Ok(claims)
    }
}

/// Claims as long as claims get.
fn probe(grant: Grant, now: DateTime<Utc>) -> Result<Claims, auth_domain::email::EmailFault> {
    let label = "a".repeat(60);
    let email: Email = format!("{label}@{label}.{label}.{label}.example").parse()?;
    Ok(Claims {
        id: TokenId(Uuid::max()),
        grant,
        user: UserId(Uuid::max()),
        email,
        session: SessionId(Uuid::max()),
        issued_at: now,
        not_before: now,
        expires_at: now + auth_domain::token::CLOCK_SKEW,
    })
}

#[cfg(test)]
mod tests;
