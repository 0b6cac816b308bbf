//! What the use cases' tests share: an issuer over fakes, a caller, and a world that is down.

use std::{sync::Arc, time::Duration};

use mockall::predicate::eq;

use crate::{
    audit::AuditEvent,
    email::Email,
    password::PasswordHash,
    ports::{
        Admission, AuditLog, Clock, MockPasswordHasher, MockSessionStore, MockTokenCodec, PasswordHasher, PortError, TokenCodec,
    },
    session::Session,
    testkit::{
        FakeCodec, MemoryStore, MovableClock, SequentialIds,
        samples::{lifetimes, origin, session_of, start, user},
    },
    token::{Claims, TokenKind, TokenPair},
    usecases::{authenticate::SignedIn, issue::Issuer, prove::PasswordProof},
    user::User,
};

pub(super) fn issuer() -> Issuer {
    Issuer { codec: Arc::new(FakeCodec::default()), ids: Arc::new(SequentialIds::default()), lifetimes: lifetimes() }
}

/// One whose keys cannot sign.
pub(super) fn broken_issuer() -> Issuer {
    let mut codec = MockTokenCodec::new();
    codec.expect_encode().returning(|_| down());
    Issuer { codec: Arc::new(codec), ..issuer() }
}

/// For accounts that nobody has tried to guess at.
pub(super) fn proof(hasher: Arc<dyn PasswordHasher>, audit: &(impl AuditLog + Clone + 'static)) -> PasswordProof {
    let attempts = Arc::new(MemoryStore::default());
    PasswordProof { hasher, attempts, audit: Arc::new(audit.clone()), clock: clock(), failure_limit: 10 }
}

/// Where the client of the samples may not try another password for half a minute.
pub(super) async fn held(proof: &PasswordProof, account: &Email) {
    let client = origin().subscriber();
    for _ in 0..proof.failure_limit {
        let standing = proof.attempts.standing(account, client).await.unwrap();
        assert!(proof.attempts.count(account, client, standing, proof.failure_limit, start()).await.unwrap().is_some());
    }
}

/// Stands at the start of the samples.
pub(super) fn clock() -> Arc<dyn Clock> {
    Arc::new(MovableClock::default())
}

pub(super) fn caller() -> SignedIn {
    let user = user("ann@example.org");
    SignedIn { session: session_of(&user), user }
}

pub(super) fn down<T>() -> Result<T, PortError> {
    Err(PortError::Unavailable("down".into()))
}

/// What a write meets whose answer does not come.
pub(super) fn unheard<T>() -> Result<T, PortError> {
    Err(PortError::Unknown("no answer".into()))
}

/// One with room for everybody.
pub(super) fn admitting() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_admit().returning(|| Ok(Admission::holding(())));
    hasher
}

/// One with no room for anybody for seven seconds.
pub(super) fn full() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_admit().returning(|| Err(PortError::Overloaded { retry_after: Duration::from_secs(7) }));
    hasher
}

pub(super) fn is_told_to_come_back(error: &PortError) -> bool {
    matches!(error, PortError::Overloaded { retry_after } if retry_after.as_secs() == 7)
}

/// One who finds every attempt right, or every attempt wrong.
pub(super) fn hasher_that_says(right: bool) -> MockPasswordHasher {
    let mut hasher = admitting();
    hasher.expect_verify().returning(move |_, _, _| Ok(right));
    hasher.expect_hash().returning(|_, new| Ok(PasswordHash::new(format!("fresh:{}", new.expose()))));
    hasher.expect_is_outdated().return_const(false);
    hasher
}

/// A store that is asked once, for this session and its user.
pub(super) fn finding(session: &Session, user: &User) -> MockSessionStore {
    let (id, found) = (session.id, (session.clone(), user.clone()));
    let mut sessions = MockSessionStore::new();
    sessions.expect_find().with(eq(id)).once().returning(move |_| Ok(Some(found.clone())));
    sessions
}

pub(super) fn read(kind: TokenKind, token: &str) -> Claims {
    FakeCodec::default().decode(kind, token, start()).unwrap()
}

/// The claims of both tokens.
pub(super) fn opened(pair: &TokenPair) -> (Claims, Claims) {
    (read(TokenKind::Access, &pair.access), read(TokenKind::Refresh, &pair.refresh))
}

pub(super) fn access_token(caller: &SignedIn) -> String {
    issuer().pair(&caller.session, &caller.user, start()).unwrap().access
}

pub(super) fn refresh_token(caller: &SignedIn, session: &Session) -> String {
    let claims = Claims::refresh(crate::token::TokenId(crate::testkit::samples::id()), session, &caller.user);
    FakeCodec::default().encode(&claims).unwrap()
}

/// What an event says beyond who, when and where from.
pub(super) fn told(events: &[AuditEvent]) -> Vec<(&'static str, Option<&'static str>)> {
    events.iter().map(|event| (event.kind.name(), event.reason)).collect()
}

/// What an event says beyond when and where from, in one line: `key_created key-1`.
pub(super) fn lines(events: &[AuditEvent]) -> Vec<String> {
    events.iter().map(|event| [event.kind.name(), &event.why().unwrap_or_default()].join(" ")).collect()
}
