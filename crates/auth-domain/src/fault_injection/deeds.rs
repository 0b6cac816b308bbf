//! Everything the service does, as one asks for it from outside.

use super::{
    keys::KeyDeed,
    resource_servers::{introspect, to_a_client},
    world::{Fresh, Refusal, World, origin},
};
use crate::{
    accounts::{
        admin::{CreateUser, Govern, Measure, OperateError, SetPassword},
        change_password::{ChangePassword, ChangePasswordError},
        delete::{DeleteAccount, DeleteAccountError},
        import::{Activity, Candidate, ImportUsers, Run},
        ports::UserStore,
    },
    identity::{ids::SessionId, port_error::PortError, user::User},
    oauth::{authenticate_client::AuthenticateClientError, clients::ClientError, revoke::Revoke},
    sessions::{
        authenticate::{AuthenticateError, SignedIn},
        end::{EndSession, EndSessionError},
        list::ListSessions,
        logout::{Logout, LogoutScope},
        refresh::RefreshError,
    },
    sign_in::{
        login::{Login, LoginError},
        register::{Register, RegisterError},
    },
    signing_keys::operate::{OperateKeysError, Revocation},
    testkit::{
        FakeCodec, PlainHasher,
        samples::{OTHER_PASSWORD, PASSWORD, attempt, email, hash, id, new_password},
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Register(&'static str),
    /// Whether the hash is of a lower cost than new ones.
    Login {
        address: &'static str,
        password: &'static str,
        outdated: bool,
    },
    /// The generation of the token.
    Refresh(i64),
    /// The generation of the token.
    Revoke(i64),
    CreateUser(&'static str),
    Import(&'static str),
    SetPassword,
    Govern(Measure),
    Prune,
    /// By the client with this secret; the generation of the token.
    Introspect(&'static str, i64),
    AddClient,
    RotateClient,
    RemoveClient,
    WithKeys(KeyDeed),
    SignedIn(Own),
}

/// What one does with an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    Me,
    Logout(LogoutScope),
    ListSessions,
    EndTheOtherSession,
    EndNoSession,
    ChangePassword { current: &'static str, new: &'static str },
    Leave(&'static str),
}

/// A deed and the "no" it meets: none is "".
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) deed: Deed,
    no: &'static str,
    /// When it was done before, and nobody heard.
    no_again: &'static str,
}

const NEW: &str = "new@example.org";
const ANN: &str = "ann@example.org";
const TAKEN: &str = "the address has an account already";
const INVALID: &str = "the token is not valid";
const CHANGED: &str = "the keys were changed meanwhile; try again";
const OUT_OF_USE: &str = "the key signs no more, and its tokens count until they expire; --compromised has them refused";

const fn case(deed: Deed, no: &'static str, no_again: &'static str) -> Case {
    Case { deed, no, no_again }
}

const fn own(own: Own, no: &'static str, no_again: &'static str) -> Case {
    case(Deed::SignedIn(own), no, no_again)
}

const fn keys(deed: KeyDeed, no: &'static str, no_again: &'static str) -> Case {
    case(Deed::WithKeys(deed), no, no_again)
}

const fn login_as(address: &'static str, password: &'static str, outdated: bool) -> Deed {
    Deed::Login { address, password, outdated }
}

pub(crate) const CASES: [Case; 54] = [
    case(Deed::Register(NEW), "", TAKEN),
    case(Deed::Register(ANN), TAKEN, TAKEN),
    case(login_as(ANN, PASSWORD, false), "", ""),
    case(login_as(ANN, PASSWORD, true), "", ""),
    case(login_as(ANN, OTHER_PASSWORD, false), "invalid credentials", ""),
    case(login_as("nobody@example.org", PASSWORD, false), "invalid credentials", ""),
    case(login_as("dan@example.org", PASSWORD, false), "invalid credentials", ""),
    case(Deed::Refresh(3), "", ""),
    case(Deed::Refresh(2), "", ""),
    // Once its session has ended, a spent token is as dead as every other of it.
    case(Deed::Refresh(1), "the refresh token was already used", INVALID),
    case(Deed::Refresh(5), INVALID, ""),
    case(Deed::Revoke(3), "", ""),
    case(Deed::Revoke(1), "", ""),
    case(Deed::Revoke(5), "", ""),
    case(Deed::CreateUser(NEW), "", TAKEN),
    case(Deed::CreateUser(ANN), TAKEN, TAKEN),
    case(Deed::Import(NEW), "", ""),
    case(Deed::SetPassword, "", ""),
    case(Deed::Govern(Measure::Disable), "", ""),
    case(Deed::Govern(Measure::Enable), "", ""),
    case(Deed::Govern(Measure::EndSessions), "", ""),
    case(Deed::Govern(Measure::Delete), "", "there is no such account"),
    case(Deed::Prune, "", ""),
    case(Deed::Introspect("orders", 3), "", ""),
    case(Deed::Introspect("orders", 1), "not active", ""),
    case(Deed::Introspect("wrong", 3), "the client is unknown, or the secret is not its own", ""),
    case(Deed::AddClient, "", ""),
    case(Deed::RotateClient, "", ""),
    case(Deed::RemoveClient, "", "there is no such client"),
    keys(KeyDeed::SealAnew, "", ""),
    keys(KeyDeed::ChangeAlgorithm, "", ""),
    keys(KeyDeed::ReturnToTheSecret, "", ""),
    keys(KeyDeed::Attend, "", ""),
    keys(KeyDeed::AttendWhenDue, "", ""),
    keys(KeyDeed::Rotate, "", ""),
    keys(KeyDeed::Import, "", "the key is there already"),
    keys(KeyDeed::Revoke(3, Revocation::Orderly), "", CHANGED),
    keys(KeyDeed::Revoke(3, Revocation::Compromised), "", CHANGED),
    keys(KeyDeed::Revoke(2, Revocation::Compromised), "", CHANGED),
    keys(KeyDeed::Revoke(2, Revocation::Orderly), OUT_OF_USE, ""),
    keys(KeyDeed::Revoke(9, Revocation::Orderly), "there is no such key", ""),
    keys(KeyDeed::List, "", ""),
    own(Own::Me, "", ""),
    own(Own::Logout(LogoutScope::Local), "", INVALID),
    own(Own::Logout(LogoutScope::Others), "", ""),
    own(Own::Logout(LogoutScope::All), "", INVALID),
    own(Own::ListSessions, "", ""),
    own(Own::EndTheOtherSession, "", "no such session"),
    own(Own::EndNoSession, "no such session", ""),
    own(Own::ChangePassword { current: PASSWORD, new: OTHER_PASSWORD }, "", "the current password is wrong"),
    own(Own::ChangePassword { current: OTHER_PASSWORD, new: OTHER_PASSWORD }, "the current password is wrong", ""),
    own(Own::ChangePassword { current: PASSWORD, new: PASSWORD }, "the new password is the current one", ""),
    own(Own::Leave(PASSWORD), "", INVALID),
    own(Own::Leave(OTHER_PASSWORD), "the password is wrong", ""),
];

/// Puts each error of a use case on one side or the other.
macro_rules! sorted {
    ($($error:ident),+) => {$(
        impl From<$error> for Refusal {
            fn from(error: $error) -> Self {
                if let $error::Port(error) = error { error.into() } else { Self::No(error.to_string()) }
            }
        }
    )+};
}

sorted!(AuthenticateError, ChangePasswordError, DeleteAccountError, EndSessionError, LoginError, OperateError, RefreshError);
sorted!(AuthenticateClientError, ClientError, OperateKeysError, RegisterError);

impl From<PortError> for Refusal {
    fn from(error: PortError) -> Self {
        if matches!(error, PortError::Unavailable(_) | PortError::Unknown(_)) {
            Self::Outage
        } else {
            Self::No(error.to_string())
        }
    }
}

fn as_told(no: &str) -> Result<(), Refusal> {
    if no.is_empty() { Ok(()) } else { Err(Refusal::No(no.to_owned())) }
}

impl Case {
    pub(crate) fn outcome(self) -> Result<(), Refusal> {
        as_told(self.no)
    }

    pub(crate) fn outcome_again(self) -> Result<(), Refusal> {
        as_told(self.no_again)
    }

    /// A login whose answer was lost leaves a session that nobody holds, until it expires or makes room.
    pub(crate) fn begins_a_session(self) -> bool {
        matches!(self.deed, Deed::Login { .. } | Deed::Register(_))
    }

    /// A rotation whose answer was lost leaves a key, and the next one makes another.
    pub(crate) fn makes_a_key(self) -> bool {
        self.deed == Deed::WithKeys(KeyDeed::Rotate)
    }

    /// Whether an outage may leave it half done, until it is asked for again.
    pub(crate) fn takes_steps(self) -> bool {
        matches!(self.deed, Deed::WithKeys(deed) if deed.takes_steps())
    }
}

impl Deed {
    pub(crate) async fn perform(self, world: &World) -> Result<(), Refusal> {
        match self {
            Self::Register(address) => register(world, address).await,
            Self::Login { address, password, outdated } => {
                let hasher = PlainHasher::of_cost(if outdated { 11 } else { 10 });
                let login = Login { hasher: world.flaky(hasher), ..world.login() };
                done(login.execute(&email(address), attempt(password), &origin()).await)
            }
            Self::Refresh(generation) => done(world.refresh().execute(&world.refresh_token(generation), &origin()).await),
            Self::Revoke(generation) => revoke(world, generation).await,
            Self::CreateUser(address) => create(world, address).await,
            Self::Import(address) => import(world, address).await,
            Self::SetPassword => {
                let (users, hasher, user) = (world.kept(), world.hasher(), the_user(world, ANN).await?);
                let set = SetPassword { users, hasher, audit: world.audit(), clock: world.clock() };
                done(set.execute(&user, new_password(OTHER_PASSWORD), &origin()).await)
            }
            Self::Govern(measure) => govern(world, measure).await,
            Self::Prune => done(world.prune().execute().await),
            Self::Introspect(secret, generation) => introspect(world, secret, generation).await,
            Self::AddClient | Self::RotateClient | Self::RemoveClient => to_a_client(self, world).await,
            Self::WithKeys(deed) => deed.perform(world).await,
            Self::SignedIn(own) => {
                // As a request does: who asks is found out each time.
                let caller = world.authenticate().execute(&world.own_access_token()).await?;
                own.perform(&caller, world).await
            }
        }
    }
}

impl Own {
    async fn perform(self, caller: &SignedIn, world: &World) -> Result<(), Refusal> {
        match self {
            Self::Me => Ok(()),
            Self::Logout(scope) => {
                let logout = Logout { sessions: world.kept(), audit: world.audit(), clock: world.clock() };
                done(logout.execute(caller, scope, &origin()).await)
            }
            Self::ListSessions => done(ListSessions { sessions: world.kept(), clock: world.clock() }.execute(caller, 50).await),
            Self::EndTheOtherSession => end(caller, world, world.other()).await,
            Self::EndNoSession => end(caller, world, SessionId(id())).await,
            Self::ChangePassword { current, new } => {
                let (users, hasher) = (world.kept(), world.hasher());
                let (proof, audit, clock) = (world.proof(), world.audit(), world.clock());
                let change = ChangePassword { users, hasher, proof, audit, clock };
                done(change.execute(caller, attempt(current), new_password(new), &origin()).await)
            }
            Self::Leave(password) => {
                let (users, proof) = (world.kept(), world.proof());
                let leave = DeleteAccount { users, proof, audit: world.audit(), clock: world.clock() };
                done(leave.execute(caller, attempt(password), &origin()).await)
            }
        }
    }
}

pub(crate) fn done<T, E: Into<Refusal>>(outcome: Result<T, E>) -> Result<(), Refusal> {
    outcome.map(drop).map_err(Into::into)
}

async fn register(world: &World, address: &str) -> Result<(), Refusal> {
    let (users, hasher, issuer) = (world.kept(), world.hasher(), world.issuer());
    let register = Register { users, hasher, issuer, audit: world.audit(), clock: world.clock() };
    done(register.execute(email(address), new_password(PASSWORD), &origin()).await)
}

async fn revoke(world: &World, generation: i64) -> Result<(), Refusal> {
    let codec = world.flaky(FakeCodec::default());
    let revoke = Revoke { codec, sessions: world.kept(), audit: world.audit(), clock: world.clock() };
    done(revoke.execute(&world.refresh_token(generation), &origin()).await)
}

async fn end(caller: &SignedIn, world: &World, session: SessionId) -> Result<(), Refusal> {
    let end = EndSession { sessions: world.kept(), audit: world.audit(), clock: world.clock() };
    done(end.execute(caller, session, &origin()).await)
}

async fn create(world: &World, address: &str) -> Result<(), Refusal> {
    let (users, hasher, ids) = (world.kept(), world.hasher(), std::sync::Arc::new(Fresh));
    let create = CreateUser { users, hasher, ids, audit: world.audit(), clock: world.clock() };
    done(create.execute(email(address), new_password(PASSWORD), &origin()).await)
}

async fn import(world: &World, address: &str) -> Result<(), Refusal> {
    let (users, hasher, ids) = (world.kept(), world.hasher(), std::sync::Arc::new(Fresh));
    let import = ImportUsers { users, hasher, ids, audit: world.audit(), clock: world.clock() };
    let (number, email, created_at) = ("1".to_owned(), address.to_owned(), Ok(None));
    let candidate = Candidate { number, email, password: hash(PASSWORD), activity: Activity::Active, created_at };
    done(import.execute(&[candidate], Run::Real, &origin()).await)
}

/// As the command looks them up.
async fn the_user(world: &World, address: &str) -> Result<User, Refusal> {
    let found = world.kept().find_by_email(&email(address)).await?;
    found.ok_or_else(|| OperateError::NoSuchUser.into())
}

async fn govern(world: &World, measure: Measure) -> Result<(), Refusal> {
    let address = if measure == Measure::Enable { "dan@example.org" } else { "ann@example.org" };
    let user = the_user(world, address).await?;
    let (users, directory, sessions) = (world.kept(), world.kept(), world.kept());
    let govern = Govern { users, directory, sessions, audit: world.audit(), clock: world.clock() };
    done(govern.execute(measure, &user, &origin()).await)
}
