//! A world that sends mails: the use cases of a mailbox over one store in memory, and a postbox that remembers what it was given.

mod postbox;

use std::sync::Arc;

use chrono::TimeDelta;

pub(crate) use self::postbox::Postbox;
use super::{Fresh, issuer, second_step};
use crate::{
    accounts::ports::{Inserted, UserStore},
    audit::event::AuditEvent,
    identity::{email::Email, ids::SessionId, language::Language, user::User},
    mail::{
        message::{Mail, Template},
        writer::{MailWriter, NoticePolicy},
    },
    mailbox::{
        ask::AskForProof,
        confirm_change::ConfirmEmailChange,
        present::{PresentProof, Presented},
        request_change::RequestEmailChange,
        reset::ResetPassword,
        send::{Links, SendMails},
        undo::Undo,
        verify::VerifyEmail,
    },
    passwords::verify::PasswordVerifier,
    sessions::{
        authenticate::SignedIn,
        issue::Issuer,
        ports::{Begun, SessionStore},
    },
    sign_in::{
        begin::{BeginSession, NoticeOfNetwork},
        login::Login,
        prove::Prove,
        register::{Register, Verification},
    },
    testing::told,
    testkit::{
        FakeProofs, MemoryAudit, MemoryStore, MovableClock, PlainHasher,
        samples::{context, email, policy, session_of, user},
    },
};

pub(crate) const ANN: &str = "ann@example.org";
pub(crate) const NEW: &str = "ann@new.example";

#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) audit: MemoryAudit,
    pub(crate) clock: MovableClock,
    pub(crate) postbox: Postbox,
}

pub(crate) fn writer() -> MailWriter {
    let (verify_life, reset_life) = (TimeDelta::hours(24), TimeDelta::minutes(30));
    MailWriter { ids: Arc::new(Fresh), notices: NoticePolicy::All, verify_life, reset_life }
}

pub(crate) fn links() -> Links {
    let page = |name: &str| format!("https://auth.example/pages/{name}");
    Links { verify: page("verify"), reset: page("reset"), email: page("email"), undo: page("undo") }
}

/// The token that a mail's link carries.
pub(crate) fn token(mail: &Mail) -> String {
    let link = mail.proof.as_ref().map(|proof| proof.link.clone()).unwrap_or_default();
    link.split_once("#token=").map(|(_, token)| token.to_owned()).unwrap()
}

pub(crate) fn by_token(mail: &Mail) -> Presented {
    Presented::Token(token(mail))
}

pub(crate) fn code(mail: &Mail) -> String {
    mail.proof.as_ref().and_then(|proof| proof.code.clone()).unwrap()
}

pub(crate) fn by_code(mail: &Mail) -> Presented {
    typed(&mail.to, &code(mail))
}

pub(crate) fn typed(address: &Email, code: &str) -> Presented {
    Presented::Code { address: address.clone(), account: None, code: code.to_owned() }
}

/// Presented for the code of a mail, and not it.
pub(crate) fn wrong_code(mail: &Mail) -> Presented {
    let right: u32 = code(mail).parse().unwrap();
    typed(&mail.to, &format!("{:08}", (right + 1) % 100_000_000))
}

impl World {
    /// With an account of Ann, whose address is not verified.
    pub(crate) async fn with_ann() -> (Self, User) {
        let world = Self::default();
        let ann = world.keep(user(ANN)).await;
        (world, ann)
    }

    pub(crate) async fn keep(&self, user: User) -> User {
        assert_eq!(UserStore::insert(&self.store, &user, None, None).await.unwrap(), Inserted::Yes);
        user
    }

    pub(crate) async fn user(&self, address: &str) -> Option<User> {
        self.store.find_by_email(&email(address)).await.unwrap()
    }

    /// A new session of an account, as it is now.
    pub(crate) async fn sign_in(&self, address: &str) -> SignedIn {
        let user = self.user(address).await.unwrap();
        let session = session_of(&user);
        assert!(matches!(self.store.begin(&session, user.version(), 50, None).await.unwrap(), Begun::Yes { .. }));
        SignedIn { user: self.user(address).await.unwrap(), session }
    }

    pub(crate) async fn is_alive(&self, session: SessionId) -> bool {
        let (found, _) = SessionStore::find(&self.store, session).await.unwrap().unwrap();
        found.is_live(crate::identity::clock::Clock::now(&self.clock))
    }

    /// Sends what is due. The mails that went out.
    pub(crate) async fn post(&self) -> Vec<Mail> {
        let before = self.postbox.taken().len();
        while self.send().execute(&|| false).await.unwrap().more {}
        self.postbox.taken().split_off(before)
    }

    /// Sends what is due: one mail.
    pub(crate) async fn posted(&self) -> Mail {
        let mails = self.post().await;
        assert_eq!(mails.len(), 1, "{:?}", templates(&mails));
        mails.into_iter().next().unwrap()
    }

    /// Asks for a proof of an address, and reads the mail.
    pub(crate) async fn asked_to_verify(&self, address: &str) -> Mail {
        self.ask().verification(&email(address), &context()).await.unwrap();
        self.posted().await
    }

    /// Says to have forgotten the password of an address, and reads the mail.
    pub(crate) async fn asked_to_reset(&self, address: &str) -> Mail {
        self.ask().reset(&email(address), &context()).await.unwrap();
        self.posted().await
    }

    /// Registers an address where it has to be verified first, and reads the mail.
    pub(crate) async fn registered(&self, address: &str, password: &str) -> Mail {
        let registration = crate::testkit::mail::samples::registration(address, password, 0);
        let created_at = crate::identity::clock::Clock::now(&self.clock);
        let registration = crate::mail::ports::Registration { created_at, ..registration };
        self.ask().registration(&registration, &context()).await.unwrap();
        self.posted().await
    }

    /// Since the last time.
    pub(crate) fn events(&self) -> Vec<AuditEvent> {
        self.audit.events()
    }

    pub(crate) fn told(&self) -> Vec<(&'static str, Option<&'static str>)> {
        told(&self.audit.events())
    }

    /// The last event.
    pub(crate) fn last_told(&self) -> Option<(&'static str, Option<&'static str>)> {
        self.told().pop()
    }

    pub(crate) fn present(&self) -> PresentProof {
        let (proofs, codec) = (Arc::new(self.store.clone()), Arc::new(FakeProofs::default()));
        PresentProof { proofs, codec, audit: Arc::new(self.audit.clone()), clock: Arc::new(self.clock.clone()) }
    }

    pub(crate) fn ask(&self) -> AskForProof {
        let (proofs, audit) = (Arc::new(self.store.clone()), Arc::new(self.audit.clone()));
        AskForProof { proofs, writer: writer(), audit, clock: Arc::new(self.clock.clone()) }
    }

    pub(crate) fn verifier(&self) -> PasswordVerifier {
        PasswordVerifier {
            hasher: Arc::new(PlainHasher::default()),
            attempts: Arc::new(self.store.clone()),
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
            failure_limit: 10,
        }
    }

    pub(crate) fn verify(&self) -> VerifyEmail {
        VerifyEmail {
            present: self.present(),
            users: Arc::new(self.store.clone()),
            mailbox: Arc::new(self.store.clone()),
            verifier: self.verifier(),
            policy: policy(),
            ids: Arc::new(Fresh),
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
        }
    }

    pub(crate) fn reset(&self) -> ResetPassword {
        ResetPassword {
            present: self.present(),
            users: Arc::new(self.store.clone()),
            mailbox: Arc::new(self.store.clone()),
            hasher: Arc::new(PlainHasher::default()),
            policy: policy(),
            writer: writer(),
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
        }
    }

    pub(crate) fn request_change(&self) -> RequestEmailChange {
        let (mailbox, audit) = (Arc::new(self.store.clone()), Arc::new(self.audit.clone()));
        RequestEmailChange { mailbox, writer: writer(), audit, clock: Arc::new(self.clock.clone()) }
    }

    pub(crate) fn confirm_change(&self) -> ConfirmEmailChange {
        ConfirmEmailChange {
            present: self.present(),
            users: Arc::new(self.store.clone()),
            mailbox: Arc::new(self.store.clone()),
            writer: writer(),
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
        }
    }

    pub(crate) fn undo(&self) -> Undo {
        Undo {
            present: self.present(),
            users: Arc::new(self.store.clone()),
            mailbox: Arc::new(self.store.clone()),
            writer: writer(),
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
        }
    }

    pub(crate) fn send(&self) -> SendMails {
        SendMails {
            outbox: Arc::new(self.store.clone()),
            proofs: Arc::new(self.store.clone()),
            users: Arc::new(self.store.clone()),
            mailbox: Arc::new(self.store.clone()),
            codec: Arc::new(FakeProofs::default()),
            transport: Arc::new(self.postbox.clone()),
            ids: Arc::new(Fresh),
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
            links: links(),
            language: Language::English,
        }
    }

    pub(crate) fn register(&self, verification: Verification) -> Register {
        Register {
            users: Arc::new(self.store.clone()),
            hasher: Arc::new(PlainHasher::default()),
            issuer: Issuer { ids: Arc::new(Fresh), ..issuer() },
            verification,
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
        }
    }

    pub(crate) fn login(&self) -> Login {
        let (users, hasher) = (Arc::new(self.store.clone()), Arc::new(PlainHasher::default()));
        Login {
            prove: Prove { users, hasher, verifier: self.verifier(), clock: Arc::new(self.clock.clone()) },
            begin: self.begin(),
            second_step: second_step(),
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
            unverified: None,
        }
    }

    pub(crate) fn begin(&self) -> BeginSession {
        BeginSession {
            sessions: Arc::new(self.store.clone()),
            issuer: Issuer { ids: Arc::new(Fresh), ..issuer() },
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
            session_limit: 50,
            notices: Some(NoticeOfNetwork { networks: Arc::new(self.store.clone()), writer: writer() }),
        }
    }
}

pub(crate) fn templates(mails: &[Mail]) -> Vec<(Template, &str)> {
    mails.iter().map(|mail| (mail.template, mail.to.as_str())).collect()
}
