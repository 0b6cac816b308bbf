//! What second factors are shown for, and what is done to them.

use super::{
    actions::done,
    fixture::{Fixture, Refusal, context, right},
};
use crate::{
    accounts::ports::UserStore,
    factors::passkey::CredentialId,
    identity::{clock::Clock, method::Method},
    mfa::{
        add::AddFactor, confirm_totp::ConfirmTotp, enrol_totp::EnrolTotp, list::ListFactors, ports::FactorStore,
        reencrypt::ReencryptSecrets, remove::RemoveFactor, rename::RenameFactor, replace_recovery_codes::ReplaceRecoveryCodes,
        reset::ResetFactors, start_up::FindStoredFactors,
    },
    passkeys::{
        assert::{AssertPasskey, PasskeyAnswer},
        options::PasskeyOptions,
        ports::PasskeyStore,
        register::RegisterPasskey,
    },
    sessions::{
        authenticate::SignedIn,
        authentication::Authentication,
        ports::{Begun, SessionStore},
        session::Session,
    },
    sign_in::{
        begin::{BeginSession, NoticeOfNetwork},
        login::LoggedIn,
        login_factor::LoginWithFactor,
        login_passkey::LoginWithPasskey,
        reauthenticate::Reauthenticate,
        second_factor::{JudgeSecondFactor, Shown},
    },
    testing::{
        factors::{App, Authenticator, Server, code, wrong_code},
        mail::{World, writer},
        no_mail,
    },
    testkit::{
        FakeTotp, MemoryStore,
        samples::{PASSWORD, after, attempt, email, operator, session_from, user},
    },
};

const FAY: &str = "fay@example.org";

/// What somebody shows who was asked for a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    Code,
    WrongCode,
    RecoveryCode,
    Passkey,
    WrongPasskey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FactorAction {
    /// Both steps.
    Login(Shows),
    LoginWithPasskey,
    Reset,
    Reencrypt,
    StartUp,
    SignedIn(OwnFactor),
}

/// What Fay does with an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnFactor {
    Reauthenticate(Shows),
    ReauthenticateByPassword,
    List,
    Enrol,
    /// Whether by the right code.
    Confirm(bool),
    Rename,
    Remove,
    ReplaceCodes,
    AskForOptions,
    AddPasskey,
}

/// Fay's: an app, a passkey, an app that waits for its first code, nine recovery codes, and a session.
pub(crate) struct Factors {
    session: Session,
    app: App,
    waiting: App,
    authenticator: Authenticator,
    /// One that she has not registered yet.
    other: Authenticator,
    codes: Vec<String>,
}

/// What can be seen of Fay's factors. How many codes were tried is nobody's loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenFactors {
    named: Vec<(Method, String)>,
    codes_left: usize,
    /// The names of the keys of all secrets, those of apps that wait included.
    encrypted_with: Vec<String>,
    /// Where it lives.
    session: Option<Authentication>,
}

impl Factors {
    pub(crate) async fn kept(store: &MemoryStore, later: i64) -> Self {
        let server = Server::over(World { store: store.clone(), ..World::default() });
        server.world.clock.set(after(later - 3600));
        let fay = server.world.keep(user(FAY)).await;
        let session = session_from(&fay, later - 3600);
        let begun = store.begin(&session, fay.version(), 50, None).await.unwrap();
        assert_eq!(begun, Begun::Yes { displaced: Vec::new() });
        let caller = || async {
            let (session, user) = SessionStore::find(store, session.id).await.unwrap().unwrap();
            SignedIn { user, session }
        };
        let app = server.enrolled(&caller().await).await;
        let codes: Vec<_> = server.confirmed(&caller().await, &app).await.recovery_codes.into_iter().map(|code| code.0).collect();
        let used = server.reauthenticate().by_factor(&caller().await, code(&codes[9]), &context()).await;
        assert!(used.is_ok());
        let authenticator = Authenticator::of(&fay);
        server.registered(&caller().await, &authenticator).await;
        let waiting = server.enrolled(&caller().await).await;
        let session = caller().await.session;
        Self { session, app, waiting, authenticator, other: Authenticator::of(&fay), codes }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }
}

impl SeenFactors {
    pub(crate) async fn of(fixture: &Fixture) -> Self {
        let store = &fixture.store;
        let session = &fixture.factors.session;
        let list = FactorStore::list(store, session.user).await.unwrap();
        let secrets = store.secrets(None, 100).await.unwrap();
        let (kept, _) = SessionStore::find(store, session.id).await.unwrap().unwrap();
        Self {
            named: list.factors.iter().map(|factor| (factor.method, factor.name.to_string())).collect(),
            codes_left: list.recovery_codes_left,
            encrypted_with: secrets.into_iter().map(|stored| stored.secret.with).collect(),
            session: kept.is_live(fixture.clock.now()).then_some(kept.authentication),
        }
    }
}

impl Fixture {
    /// Without a fuse.
    fn server(&self) -> Server {
        Server::over(self.world())
    }

    fn assert(&self) -> AssertPasskey {
        AssertPasskey { passkeys: self.kept(), steps: self.kept(), ..self.server().assert() }
    }

    fn judge(&self) -> JudgeSecondFactor {
        let totp = self.flaky(FakeTotp::default());
        JudgeSecondFactor { steps: self.kept(), totp: Some(totp), passkeys: Some(self.assert()), ..self.server().judge() }
    }

    fn begin_and_tell(&self) -> BeginSession {
        let notices = Some(NoticeOfNetwork { networks: self.kept(), writer: writer() });
        BeginSession { notices, ..self.begin() }
    }

    fn add(&self) -> AddFactor {
        let recovery_codes = self.flaky(self.server().codes);
        AddFactor { recovery_codes, issuer: self.issuer(), ..self.server().add() }
    }

    fn options(&self) -> PasskeyOptions {
        PasskeyOptions { passkeys: self.kept(), ..self.server().options() }
    }

    /// By Fay's authenticator, which counts on from what is stored.
    async fn answer(&self) -> PasskeyAnswer {
        let known = &self.factors.authenticator;
        let found = PasskeyStore::find(&self.store, &CredentialId::new(known.id.clone()).unwrap()).await.unwrap();
        let counter = found.map_or(known.counter, |(passkey, _)| passkey.credential.counter);
        Authenticator { counter, ..known.clone() }.signs(&self.server().options().for_authentication())
    }

    async fn shown(&self, shows: Shows) -> Shown {
        match shows {
            Shows::Code => code(self.factors.app.shows(self.clock.now())),
            Shows::WrongCode => wrong_code(),
            Shows::RecoveryCode => code(&self.factors.codes[0]),
            Shows::Passkey => Shown::Passkey(self.answer().await),
            Shows::WrongPasskey => {
                let mut answer = self.answer().await;
                answer.response.signature.clear();
                Shown::Passkey(answer)
            }
        }
    }

    async fn login_by(&self, shows: Shows) -> Result<(), Refusal> {
        let LoggedIn::SecondFactorRequired(pending) = self.login().execute(&email(FAY), right(), &context()).await? else {
            panic!("a session before the second step")
        };
        let (judge, begin) = (self.judge(), self.begin_and_tell());
        let login = LoginWithFactor { judge, begin, ..self.server().login_factor() };
        done(login.execute(&pending.token, self.shown(shows).await, &context()).await)
    }

    async fn fays_access_token(&self) -> String {
        let session = &self.factors.session;
        let (_, fay) = SessionStore::find(&self.store, session.id).await.unwrap().unwrap();
        self.server().issuer().access(session, &fay, self.clock.now()).unwrap().token
    }

    fn again(&self) -> Reauthenticate {
        let (proof, judge, sessions, issuer) = (self.proof(), self.judge(), self.kept(), self.issuer());
        Reauthenticate { proof, judge, sessions, issuer, ..self.server().reauthenticate() }
    }
}

impl FactorAction {
    /// Whether a login whose answer was lost leaves a session.
    pub(crate) fn begins_a_session(self) -> bool {
        matches!(self, Self::Login(Shows::Code | Shows::RecoveryCode | Shows::Passkey) | Self::LoginWithPasskey)
    }

    /// Whether an outage may come between two secrets. Asked again, it does the rest.
    pub(crate) fn takes_steps(self) -> bool {
        self == Self::Reencrypt
    }

    pub(crate) async fn perform(self, fixture: &Fixture) -> Result<(), Refusal> {
        match self {
            Self::Login(shows) => fixture.login_by(shows).await,
            Self::LoginWithPasskey => {
                let (passkeys, begin) = (fixture.assert(), fixture.begin_and_tell());
                let login = LoginWithPasskey { passkeys, begin, ..fixture.server().login_passkey() };
                done(login.execute(&fixture.answer().await, &context()).await)
            }
            Self::Reset => {
                let fay = UserStore::find_by_email(&*fixture.kept(), &email(FAY)).await?.unwrap();
                let (factors, audit, clock) = (fixture.kept(), fixture.audit(), fixture.clock());
                // Asked for twice, its owner would be told twice.
                let reset = ResetFactors { factors, writer: no_mail(), audit, clock, with_factor: false };
                done(reset.execute(&fay, false, &operator()).await)
            }
            Self::Reencrypt => {
                let codec = fixture.flaky(FakeTotp::with_keys(&["b", "a"]));
                done(ReencryptSecrets { factors: fixture.kept(), codec }.execute().await)
            }
            Self::StartUp => done(FindStoredFactors { factors: fixture.kept() }.execute().await),
            Self::SignedIn(own) => {
                // As a request does: who asks is found out each time.
                let caller = fixture.authenticate().execute(&fixture.fays_access_token().await).await?;
                own.perform(&caller, fixture).await
            }
        }
    }
}

impl OwnFactor {
    async fn perform(self, caller: &SignedIn, fixture: &Fixture) -> Result<(), Refusal> {
        let (server, factors) = (fixture.server(), fixture.kept());
        let (audit, clock) = (fixture.audit(), fixture.clock());
        let (app, waiting) = (&fixture.factors.app, &fixture.factors.waiting);
        match self {
            Self::Reauthenticate(shows) => done(fixture.again().by_factor(caller, fixture.shown(shows).await, &context()).await),
            Self::ReauthenticateByPassword => done(fixture.again().by_password(caller, attempt(PASSWORD), &context()).await),
            Self::Enrol => {
                let codec = fixture.flaky(FakeTotp::default());
                done(EnrolTotp { factors, codec, ..server.enrol() }.execute(caller, None, &context()).await)
            }
            Self::Confirm(is_right) => {
                let (codec, add) = (fixture.flaky(FakeTotp::default()), fixture.add());
                let shown = if is_right { waiting.shows(fixture.clock.now()) } else { "000000".to_owned() };
                done(ConfirmTotp { factors, codec, add }.execute(caller, waiting.id, &shown, &context()).await)
            }
            Self::Rename => {
                let rename = RenameFactor { factors, audit, clock };
                done(rename.execute(caller, app.id, "My phone".parse().unwrap(), &context()).await)
            }
            Self::Remove => {
                let (policy, writer) = (server.policy, writer());
                let remove = RemoveFactor { factors, policy, writer, audit, clock, with_factor: true };
                done(remove.execute(caller, app.id, &context()).await)
            }
            Self::ReplaceCodes => {
                let recovery_codes = fixture.flaky(server.codes);
                let replace = ReplaceRecoveryCodes { factors, recovery_codes, writer: no_mail(), audit, clock };
                done(replace.execute(caller, &context()).await)
            }
            Self::AskForOptions => done(fixture.options().for_registration(caller).await),
            Self::AddPasskey => {
                let options = server.options().for_registration(caller).await?;
                let response = fixture.factors.other.registers(&options.challenge);
                let register = RegisterPasskey { factors, steps: fixture.kept(), add: fixture.add(), ..server.register() };
                done(register.execute(caller, &options.challenge_id, None, &response, &context()).await)
            }
            Self::List => done(ListFactors { factors }.execute(caller.user.id).await),
        }
    }
}
