//! An audit log that remembers, a hasher that does not hash, secrets that count, and a codec that anybody can read.

use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use crate::{
    audit::{event::AuditEvent, kind::EventKind, ports::AuditSink},
    identity::{email::Email, password_hash::PasswordHash, port_error::PortError, role::Roles},
    oauth::{
        client::{ClientSecret, SecretHash},
        ports::ClientSecrets,
    },
    passwords::{
        policy::{NewPassword, PasswordAttempt},
        ports::{Admission, HashFault, PasswordHasher},
    },
    sessions::{
        authentication::Authentication,
        ports::TokenCodec,
        session::Generation,
        token::{Claims, InvalidToken, Scope, TokenKind, TokenPurpose},
    },
};

/// Remembers what was recorded, and takes only reasons that their events give. Clones are the same log.
#[derive(Debug, Clone, Default)]
pub struct MemoryAudit(Arc<Mutex<Vec<AuditEvent>>>);

impl MemoryAudit {
    /// Everything so far, in order.
    #[must_use]
    pub fn events(&self) -> Vec<AuditEvent> {
        self.0.lock().clone()
    }

    #[must_use]
    pub fn kinds(&self) -> Vec<EventKind> {
        self.events().iter().map(|event| event.kind).collect()
    }
}

impl AuditSink for MemoryAudit {
    fn record(&self, event: AuditEvent) {
        assert!(event.reason.is_none_or(|reason| reason.events().contains(&event.kind)), "not a reason of {:?}", event.kind);
        self.0.lock().push(event);
    }
}

/// Keeps passwords as they are, beside a cost: `plain:10:secret`.
#[derive(Debug, Clone, Copy)]
pub struct PlainHasher {
    cost: u32,
}

impl PlainHasher {
    #[must_use]
    pub fn of_cost(cost: u32) -> Self {
        Self { cost }
    }

    fn read(hash: &PasswordHash) -> Option<(u32, &str)> {
        let (cost, text) = hash.expose().strip_prefix("plain:")?.split_once(':')?;
        cost.parse().map_or(None, |cost| Some((cost, text)))
    }
}

impl Default for PlainHasher {
    fn default() -> Self {
        Self::of_cost(10)
    }
}

#[async_trait]
impl PasswordHasher for PlainHasher {
    fn admit(&self) -> Result<Admission, PortError> {
        Ok(Admission::holding(()))
    }

    async fn hash(&self, _place: Admission, password: NewPassword) -> Result<PasswordHash, PortError> {
        Ok(PasswordHash::new(format!("plain:{}:{}", self.cost, password.expose())))
    }

    async fn verify<'a>(
        &self,
        _place: Admission,
        attempt: PasswordAttempt,
        hash: Option<&'a PasswordHash>,
    ) -> Result<bool, PortError> {
        let Some(hash) = hash else { return Ok(false) };
        let (_, text) = Self::read(hash).ok_or_else(|| PortError::Corrupt("not a hash of this kind".into()))?;
        Ok(attempt.is_possible() && attempt.forms().any(|form| form == text))
    }

    fn fault(&self, hash: &PasswordHash) -> Option<HashFault> {
        Self::read(hash).is_none().then_some(HashFault::Unknown)
    }

    fn is_outdated(&self, hash: &PasswordHash) -> bool {
        Self::read(hash).is_some_and(|(cost, _)| cost < self.cost)
    }
}

/// Counts secrets, and keeps them as they are: `secret-1` as `plain:secret-1`. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct PlainSecrets(Arc<AtomicU64>);

impl ClientSecrets for PlainSecrets {
    fn make(&self) -> (ClientSecret, SecretHash) {
        let secret = format!("secret-{}", self.0.fetch_add(1, Ordering::SeqCst) + 1);
        let hash = SecretHash::new(format!("plain:{secret}"));
        (ClientSecret::new(secret), hash)
    }

    fn matches(&self, presented: &ClientSecret, kept: &SecretHash) -> bool {
        kept.expose().strip_prefix("plain:") == Some(presented.expose())
    }
}

/// Writes claims in clear, one after another, with a checksum over the key in the place of a signature.
#[derive(Debug, Clone)]
pub struct FakeCodec {
    pub(super) key: String,
}

impl FakeCodec {
    #[must_use]
    pub fn with_key(key: &str) -> Self {
        Self { key: key.to_owned() }
    }

    fn read(&self, kind: TokenKind, token: &str) -> Result<Claims, InvalidToken> {
        let (text, _) = token.rsplit_once('|').ok_or(InvalidToken::Invalid)?;
        if with_checksum(&self.key, text) != token {
            return Err(InvalidToken::Invalid);
        }
        let mut parts = text.split('|');
        let mut next = || parts.next().unwrap_or_default();
        let purpose = match (next(), kind) {
            ("access", TokenKind::Access) => TokenPurpose::Access,
            ("refresh", TokenKind::Refresh) => TokenPurpose::Refresh(Generation(parse(next())?)),
            _ => return Err(InvalidToken::Invalid),
        };
        Ok(Claims {
            id: parse(next())?,
            purpose,
            user: parse(next())?,
            session: parse(next())?,
            authentication: match next().split_once('@') {
                Some((methods, at)) => Some(Authentication { at: second(at)?, methods: parse(methods)? }),
                None => None,
            },
            email_verified: match next() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            scope: match next() {
                "enrol" => Some(Scope::Enrol),
                _ => None,
            },
            // For others alone: no codec reads them.
            roles: Roles::default(),
            attributes: serde_json::Map::new(),
            issued_at: second(next())?,
            not_before: second(next())?,
            expires_at: second(next())?,
            // Last, because an address may hold the bar that parts the others.
            email: Email::from_kept(&parts.collect::<Vec<_>>().join("|")).map_err(|_reason| InvalidToken::Invalid)?,
        })
    }
}

impl Default for FakeCodec {
    fn default() -> Self {
        Self::with_key("a key")
    }
}

impl TokenCodec for FakeCodec {
    fn encode(&self, claims: &Claims) -> Result<String, PortError> {
        let purpose = match claims.purpose {
            TokenPurpose::Access => "access".to_owned(),
            TokenPurpose::Refresh(generation) => format!("refresh|{}", generation.0),
        };
        let [from, start, end] = [claims.issued_at, claims.not_before, claims.expires_at].map(|at| at.timestamp());
        let Claims { id, user, session, email, .. } = claims;
        let said =
            claims.authentication.as_ref().map(|how| format!("{}@{}", how.methods, how.at.timestamp())).unwrap_or_default();
        let verified = claims.email_verified.map(|verified| verified.to_string()).unwrap_or_default();
        let scope = claims.scope.map(|Scope::Enrol| "enrol").unwrap_or_default();
        let text = format!("{purpose}|{id}|{user}|{session}|{said}|{verified}|{scope}|{from}|{start}|{end}|{email}");
        Ok(with_checksum(&self.key, &text))
    }

    fn decode(&self, kind: TokenKind, token: &str, now: DateTime<Utc>) -> Result<Claims, InvalidToken> {
        let claims = self.read(kind, token)?;
        claims.check_times(now)?;
        Ok(claims)
    }
}

pub(super) fn parse<T: FromStr>(text: &str) -> Result<T, InvalidToken> {
    text.parse().map_err(|_reason| InvalidToken::Invalid)
}

pub(super) fn second(text: &str) -> Result<DateTime<Utc>, InvalidToken> {
    DateTime::from_timestamp_secs(parse(text)?).ok_or(InvalidToken::Invalid)
}

/// A text and, behind it, FNV-1a over key and text: good enough to notice a changed letter, and nothing else.
pub(super) fn with_checksum(key: &str, text: &str) -> String {
    let step = |sum: u64, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let sum = key.bytes().chain(text.bytes()).fold(0xcbf2_9ce4_8422_2325, step);
    format!("{text}|{sum:016x}")
}
