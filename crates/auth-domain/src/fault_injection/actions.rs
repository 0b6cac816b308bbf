//! Everything the service does, as one asks for it from outside.

use super::{
    factors::{FactorAction, OwnFactor, Shows},
    fixture::{Fixture, Refusal, context},
    keys::KeyAction,
    mail::{By, MailAction},
    resource_servers::{client_tokens, introspect, issue, to_a_client},
};
use crate::{
    accounts::{
        change_password::{ChangePassword, ChangePasswordError},
        delete::{DeleteAccount, DeleteAccountError},
        ports::UserStore,
    },
    admin::{
        AdminError,
        create_user::CreateUser,
        delete_user::DeleteUser,
        edit_user::EditUser,
        end_sessions::EndSessions,
        import::{Candidate, ImportUsers, Mode},
        set_password::SetPassword,
        transfer::Arrival,
    },
    identity::{editable::Editable, ids::SessionId, port_error::PortError, role::Roles, user::User},
    mailbox::{
        confirm_change::ConfirmEmailChangeError, present::PresentError, request_change::RequestEmailChangeError,
        reset::ResetPasswordError, verify::VerifyEmailError,
    },
    mfa::{
        confirm_totp::ConfirmTotpError, enrol_totp::EnrolTotpError, remove::RemoveFactorError, rename::RenameFactorError,
        replace_recovery_codes::ReplaceRecoveryCodesError,
    },
    oauth::{
        authenticate_client::AuthenticateClientError, clients::ClientError, issue_client_token::IssueClientTokenError,
        revoke::Revoke,
    },
    passkeys::{options::PasskeyOptionsError, register::RegisterPasskeyError},
    sessions::{
        authenticate::{AuthenticateError, SignedIn},
        end::{EndSession, EndSessionError},
        list::ListSessions,
        logout::{Logout, LogoutScope},
        refresh::RefreshError,
    },
    sign_in::{
        login::{Login, LoginError},
        login_factor::LoginWithFactorError,
        login_passkey::LoginWithPasskeyError,
        prove::Prove,
        reauthenticate::{Reauthenticate, ReauthenticateError},
        register::{Register, RegisterError, Verification},
    },
    signing_keys::{plan::Revocation, writer::ChangeKeysError},
    testing::{Fresh, demand_fresh, idle_judge, no_mail},
    testkit::{
        FakeCodec, PlainHasher,
        samples::{OTHER_PASSWORD, PASSWORD, attempt, email, hash, id, new_password, operator},
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
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
    DisableUser,
    EnableUser,
    MoveUser,
    DescribeUser,
    /// The only administrator.
    DemoteUser,
    EndSessions,
    DeleteUser,
    Prune,
    /// By the client with this secret; the generation of the token.
    Introspect(&'static str, i64),
    AddClient,
    RotateClient,
    SetClientScopes,
    /// A client's own token, once it has proved who it is.
    IssueClientToken,
    RemoveClient,
    WithKeys(KeyAction),
    WithMail(MailAction),
    WithFactors(FactorAction),
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
    Reauthenticate(&'static str),
    Leave(&'static str),
}

/// A action and the "no" it meets: none is "".
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) action: Action,
    no: &'static str,
    /// When it was done before, and nobody heard.
    no_again: &'static str,
}

const NEW: &str = "new@example.org";
const ANN: &str = "ann@example.org";
const TAKEN: &str = "the address has an account already";
const INVALID: &str = "the token is not valid";
const NO_FACTOR: &str = "the second factor is refused";
const CHANGED: &str = "the keys were changed meanwhile; try again";
const NO_PROOF: &str = "the proof is not good";
const OUT_OF_USE: &str = "the key signs no more, and its tokens count until they expire";

const fn case(action: Action, no: &'static str, no_again: &'static str) -> Case {
    Case { action, no, no_again }
}

const fn own(own: Own, no: &'static str, no_again: &'static str) -> Case {
    case(Action::SignedIn(own), no, no_again)
}

const fn keys(action: KeyAction, no: &'static str, no_again: &'static str) -> Case {
    case(Action::WithKeys(action), no, no_again)
}

const fn mail(action: MailAction, no: &'static str, no_again: &'static str) -> Case {
    case(Action::WithMail(action), no, no_again)
}

const fn factors(action: FactorAction, no: &'static str, no_again: &'static str) -> Case {
    case(Action::WithFactors(action), no, no_again)
}

const fn own_factor(own: OwnFactor, no: &'static str, no_again: &'static str) -> Case {
    factors(FactorAction::SignedIn(own), no, no_again)
}

const fn login_as(address: &'static str, password: &'static str, outdated: bool) -> Action {
    Action::Login { address, password, outdated }
}

pub(crate) const CASES: [Case; 112] = [
    case(Action::Register(NEW), "", TAKEN),
    case(Action::Register(ANN), TAKEN, TAKEN),
    case(login_as(ANN, PASSWORD, false), "", ""),
    case(login_as(ANN, PASSWORD, true), "", ""),
    case(login_as(ANN, OTHER_PASSWORD, false), "invalid credentials", ""),
    case(login_as("nobody@example.org", PASSWORD, false), "invalid credentials", ""),
    case(login_as("dan@example.org", PASSWORD, false), "invalid credentials", ""),
    case(Action::Refresh(3), "", ""),
    case(Action::Refresh(2), "", ""),
    // Once its session has ended, a spent token is as dead as every other of it.
    case(Action::Refresh(1), "the refresh token was already used", INVALID),
    case(Action::Refresh(5), INVALID, ""),
    case(Action::Revoke(3), "", ""),
    case(Action::Revoke(1), "", ""),
    case(Action::Revoke(5), "", ""),
    case(Action::CreateUser(NEW), "", TAKEN),
    case(Action::CreateUser(ANN), TAKEN, TAKEN),
    case(Action::Import(NEW), "", ""),
    case(Action::SetPassword, "", ""),
    case(Action::DisableUser, "", ""),
    case(Action::EnableUser, "", ""),
    case(Action::MoveUser, "", ""),
    case(Action::DescribeUser, "", ""),
    case(Action::DemoteUser, "it is the last account that can administer the others", ""),
    case(Action::EndSessions, "", ""),
    case(Action::DeleteUser, "", "there is no such account"),
    case(Action::Prune, "", ""),
    case(Action::Introspect("orders", 3), "", ""),
    case(Action::Introspect("orders", 1), "not active", ""),
    case(Action::Introspect("wrong", 3), "the client is unknown, or the secret is not its own", ""),
    case(Action::AddClient, "", ""),
    case(Action::RotateClient, "", ""),
    case(Action::SetClientScopes, "", ""),
    case(Action::IssueClientToken, "", ""),
    case(Action::RemoveClient, "", "there is no such client"),
    keys(KeyAction::Reencrypt, "", ""),
    keys(KeyAction::ChangeAlgorithm, "", ""),
    keys(KeyAction::ReturnToTheSecret, "", ""),
    keys(KeyAction::Maintain, "", ""),
    keys(KeyAction::MaintainWhenDue, "", ""),
    keys(KeyAction::Rotate, "", ""),
    keys(KeyAction::Import, "", "the key is there already"),
    keys(KeyAction::Revoke(3, Revocation::Orderly), "", CHANGED),
    keys(KeyAction::Revoke(3, Revocation::Compromised), "", CHANGED),
    keys(KeyAction::Revoke(2, Revocation::Compromised), "", CHANGED),
    keys(KeyAction::Revoke(2, Revocation::Orderly), OUT_OF_USE, ""),
    keys(KeyAction::Revoke(9, Revocation::Orderly), "there is no such key", ""),
    keys(KeyAction::List, "", ""),
    // Asked for twice, there is one mail, and the answer is the same.
    mail(MailAction::AskToVerify(ANN), "", ""),
    mail(MailAction::AskToVerify(NEW), "", ""),
    mail(MailAction::AskToReset(ANN), "", ""),
    mail(MailAction::AskToReset(NEW), "", ""),
    mail(MailAction::Register(ANN), "", ""),
    mail(MailAction::Register(NEW), "", ""),
    mail(MailAction::LoginUnverified, "the address is not verified", "the address is not verified"),
    mail(MailAction::LoginFromAway, "", ""),
    mail(MailAction::Verify(By::Token, PASSWORD), "", NO_PROOF),
    mail(MailAction::Verify(By::Code, PASSWORD), "", NO_PROOF),
    mail(MailAction::Verify(By::Code, OTHER_PASSWORD), "the password is wrong", ""),
    mail(MailAction::VerifyByBearer, "", NO_PROOF),
    mail(MailAction::Complete(By::Token, PASSWORD), "", NO_PROOF),
    mail(MailAction::Complete(By::Code, PASSWORD), "", NO_PROOF),
    mail(MailAction::Complete(By::Token, OTHER_PASSWORD), "the password is wrong", ""),
    mail(MailAction::CompleteWithAnother, "", NO_PROOF),
    mail(MailAction::Reset(By::Token, OTHER_PASSWORD), "", NO_PROOF),
    mail(MailAction::Reset(By::Code, OTHER_PASSWORD), "", NO_PROOF),
    mail(MailAction::Reset(By::Code, "short"), "the password is not one for an account of this address", ""),
    mail(MailAction::RequestChange("third@example.org"), "", ""),
    mail(MailAction::RequestChange("eve@example.org"), "", ""),
    mail(MailAction::RequestChange(ANN), "the account has this address already", ""),
    mail(MailAction::Confirm(By::Token), "", NO_PROOF),
    mail(MailAction::Confirm(By::Code), "", NO_PROOF),
    mail(MailAction::Undo, "", NO_PROOF),
    mail(MailAction::Invite(NEW), "", TAKEN),
    mail(MailAction::VerifyUser, "", ""),
    // What was shown once is used up; a passkey signs again.
    factors(FactorAction::Login(Shows::Code), "", NO_FACTOR),
    factors(FactorAction::Login(Shows::WrongCode), NO_FACTOR, NO_FACTOR),
    factors(FactorAction::Login(Shows::RecoveryCode), "", NO_FACTOR),
    factors(FactorAction::Login(Shows::Passkey), "", ""),
    factors(FactorAction::Login(Shows::WrongPasskey), NO_FACTOR, NO_FACTOR),
    factors(FactorAction::LoginWithPasskey, "", ""),
    factors(FactorAction::Reset, "", ""),
    factors(FactorAction::Reencrypt, "", ""),
    factors(FactorAction::StartUp, "", ""),
    own_factor(OwnFactor::Reauthenticate(Shows::Code), "", NO_FACTOR),
    own_factor(OwnFactor::Reauthenticate(Shows::WrongCode), NO_FACTOR, NO_FACTOR),
    own_factor(OwnFactor::Reauthenticate(Shows::RecoveryCode), "", NO_FACTOR),
    own_factor(OwnFactor::Reauthenticate(Shows::Passkey), "", ""),
    own_factor(OwnFactor::Reauthenticate(Shows::WrongPasskey), NO_FACTOR, NO_FACTOR),
    own_factor(OwnFactor::ReauthenticateByPassword, "a second factor is needed", ""),
    own_factor(OwnFactor::List, "", ""),
    own_factor(OwnFactor::Enrol, "", ""),
    own_factor(OwnFactor::Confirm(true), "", "there is no such factor"),
    own_factor(OwnFactor::Confirm(false), "the code is wrong", ""),
    own_factor(OwnFactor::Rename, "", ""),
    own_factor(OwnFactor::Remove, "", "there is no such factor"),
    own_factor(OwnFactor::ReplaceCodes, "", ""),
    own_factor(OwnFactor::AskForOptions, "", ""),
    own_factor(OwnFactor::AddPasskey, "", "the passkey is refused"),
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
    own(Own::Reauthenticate(PASSWORD), "", ""),
    own(Own::Reauthenticate(OTHER_PASSWORD), "the password is wrong", ""),
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

sorted!(AuthenticateError, ChangePasswordError, DeleteAccountError, EndSessionError, LoginError, AdminError, RefreshError);
sorted!(AuthenticateClientError, ChangeKeysError, ClientError, IssueClientTokenError, ReauthenticateError, RegisterError);
sorted!(ConfirmTotpError, EnrolTotpError, RemoveFactorError, RenameFactorError, ReplaceRecoveryCodesError);
sorted!(LoginWithFactorError, LoginWithPasskeyError, PasskeyOptionsError, RegisterPasskeyError);
sorted!(ConfirmEmailChangeError, PresentError, RequestEmailChangeError, ResetPasswordError, VerifyEmailError);

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
        let by_mail = matches!(self.action, Action::WithMail(action) if action.begins_a_session());
        let by_factor = matches!(self.action, Action::WithFactors(action) if action.begins_a_session());
        by_mail || by_factor || matches!(self.action, Action::Login { .. } | Action::Register(_))
    }

    /// A rotation whose answer was lost leaves a key, and the next one makes another.
    pub(crate) fn makes_a_key(self) -> bool {
        self.action == Action::WithKeys(KeyAction::Rotate)
    }

    /// Whether an outage may leave it half done, until it is asked for again.
    pub(crate) fn takes_steps(self) -> bool {
        let of_factors = matches!(self.action, Action::WithFactors(action) if action.takes_steps());
        of_factors || matches!(self.action, Action::WithKeys(action) if action.takes_steps())
    }
}

impl Action {
    pub(crate) async fn perform(self, fixture: &Fixture) -> Result<(), Refusal> {
        match self {
            Self::Register(address) => register(fixture, address).await,
            Self::Login { address, password, outdated } => {
                let hasher = PlainHasher::of_cost(if outdated { 11 } else { 10 });
                let login = fixture.login();
                let login = Login { prove: Prove { hasher: fixture.flaky(hasher), ..login.prove.clone() }, ..login };
                done(login.execute(&email(address), attempt(password), &context()).await)
            }
            Self::Refresh(generation) => done(fixture.refresh().execute(&fixture.refresh_token(generation), &context()).await),
            Self::Revoke(generation) => revoke(fixture, generation).await,
            Self::CreateUser(address) => create(fixture, address).await,
            Self::Import(address) => import(fixture, address).await,
            Self::SetPassword => {
                let (users, hasher, user) = (fixture.kept(), fixture.hasher(), the_user(fixture, ANN).await?);
                let set = SetPassword { users, hasher, writer: no_mail(), audit: fixture.audit(), clock: fixture.clock() };
                done(set.execute(&user, new_password(OTHER_PASSWORD), &operator()).await)
            }
            Self::DisableUser | Self::EnableUser | Self::MoveUser | Self::DescribeUser | Self::DemoteUser => {
                edit_a_user(self, fixture).await
            }
            Self::EndSessions | Self::DeleteUser => to_a_user(self, fixture).await,
            Self::Prune => done(fixture.prune().execute().await),
            Self::Introspect(secret, generation) => introspect(fixture, secret, generation).await,
            Self::AddClient | Self::RotateClient | Self::SetClientScopes | Self::RemoveClient => to_a_client(self, fixture).await,
            Self::IssueClientToken => issue(fixture).await,
            Self::WithKeys(action) => action.perform(fixture).await,
            Self::WithMail(action) => action.perform(fixture).await,
            Self::WithFactors(action) => action.perform(fixture).await,
            Self::SignedIn(own) => {
                // As a request does: who asks is found out each time.
                let caller = fixture.authenticate().execute(&fixture.own_access_token()).await?;
                own.perform(&caller, fixture).await
            }
        }
    }
}

impl Own {
    async fn perform(self, caller: &SignedIn, fixture: &Fixture) -> Result<(), Refusal> {
        match self {
            Self::Me => Ok(()),
            Self::Logout(scope) => {
                let logout = Logout { sessions: fixture.kept(), audit: fixture.audit(), clock: fixture.clock() };
                done(logout.execute(caller, scope, &context()).await)
            }
            Self::ListSessions => {
                done(ListSessions { sessions: fixture.kept(), clock: fixture.clock() }.execute(caller, 50).await)
            }
            Self::EndTheOtherSession => end(caller, fixture, fixture.other()).await,
            Self::EndNoSession => end(caller, fixture, SessionId(id())).await,
            Self::ChangePassword { current, new } => {
                let (users, hasher) = (fixture.kept(), fixture.hasher());
                let (proof, audit, clock) = (fixture.proof(), fixture.audit(), fixture.clock());
                let change = ChangePassword { users, hasher, proof, writer: no_mail(), audit, clock };
                done(change.execute(caller, attempt(current), new_password(new), &context()).await)
            }
            Self::Reauthenticate(password) => {
                let (proof, judge, demand) = (fixture.proof(), idle_judge(), demand_fresh());
                let (sessions, issuer, writer) = (fixture.kept(), fixture.issuer(), no_mail());
                let (audit, clock) = (fixture.audit(), fixture.clock());
                let again = Reauthenticate { proof, judge, demand, sessions, issuer, writer, audit, clock };
                done(again.by_password(caller, attempt(password), &context()).await)
            }
            Self::Leave(password) => {
                let (users, proof) = (fixture.kept(), fixture.proof());
                let (audit, clock) = (fixture.audit(), fixture.clock());
                let leave = DeleteAccount { users, proof, writer: no_mail(), audit, clock, with_factor: false };
                done(leave.execute(caller, attempt(password), &context()).await)
            }
        }
    }
}

pub(crate) fn done<T, E: Into<Refusal>>(outcome: Result<T, E>) -> Result<(), Refusal> {
    outcome.map(drop).map_err(Into::into)
}

async fn register(fixture: &Fixture, address: &str) -> Result<(), Refusal> {
    let (users, hasher, issuer) = (fixture.kept(), fixture.hasher(), fixture.issuer());
    let register =
        Register { users, hasher, issuer, verification: Verification::Off, audit: fixture.audit(), clock: fixture.clock() };
    done(register.execute(email(address), new_password(PASSWORD), &context()).await)
}

async fn revoke(fixture: &Fixture, generation: i64) -> Result<(), Refusal> {
    let codec = fixture.flaky(FakeCodec::default());
    let (sessions, clients) = (fixture.kept(), client_tokens(fixture));
    let revoke = Revoke { codec, sessions, audit: fixture.audit(), clock: fixture.clock(), clients };
    done(revoke.execute(&fixture.refresh_token(generation), &context()).await)
}

async fn end(caller: &SignedIn, fixture: &Fixture, session: SessionId) -> Result<(), Refusal> {
    let end = EndSession { sessions: fixture.kept(), audit: fixture.audit(), clock: fixture.clock() };
    done(end.execute(caller, session, &context()).await)
}

async fn create(fixture: &Fixture, address: &str) -> Result<(), Refusal> {
    let (users, hasher, ids) = (fixture.kept(), fixture.hasher(), std::sync::Arc::new(Fresh));
    let create = CreateUser { users, hasher, writer: no_mail(), ids, audit: fixture.audit(), clock: fixture.clock() };
    done(create.execute(email(address), Some(new_password(PASSWORD)), &operator()).await)
}

async fn import(fixture: &Fixture, address: &str) -> Result<(), Refusal> {
    let (store, hasher, ids) = (fixture.kept(), fixture.hasher(), std::sync::Arc::new(Fresh));
    let import = ImportUsers { store, hasher, totp: None, ids, audit: fixture.audit(), clock: fixture.clock() };
    let account = Arrival { password: Some(hash(PASSWORD)), ..Arrival::of(email(address)) };
    let candidate = Candidate { number: "1".to_owned(), email: address.to_owned(), account: Ok(Box::new(account)) };
    done(import.execute(&[candidate], Mode::Real, &operator()).await)
}

/// As the command looks them up.
async fn the_user(fixture: &Fixture, address: &str) -> Result<User, Refusal> {
    let found = fixture.kept().find_by_email(&email(address)).await?;
    found.ok_or_else(|| AdminError::NoSuchUser.into())
}

async fn to_a_user(action: Action, fixture: &Fixture) -> Result<(), Refusal> {
    let user = the_user(fixture, ANN).await?;
    let (users, audit, clock) = (fixture.kept(), fixture.audit(), fixture.clock());
    if action == Action::EndSessions {
        done(EndSessions { sessions: users, audit, clock }.execute(&user, &operator()).await)
    } else {
        let delete = DeleteUser { users, writer: no_mail(), audit, clock, with_factor: false };
        done(delete.execute(&user, false, &operator()).await)
    }
}

async fn edit_a_user(action: Action, fixture: &Fixture) -> Result<(), Refusal> {
    let (users, directory, writer) = (fixture.kept(), fixture.kept(), no_mail());
    let edit = EditUser { users, directory, writer, audit: fixture.audit(), clock: fixture.clock(), with_factor: false };
    let (address, change): (_, fn(Editable) -> Editable) = if action == Action::DisableUser {
        (ANN, |from| Editable { disabled: true, ..from })
    } else if action == Action::EnableUser {
        ("dan@example.org", |from| Editable { disabled: false, ..from })
    } else if action == Action::MoveUser {
        (ANN, |from| from.moved_to(email("ann@other.example")))
    } else if action == Action::DescribeUser {
        (ANN, |from| Editable { roles: "editor".parse().unwrap_or_default(), ..from })
    } else {
        ("gil@example.org", |from| Editable { roles: Roles::default(), ..from })
    };
    // As the command does: what was done before by an address that it lost is found by the other one.
    let user = match the_user(fixture, address).await {
        Err(Refusal::No(_)) => the_user(fixture, "ann@other.example").await?,
        found => found?,
    };
    done(edit.change(&user, |from| Ok::<_, AdminError>(change(from)), false, &operator()).await)
}
