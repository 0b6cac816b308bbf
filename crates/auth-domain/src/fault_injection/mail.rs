//! What proofs of a mailbox do, and what asks for them.

use std::sync::Arc;

use super::{
    actions::done,
    fixture::{Fixture, Refusal, context},
};
use crate::{
    accounts::ports::UserStore,
    admin::{AdminError, create_user::CreateUser, edit_user::EditUser},
    identity::{clock::Clock, editable::Editable, user::User},
    mail::{
        message::{Occasion, Outgoing},
        ports::{ProofCodec, ProofStore},
        proof::{ProofId, Purpose},
    },
    mailbox::{
        ask::AskForProof,
        confirm_change::{ConfirmEmailChange, Confirmation},
        ports::MailboxStore,
        present::{PresentProof, Presented},
        request_change::RequestEmailChange,
        reset::ResetPassword,
        undo::Undo,
        verify::{Claim, VerifyEmail},
    },
    passwords::policy::ChosenPassword,
    sessions::authenticate::SignedIn,
    sign_in::{
        begin::{BeginSession, NoticeOfNetwork},
        login::Login,
        register::{Register, Verification},
    },
    testing::{
        Fresh,
        mail::{ANN, NEW, World, typed, writer},
    },
    testkit::{
        FakeProofs, MemoryStore,
        mail::samples::{asked, asked_by, notice, proof_id, registration},
        samples::{OTHER_PASSWORD, PASSWORD, attempt, email, new_password, operator, origin_from},
    },
};

/// An address that is registered and waits for its proof.
const WAITING: &str = "waiting@example.org";

/// How a proof comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Token,
    Code,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailAction {
    AskToVerify(&'static str),
    AskToReset(&'static str),
    /// Where an address has to be verified first.
    Register(&'static str),
    LoginUnverified,
    LoginFromAway,
    /// By this password.
    Verify(By, &'static str),
    VerifyByBearer,
    /// The registration that waits, by its password or another that is chosen.
    Complete(By, &'static str),
    CompleteWithAnother,
    /// To this password.
    Reset(By, &'static str),
    RequestChange(&'static str),
    Confirm(By),
    Undo,
    Invite(&'static str),
    VerifyUser,
}

/// The proofs that were sent before anything went wrong.
pub(crate) struct Proofs {
    verify: ProofId,
    complete: ProofId,
    reset: ProofId,
    change: ProofId,
    undo: ProofId,
}

/// What can be seen of mails and proofs. How many codes were tried is nobody's loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeenMail {
    /// By occasion and address, in order of the two.
    mails: Vec<(&'static str, String)>,
    good: Vec<&'static str>,
    is_waiting: bool,
}

impl Proofs {
    /// For Ann, whose address is not verified and who asked for another; and for a registration.
    pub(crate) async fn sent(store: &MemoryStore, ann: &User, later: i64) -> Self {
        let at = later - 120;
        let [verify, reset] = [Purpose::Verify, Purpose::Reset].map(|purpose| asked(purpose, ANN, at));
        let complete = Outgoing { occasion: Occasion::Registration, ..asked(Purpose::Verify, WAITING, at) };
        let (change, notice) = (asked_by(ann, NEW, at), notice(ann, at));
        let waiting = registration(WAITING, PASSWORD, at);
        for (mail, registration) in [(&verify, None), (&reset, None), (&complete, Some(&waiting))] {
            assert!(store.request(mail, registration).await.is_ok());
        }
        let pending = crate::identity::user::PendingEmail { address: email(NEW), until: change.expires_at };
        assert!(store.request_change(ann.id, &pending, &change, Some(&notice)).await.is_ok());
        let [verify, complete, reset, change, undo] = [&verify, &complete, &reset, &change, &notice].map(proof_id);
        Self { verify, complete, reset, change, undo }
    }
}

impl SeenMail {
    pub(crate) async fn of(fixture: &Fixture) -> Self {
        let store = &fixture.store;
        let named = |entry: crate::mail::outbox::Entry| (entry.mail.occasion.name(), entry.mail.to.to_string());
        let mut mails: Vec<_> = store.mails().into_iter().map(named).collect();
        mails.sort();
        let Proofs { verify, complete, reset, change, undo } = fixture.proofs;
        let known = [("verify", verify), ("complete", complete), ("reset", reset), ("change", change), ("undo", undo)];
        let mut good = Vec::new();
        for (name, id) in known {
            let found = ProofStore::find(store, id).await.unwrap();
            good.extend(found.filter(|proof| proof.check(proof.purpose, fixture.clock.now()).is_ok()).map(|_good| name));
        }
        Self { mails, good, is_waiting: store.registration(&email(WAITING)).await.unwrap().is_some() }
    }
}

fn by(by: By, id: ProofId, address: &str) -> Presented {
    let codec = FakeProofs::default();
    match by {
        By::Token => Presented::Token(codec.token(id)),
        By::Code => typed(&email(address), &codec.code(id)),
    }
}

impl Fixture {
    /// Without a fuse.
    pub(super) fn world(&self) -> World {
        let (store, audit, clock) = (self.store.clone(), self.audit.clone(), self.clock.clone());
        World { store, audit, clock, ..World::default() }
    }

    fn present(&self) -> PresentProof {
        PresentProof { proofs: self.kept(), ..self.world().present() }
    }

    fn ask(&self) -> AskForProof {
        AskForProof { proofs: self.kept(), ..self.world().ask() }
    }

    fn verify(&self) -> VerifyEmail {
        let (present, verifier) = (self.present(), self.proof());
        VerifyEmail { present, users: self.kept(), mailbox: self.kept(), verifier, ..self.world().verify() }
    }

    async fn signed_in(&self) -> Result<SignedIn, Refusal> {
        Ok(self.authenticate().execute(&self.own_access_token()).await?)
    }
}

impl MailAction {
    /// Whether a login whose answer was lost leaves a session.
    pub(crate) fn begins_a_session(self) -> bool {
        self == Self::LoginFromAway
    }

    pub(crate) async fn perform(self, fixture: &Fixture) -> Result<(), Refusal> {
        let proofs = &fixture.proofs;
        let world = fixture.world();
        let chosen = |text: &str| ChosenPassword::new(text.to_owned());
        match self {
            Self::AskToVerify(address) => done(fixture.ask().verification(&email(address), &context()).await),
            Self::AskToReset(address) => done(fixture.ask().reset(&email(address), &context()).await),
            Self::Register(address) => {
                let verification = Verification::Required(fixture.ask());
                let register = Register { users: fixture.kept(), hasher: fixture.hasher(), ..world.register(verification) };
                done(register.execute(email(address), new_password(PASSWORD), &context()).await)
            }
            Self::LoginUnverified => {
                let login = Login { unverified: Some(fixture.ask()), ..fixture.login() };
                done(login.execute(&email(ANN), attempt(PASSWORD), &context()).await)
            }
            Self::LoginFromAway => {
                let notices = Some(NoticeOfNetwork { networks: fixture.kept(), writer: writer() });
                let login = Login { begin: BeginSession { notices, ..fixture.begin() }, ..fixture.login() };
                done(login.execute(&email(ANN), attempt(PASSWORD), &origin_from("198.51.100.9")).await)
            }
            Self::Verify(how, password) => {
                let claim = Claim::Password(attempt(password));
                done(fixture.verify().execute(&by(how, proofs.verify, ANN), claim, &context()).await)
            }
            Self::VerifyByBearer => {
                let claim = Claim::Bearer(Box::new(fixture.signed_in().await?));
                done(fixture.verify().execute(&by(By::Token, proofs.verify, ANN), claim, &context()).await)
            }
            Self::Complete(how, password) => {
                let claim = Claim::Password(attempt(password));
                done(fixture.verify().execute(&by(how, proofs.complete, WAITING), claim, &context()).await)
            }
            Self::CompleteWithAnother => {
                let claim = Claim::NewPassword(chosen(OTHER_PASSWORD));
                done(fixture.verify().execute(&by(By::Token, proofs.complete, WAITING), claim, &context()).await)
            }
            Self::Reset(how, password) => {
                let (present, users, mailbox) = (fixture.present(), fixture.kept(), fixture.kept());
                let reset = ResetPassword { present, users, mailbox, hasher: fixture.hasher(), ..world.reset() };
                done(reset.execute(&by(how, proofs.reset, ANN), chosen(password), &context()).await)
            }
            Self::RequestChange(address) => {
                let request = RequestEmailChange { mailbox: fixture.kept(), ..world.request_change() };
                done(request.execute(&fixture.signed_in().await?, email(address), &context()).await)
            }
            Self::Confirm(how) => {
                let confirmation = match how {
                    By::Token => Confirmation::Token { token: FakeProofs::default().token(proofs.change), caller: None },
                    By::Code => {
                        let caller = Box::new(fixture.signed_in().await?);
                        Confirmation::Code { code: FakeProofs::default().code(proofs.change), caller }
                    }
                };
                let (present, users, mailbox) = (fixture.present(), fixture.kept(), fixture.kept());
                let confirm = ConfirmEmailChange { present, users, mailbox, ..world.confirm_change() };
                done(confirm.execute(confirmation, &context()).await)
            }
            Self::Undo => {
                let (present, users, mailbox) = (fixture.present(), fixture.kept(), fixture.kept());
                let undo = Undo { present, users, mailbox, ..world.undo() };
                done(undo.execute(FakeProofs::default().token(proofs.undo), &context()).await)
            }
            Self::Invite(address) => {
                let (users, hasher, ids) = (fixture.kept(), fixture.hasher(), Arc::new(Fresh));
                let (audit, clock) = (fixture.audit(), fixture.clock());
                let invite = CreateUser { users, hasher, writer: writer(), ids, audit, clock };
                done(invite.execute(email(address), None, &operator()).await)
            }
            Self::VerifyUser => {
                let (users, directory, writer) = (fixture.kept(), fixture.kept(), writer());
                let (audit, clock) = (fixture.audit(), fixture.clock());
                let ann = users.find_by_email(&email(ANN)).await?.unwrap();
                let edit = EditUser { users, directory, writer, audit, clock, with_factor: false };
                let verified = |from| Ok::<_, AdminError>(Editable { email_verified: true, ..from });
                done(edit.change(&ann, verified, false, &operator()).await)
            }
        }
    }
}
