//! What the use cases' tests share: an issuer over fakes, a caller, and a world that is down.

pub(crate) mod factors;
pub(crate) mod mail;

use std::{sync::Arc, time::Duration};

use chrono::{SubsecRound, TimeDelta};
use mockall::predicate::eq;
use uuid::Uuid;

use crate::{
    audit::{event::AuditEvent, ports::AuditSink},
    factors::{
        policy::MfaPolicy,
        ports::{MockRecoveryCodeMaker, MockSecondStepStore},
    },
    identity::{
        clock::{Clock, Ids},
        email::Email,
        ids::UserId,
        method::Method,
        password_hash::PasswordHash,
        port_error::PortError,
        user::User,
    },
    mail::writer::{MailWriter, NoticePolicy},
    oauth::{
        authenticate_client_token::AuthenticateClientToken,
        client::Client,
        client_token::ClientClaims,
        ports::{ClientStore, ClientTokenCodec},
        scope::{Scope, Scopes},
    },
    passwords::{
        ports::{Admission, MockPasswordHasher, PasswordHasher},
        verify::PasswordVerifier,
    },
    sessions::{
        authenticate::SignedIn,
        authentication::DemandFresh,
        issue::Issuer,
        ports::TokenNotes,
        ports::{MockSessionStore, MockTokenCodec, TokenCodec},
        session::Session,
        token::{Claims, TokenId, TokenKind, TokenPair},
        token_claims::TokenClaims,
    },
    sign_in::{
        login::{AskForFactor, LoggedIn},
        register::Registered,
        second_factor::JudgeSecondFactor,
    },
    testkit::{
        FakeCodec, FakeOneTimeTokens, MemoryAudit, MemoryStore, MovableClock, SequentialIds,
        samples::{client, context, id, lifetimes, session_of, start, user},
    },
};

/// Ids nobody else has, as several use cases of one world need them.
pub(crate) struct Fresh;

impl Ids for Fresh {
    fn next(&self) -> Uuid {
        id()
    }
}

/// Nothing is left out.
pub(crate) struct Unheard;

impl TokenNotes for Unheard {
    fn left_out(&self, _user: UserId) {}
}

pub(crate) fn issuer() -> Issuer {
    Issuer {
        codec: Arc::new(FakeCodec::default()),
        ids: Arc::new(SequentialIds::default()),
        lifetimes: lifetimes(),
        claims: TokenClaims::default(),
        notes: Arc::new(Unheard),
        mfa: MfaPolicy::Optional,
    }
}

/// What a server without mail writes: nothing.
pub(crate) fn no_mail() -> MailWriter {
    let life = TimeDelta::minutes(30);
    MailWriter { ids: Arc::new(SequentialIds::default()), notices: NoticePolicy::Off, verify_life: life, reset_life: life }
}

/// The tokens of a registration.
pub(crate) fn signed_in(registered: Registered) -> TokenPair {
    match registered {
        Registered::SignedIn(pair) => pair,
        Registered::VerificationSent => panic!("a mail is no session"),
    }
}

/// The tokens of a login that asked for nothing more.
pub(crate) fn entered(outcome: LoggedIn) -> TokenPair {
    match outcome {
        LoggedIn::SignedIn(pair) => pair,
        LoggedIn::SecondFactorRequired(_) => panic!("half a login is no session"),
    }
}

/// What a server does that takes every factor and leaves them to its accounts.
pub(crate) fn second_step() -> AskForFactor {
    let takes = vec![Method::Totp, Method::Passkey, Method::RecoveryCode];
    let tokens = Arc::new(FakeOneTimeTokens::default());
    AskForFactor { policy: MfaPolicy::Optional, takes, tokens, ids: Arc::new(Fresh) }
}

/// For ten minutes, with a second factor where the account has one.
pub(crate) fn demand_fresh() -> DemandFresh {
    DemandFresh { clock: clock(), window: TimeDelta::minutes(10), mfa: MfaPolicy::Optional }
}

/// For accounts without a second factor: nothing may be asked of its ports.
pub(crate) fn idle_judge() -> JudgeSecondFactor {
    JudgeSecondFactor {
        steps: Arc::new(MockSecondStepStore::new()),
        totp: None,
        recovery_codes: Arc::new(MockRecoveryCodeMaker::new()),
        passkeys: None,
        audit: Arc::new(MemoryAudit::default()),
        clock: clock(),
    }
}

/// One whose keys cannot sign.
pub(crate) fn broken_issuer() -> Issuer {
    let mut codec = MockTokenCodec::new();
    codec.expect_encode().returning(|_| down());
    Issuer { codec: Arc::new(codec), ..issuer() }
}

/// For accounts that nobody has tried to guess at.
pub(crate) fn proof(hasher: Arc<dyn PasswordHasher>, audit: &(impl AuditSink + Clone + 'static)) -> PasswordVerifier {
    let attempts = Arc::new(MemoryStore::default());
    PasswordVerifier { hasher, attempts, audit: Arc::new(audit.clone()), clock: clock(), failure_limit: 10 }
}

/// Where the client of the samples may not try another password for half a minute.
pub(crate) async fn held(proof: &PasswordVerifier, account: &Email) {
    let client = context().subscriber();
    for _ in 0..proof.failure_limit {
        let standing = proof.attempts.throttle_state(account, client).await.unwrap();
        assert!(proof.attempts.count(account, client, standing, proof.failure_limit, start()).await.unwrap().is_some());
    }
}

/// Stands at the start of the samples.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(MovableClock::default())
}

pub(crate) fn caller() -> SignedIn {
    let user = user("ann@example.org");
    SignedIn { session: session_of(&user), user }
}

pub(crate) fn down<T>() -> Result<T, PortError> {
    Err(PortError::Unavailable("down".into()))
}

/// What a write meets whose answer does not come.
pub(crate) fn unheard<T>() -> Result<T, PortError> {
    Err(PortError::Unknown("no answer".into()))
}

/// One with room for everybody.
pub(crate) fn admitting() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_admit().returning(|| Ok(Admission::holding(())));
    hasher
}

/// One with no room for anybody for seven seconds.
pub(crate) fn full() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_admit().returning(|| Err(PortError::Overloaded { retry_after: Duration::from_secs(7) }));
    hasher
}

pub(crate) fn is_told_to_come_back(error: &PortError) -> bool {
    matches!(error, PortError::Overloaded { retry_after } if retry_after.as_secs() == 7)
}

/// One who finds every attempt right, or every attempt wrong.
pub(crate) fn hasher_that_says(right: bool) -> MockPasswordHasher {
    let mut hasher = admitting();
    hasher.expect_verify().returning(move |_, _, _| Ok(right));
    hasher.expect_hash().returning(|_, new| Ok(PasswordHash::new(format!("fresh:{}", new.expose()))));
    hasher.expect_is_outdated().return_const(false);
    hasher
}

/// A store that is asked once, for this session and its user.
pub(crate) fn finding(session: &Session, user: &User) -> MockSessionStore {
    let (id, found) = (session.id, (session.clone(), user.clone()));
    let mut sessions = MockSessionStore::new();
    sessions.expect_find().with(eq(id)).once().returning(move |_| Ok(Some(found.clone())));
    sessions
}

/// Reads clients' own tokens, at the start.
pub(crate) fn client_tokens(clients: impl ClientStore + 'static) -> AuthenticateClientToken {
    AuthenticateClientToken { codec: Arc::new(FakeCodec::default()), clients: Arc::new(clients), clock: clock() }
}

/// A client that may do everything, and a token of its own that is good for reading.
pub(crate) fn orders_and_token() -> (Client, String) {
    let orders = Client { scopes: Scopes::of(Scope::ALL), scopes_version: 2, ..client("orders") };
    let (id, read) = (TokenId(id()), Scopes::of([Scope::AdminRead]));
    let claims = ClientClaims::of(&orders, id, read, start().trunc_subsecs(0), TimeDelta::minutes(15));
    let token = ClientTokenCodec::encode(&FakeCodec::default(), &claims).unwrap();
    (orders, token)
}

pub(crate) fn read(kind: TokenKind, token: &str) -> Claims {
    TokenCodec::decode(&FakeCodec::default(), kind, token, start()).unwrap()
}

/// The claims of both tokens.
pub(crate) fn opened(pair: &TokenPair) -> (Claims, Claims) {
    (read(TokenKind::Access, &pair.access), read(TokenKind::Refresh, &pair.refresh))
}

pub(crate) fn access_token(caller: &SignedIn) -> String {
    issuer().pair(&caller.session, &caller.user, start()).unwrap().access
}

pub(crate) fn refresh_token(caller: &SignedIn, session: &Session) -> String {
    let claims = Claims::refresh(crate::sessions::token::TokenId(id()), session, &caller.user);
    TokenCodec::encode(&FakeCodec::default(), &claims).unwrap()
}

/// What an event says beyond who, when and where from.
pub(crate) fn told(events: &[AuditEvent]) -> Vec<(&'static str, Option<&'static str>)> {
    events.iter().map(|event| (event.kind.name(), event.word())).collect()
}

/// What an event says beyond when and where from, in one line: `key_created key-1`.
pub(crate) fn lines(events: &[AuditEvent]) -> Vec<String> {
    events.iter().map(|event| [event.kind.name(), &event.why().unwrap_or_default()].join(" ")).collect()
}
