//! A server that takes every second factor: its use cases over one store in memory, with an app and an authenticator to show.

mod authenticator;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use self::authenticator::{Authenticator, PlainRelyingParty};
use super::{
    Fresh, issuer,
    mail::{ANN, World, writer},
    second_step, told,
};
use crate::{
    audit::event::AuditEvent,
    factors::{factor::FactorId, policy::MfaPolicy},
    identity::{clock::Clock, encrypted::Encrypted, method::Method, user::User},
    mfa::{
        add::{AddFactor, FactorAdded},
        confirm_totp::ConfirmTotp,
        enrol_totp::{EnrolTotp, Enrolment},
        ports::{FactorList, FactorStore},
    },
    passkeys::{
        assert::{AssertPasskey, PasskeyAnswer},
        options::PasskeyOptions,
        register::{PasskeyAdded, RegisterPasskey},
    },
    sessions::{
        authenticate::SignedIn,
        authentication::{Authentication, DemandFresh},
        issue::Issuer,
        ports::{SessionStore, TokenCodec},
        session::Session,
        token::{TokenKind, TokenPair},
    },
    sign_in::{
        begin::BeginSession,
        login::{AskForFactor, LoggedIn, Login, PendingLogin},
        login_factor::{LoginWithFactor, LoginWithFactorError},
        login_passkey::LoginWithPasskey,
        reauthenticate::Reauthenticate,
        second_factor::{JudgeSecondFactor, Shown},
    },
    testkit::{
        FakeCodec, FakeOneTimeTokens, FakeRecoveryCodes, FakeTotp,
        samples::{PASSWORD, attempt, context, email},
    },
};

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) world: World,
    pub(crate) policy: MfaPolicy,
    pub(crate) totp: FakeTotp,
    pub(crate) codes: FakeRecoveryCodes,
    pub(crate) seen: Arc<AtomicUsize>,
}

/// An authenticator app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct App {
    pub(crate) id: FactorId,
    secret: Encrypted,
}

impl App {
    pub(crate) fn shows(&self, at: DateTime<Utc>) -> String {
        FakeTotp::code_of(&self.secret, at)
    }
}

impl Server {
    /// With an account of Ann, who has no second factor.
    pub(crate) async fn with_ann() -> Self {
        Self::over(World::with_ann().await.0)
    }

    /// With whatever accounts there are.
    pub(crate) fn over(world: World) -> Self {
        let (totp, codes, seen) = (FakeTotp::default(), FakeRecoveryCodes::default(), Arc::default());
        Self { world, policy: MfaPolicy::Optional, totp, codes, seen }
    }

    /// With an app of Ann's, whose codes have not been used yet in this step; and her recovery codes.
    pub(crate) async fn with_app() -> (Self, App, Vec<String>) {
        let server = Self::with_ann().await;
        let (app, codes) = server.add_app().await;
        server.news();
        (server, app, codes)
    }

    /// With a passkey of Ann's.
    pub(crate) async fn with_passkey() -> (Self, Authenticator) {
        let server = Self::with_ann().await;
        let authenticator = server.add_passkey().await;
        server.news();
        (server, authenticator)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.world.clock.now()
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.world.clock.advance(TimeDelta::seconds(seconds));
    }

    pub(crate) async fn ann(&self) -> User {
        self.world.user(ANN).await.unwrap()
    }

    /// What was recorded since this was last asked.
    pub(crate) fn news(&self) -> Vec<AuditEvent> {
        let events = self.world.events();
        let seen = self.seen.swap(events.len(), Ordering::SeqCst);
        events.into_iter().skip(seen).collect()
    }

    pub(crate) fn told(&self) -> Vec<(&'static str, Option<&'static str>)> {
        told(&self.news())
    }

    /// How and when the bearer of an access token was authenticated.
    pub(crate) fn how(&self, access: &str) -> Authentication {
        FakeCodec::default().decode(TokenKind::Access, access, self.now()).unwrap().authentication.unwrap()
    }

    pub(crate) fn methods(&self, access: &str) -> String {
        self.how(access).methods.to_string()
    }

    pub(crate) async fn live(&self) -> Vec<Session> {
        self.world.store.live(self.ann().await.id, self.now(), 100).await.unwrap()
    }

    /// The caller's session as it is stored.
    pub(crate) async fn stored(&self, caller: &SignedIn) -> Session {
        SessionStore::find(&self.world.store, caller.session.id).await.unwrap().unwrap().0
    }

    /// Ann's factors and recovery codes.
    pub(crate) async fn list(&self) -> FactorList {
        FactorStore::list(&self.world.store, self.ann().await.id).await.unwrap()
    }

    pub(crate) async fn add_app(&self) -> (App, Vec<String>) {
        let caller = self.world.sign_in(ANN).await;
        let app = self.enrolled(&caller).await;
        let added = self.confirmed(&caller, &app).await;
        self.wait(30);
        (app, added.recovery_codes.into_iter().map(|code| code.0).collect())
    }

    pub(crate) async fn enrolled(&self, caller: &SignedIn) -> App {
        let Enrolment { id, secret } = self.enrol().execute(caller, None, &context()).await.unwrap();
        App { id, secret: secret.encrypted }
    }

    pub(crate) async fn confirmed(&self, caller: &SignedIn, app: &App) -> FactorAdded {
        self.confirm().execute(caller, app.id, &app.shows(self.now()), &context()).await.unwrap()
    }

    pub(crate) async fn add_passkey(&self) -> Authenticator {
        let caller = self.world.sign_in(ANN).await;
        let authenticator = Authenticator::of(&caller.user);
        self.registered(&caller, &authenticator).await;
        authenticator
    }

    pub(crate) async fn registered(&self, caller: &SignedIn, authenticator: &Authenticator) -> PasskeyAdded {
        let options = self.options().for_registration(caller).await.unwrap();
        let response = authenticator.registers(&options.challenge);
        self.register().execute(caller, &options.challenge_id, None, &response, &context()).await.unwrap()
    }

    /// What an authenticator answers to a new challenge.
    pub(crate) fn signed_by(&self, authenticator: &mut Authenticator) -> PasskeyAnswer {
        authenticator.signs(&self.options().for_authentication())
    }

    pub(crate) async fn first_step(&self) -> PendingLogin {
        match self.login().execute(&email(ANN), attempt(PASSWORD), &context()).await.unwrap() {
            LoggedIn::SecondFactorRequired(pending) => pending,
            LoggedIn::SignedIn(_) => panic!("a session before the second step"),
        }
    }

    pub(crate) async fn second_step(&self, token: &str, shown: Shown) -> Result<TokenPair, LoginWithFactorError> {
        self.login_factor().execute(token, shown, &context()).await
    }

    /// Both steps of a login.
    pub(crate) async fn logs_in(&self, shown: Shown) -> Result<TokenPair, LoginWithFactorError> {
        self.second_step(&self.first_step().await.token, shown).await
    }

    pub(crate) fn issuer(&self) -> Issuer {
        Issuer { ids: Arc::new(Fresh), mfa: self.policy, ..issuer() }
    }

    pub(crate) fn begin(&self) -> BeginSession {
        BeginSession { issuer: self.issuer(), ..self.world.begin() }
    }

    pub(crate) fn login(&self) -> Login {
        let second_step = AskForFactor { policy: self.policy, ..second_step() };
        Login { begin: self.begin(), second_step, ..self.world.login() }
    }

    pub(crate) fn login_factor(&self) -> LoginWithFactor {
        let (tokens, clock) = (Arc::new(FakeOneTimeTokens::default()), Arc::new(self.world.clock.clone()));
        LoginWithFactor { judge: self.judge(), begin: self.begin(), tokens, clock }
    }

    pub(crate) fn login_passkey(&self) -> LoginWithPasskey {
        let clock = Arc::new(self.world.clock.clone());
        LoginWithPasskey { passkeys: self.assert(), begin: self.begin(), clock, unverified: None }
    }

    pub(crate) fn judge(&self) -> JudgeSecondFactor {
        JudgeSecondFactor {
            steps: Arc::new(self.world.store.clone()),
            totp: Some(Arc::new(self.totp.clone())),
            recovery_codes: Arc::new(self.codes.clone()),
            passkeys: Some(self.assert()),
            audit: Arc::new(self.world.audit.clone()),
            clock: Arc::new(self.world.clock.clone()),
        }
    }

    pub(crate) fn assert(&self) -> AssertPasskey {
        AssertPasskey {
            relying_party: Arc::new(PlainRelyingParty),
            passkeys: Arc::new(self.world.store.clone()),
            tokens: Arc::new(FakeOneTimeTokens::default()),
            steps: Arc::new(self.world.store.clone()),
            writer: writer(),
            audit: Arc::new(self.world.audit.clone()),
            clock: Arc::new(self.world.clock.clone()),
        }
    }

    pub(crate) fn demand(&self) -> DemandFresh {
        DemandFresh { clock: Arc::new(self.world.clock.clone()), window: TimeDelta::minutes(10), mfa: self.policy }
    }

    pub(crate) fn reauthenticate(&self) -> Reauthenticate {
        Reauthenticate {
            proof: self.world.verifier(),
            judge: self.judge(),
            demand: self.demand(),
            sessions: Arc::new(self.world.store.clone()),
            issuer: self.issuer(),
            writer: writer(),
            audit: Arc::new(self.world.audit.clone()),
            clock: Arc::new(self.world.clock.clone()),
        }
    }

    pub(crate) fn enrol(&self) -> EnrolTotp {
        let (audit, clock) = (Arc::new(self.world.audit.clone()), Arc::new(self.world.clock.clone()));
        let (factors, codec) = (Arc::new(self.world.store.clone()), Arc::new(self.totp.clone()));
        EnrolTotp { factors, codec, ids: Arc::new(Fresh), audit, clock }
    }

    pub(crate) fn add(&self) -> AddFactor {
        let (audit, clock) = (Arc::new(self.world.audit.clone()), Arc::new(self.world.clock.clone()));
        AddFactor { recovery_codes: Arc::new(self.codes.clone()), issuer: self.issuer(), writer: writer(), audit, clock }
    }

    pub(crate) fn confirm(&self) -> ConfirmTotp {
        let (factors, codec) = (Arc::new(self.world.store.clone()), Arc::new(self.totp.clone()));
        ConfirmTotp { factors, codec, add: self.add() }
    }

    pub(crate) fn options(&self) -> PasskeyOptions {
        let (tokens, ids, clock) = (Arc::new(FakeOneTimeTokens::default()), Arc::new(Fresh), Arc::new(self.world.clock.clone()));
        let (relying_party, passkeys) = (Arc::new(PlainRelyingParty), Arc::new(self.world.store.clone()));
        PasskeyOptions { relying_party, passkeys, tokens, ids, clock, app_name: "Example".to_owned() }
    }

    pub(crate) fn register(&self) -> RegisterPasskey {
        let (factors, steps) = (Arc::new(self.world.store.clone()), Arc::new(self.world.store.clone()));
        let (relying_party, tokens) = (Arc::new(PlainRelyingParty), Arc::new(FakeOneTimeTokens::default()));
        RegisterPasskey { relying_party, factors, tokens, steps, ids: Arc::new(Fresh), add: self.add() }
    }
}

pub(crate) fn code(text: impl Into<String>) -> Shown {
    Shown::Code(text.into())
}

/// A code that no app of these tests shows now.
pub(crate) fn wrong_code() -> Shown {
    code("000000")
}

/// The methods of each event.
pub(crate) fn methods_of(events: &[AuditEvent]) -> Vec<(&'static str, Vec<Method>)> {
    events.iter().map(|event| (event.kind.name(), event.methods.clone())).collect()
}
