//! Ready-made values: an account, a session, claims. No two calls give the same id.
#![expect(clippy::unwrap_used, reason = "a sample that cannot be made fails the test that asks for it")]

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

use super::identity::clock::numbered;
use crate::{
    audit::{
        entry::{Entry, EntryId},
        event::AuditEvent,
        initiator::Initiator,
        kind::EventKind,
    },
    identity::{
        email::Email,
        encrypted::Encrypted,
        ids::{ClientId, KeyId, SessionId, UserId},
        password_hash::PasswordHash,
        request_context::{RequestContext, UserAgent},
        role::Roles,
        user::User,
    },
    oauth::client::{Client, ClientSecret, SecretHash},
    passwords::policy::{NewPassword, PasswordAttempt, PasswordPolicy},
    sessions::{
        authentication::Authentication,
        session::{Generation, Session},
        token::{Claims, Lifetimes, TokenId, TokenKind, TokenPurpose},
    },
    signing_keys::key::{KeyAlgorithm, SigningKey},
};

/// The password of every sample account.
pub const PASSWORD: &str = "Correct-Horse-9";
/// One that none of them has.
pub const OTHER_PASSWORD: &str = "Battery-Staple-8";

/// When tests begin: an instant with every digit down to the microsecond.
#[must_use]
pub fn start() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_767_323_045_678_901).unwrap()
}

/// So many seconds after [`start`].
#[must_use]
pub fn after(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

/// An id nobody has.
#[must_use]
pub fn id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    numbered(0xA0, LAST.fetch_add(1, Ordering::SeqCst) + 1)
}

#[must_use]
pub fn email(text: &str) -> Email {
    text.parse().unwrap()
}

/// An address as earlier releases stored it.
#[must_use]
pub fn kept_email(text: &str) -> Email {
    Email::from_kept(text).unwrap()
}

/// What [`super::PlainHasher`] makes of a password.
#[must_use]
pub fn hash(text: &str) -> PasswordHash {
    PasswordHash::new(format!("plain:10:{text}"))
}

#[must_use]
pub fn attempt(text: &str) -> PasswordAttempt {
    PasswordAttempt::new(text.to_owned())
}

/// Any text as a new password, whatever a policy would say of it.
#[must_use]
pub fn new_password(text: &str) -> NewPassword {
    attempt(text).proven()
}

#[must_use]
pub fn policy() -> PasswordPolicy {
    PasswordPolicy { min_chars: 12, classes: true }
}

/// An active account that has never logged in; its password is [`PASSWORD`].
#[must_use]
pub fn user(address: &str) -> User {
    User::new(UserId(id()), email(address), hash(PASSWORD), start())
}

/// A client made at [`start`], whose secret is its name.
#[must_use]
pub fn client(name: &str) -> Client {
    Client::new(ClientId(id()), name.parse().unwrap(), secret_hash(name), start())
}

/// What [`super::PlainSecrets`] makes of a secret.
#[must_use]
pub fn secret_hash(text: &str) -> SecretHash {
    SecretHash::new(format!("plain:{text}"))
}

#[must_use]
pub fn client_secret(text: &str) -> ClientSecret {
    ClientSecret::new(text.to_owned())
}

#[must_use]
pub fn lifetimes() -> Lifetimes {
    Lifetimes { access: TimeDelta::minutes(15), refresh: TimeDelta::days(7), session: TimeDelta::days(90) }
}

#[must_use]
pub fn context() -> RequestContext {
    origin_from("203.0.113.7")
}

/// An operator, at [`context`].
#[must_use]
pub fn operator() -> Initiator {
    Initiator::operator(context())
}

#[must_use]
pub fn origin_from(address: &str) -> RequestContext {
    let address: IpAddr = address.parse().unwrap();
    RequestContext {
        address: Some(address),
        user_agent: Some(UserAgent::new("Browser/1.0 (ünïcode 🦀)")),
        language: None,
        request_id: "request-1".into(),
    }
}

/// A session begun at [`start`].
#[must_use]
pub fn session_of(user: &User) -> Session {
    session_from(user, 0)
}

/// A session begun so many seconds after [`start`].
#[must_use]
pub fn session_from(user: &User, seconds: i64) -> Session {
    let authentication = Authentication::by_password(after(seconds));
    Session::begin(SessionId(id()), user.id, authentication, context(), after(seconds), &lifetimes())
}

/// The session after a refresh so many seconds after [`start`].
#[must_use]
pub fn refreshed(session: &Session, seconds: i64) -> Session {
    session.successor(origin_from("198.51.100.9"), after(seconds), &lifetimes())
}

/// An entry from so many seconds after [`start`], by nobody in particular.
#[must_use]
pub fn entry(kind: EventKind, seconds: i64) -> Entry {
    Entry::of(EntryId(id()), AuditEvent::new(kind, &context(), after(seconds)))
}

/// A session as it comes back: which request it came with is for the audit trail alone, and the client's language for the account.
#[must_use]
pub fn as_kept(session: &Session) -> Session {
    let context = RequestContext { request_id: String::new(), language: None, ..session.context.clone() };
    Session { context, ..session.clone() }
}

/// Claims issued at [`start`], which for a token is a whole second.
#[must_use]
pub fn claims(kind: TokenKind) -> Claims {
    let now = start().trunc_subsecs(0);
    let (purpose, life, authentication) = match kind {
        TokenKind::Access => (TokenPurpose::Access, lifetimes().access, Some(Authentication::by_password(now))),
        TokenKind::Refresh => (TokenPurpose::Refresh(Generation(3)), lifetimes().refresh, None),
    };
    Claims {
        id: TokenId(id()),
        purpose,
        user: UserId(id()),
        email: email("ann@example.org"),
        session: SessionId(id()),
        email_verified: authentication.as_ref().map(|_how| true),
        scope: None,
        authentication,
        roles: Roles::default(),
        attributes: serde_json::Map::new(),
        issued_at: now,
        not_before: now,
        expires_at: now + life,
    }
}

/// A key made so many seconds after the start, and signing 310 seconds later.
#[must_use]
pub fn signing_key(number: i64, made: i64) -> SigningKey {
    SigningKey {
        id: KeyId::new(format!("key-{}", id())),
        number,
        algorithm: KeyAlgorithm::Es256,
        public: "{}".to_owned(),
        private: Encrypted { with: "a".to_owned(), text: "secret".to_owned() },
        created_at: after(made),
        signs_from: after(made + 310),
        retired_at: None,
        revoked_at: None,
    }
}
