//! What a mail says is decided when it is sent: each occasion, and each state that its address may be in.

use crate::accounts::ports::Deleted;
use crate::identity::administrator::LastAdministrator;
use crate::{
    accounts::ports::UserStore,
    identity::{
        clock::Clock,
        language::Language,
        user::{AccountState, User},
    },
    mail::{
        message::{Occasion, Outgoing, Template},
        origin::Origin,
        outbox::MailState,
        ports::ProofStore,
        proof::Purpose,
    },
    testing::mail::{ANN, NEW, World, code, links, templates, token, writer},
    testkit::{
        mail::samples::{asked, asked_by, notice, registration},
        samples::{PASSWORD, after, context, email, start, user},
    },
};

/// What an address may be to this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Address {
    Unknown,
    Registered,
    Unverified,
    Verified,
    Disabled,
    /// An undo link would put it back.
    Kept,
    /// That, and somebody has registered it.
    KeptAndRegistered,
}

const ALL: [Address; 7] = [
    Address::Unknown,
    Address::Registered,
    Address::Unverified,
    Address::Verified,
    Address::Disabled,
    Address::Kept,
    Address::KeptAndRegistered,
];

impl Address {
    async fn world(self) -> World {
        let world = World::default();
        let of_ann = |state, verified: bool| User { state, email_verified_at: verified.then(start), ..user(ANN) };
        match self {
            Self::Unknown => {}
            Self::Registered => register(&world).await,
            Self::Unverified => drop(world.keep(of_ann(AccountState::Active, false)).await),
            Self::Verified => drop(world.keep(of_ann(AccountState::Active, true)).await),
            Self::Disabled => drop(world.keep(of_ann(AccountState::Disabled { since: start() }, false)).await),
            Self::Kept => keep_for_another(&world).await,
            Self::KeptAndRegistered => {
                keep_for_another(&world).await;
                register(&world).await;
            }
        }
        world.post().await;
        world.clock.advance(chrono::TimeDelta::minutes(1));
        world
    }
}

async fn register(world: &World) {
    let mail = Outgoing { occasion: Occasion::Registration, ..asked(Purpose::Verify, ANN, 0) };
    assert!(world.store.request(&mail, Some(&registration(ANN, PASSWORD, 0))).await.is_ok());
}

/// An account whose address was Ann's when a notice was written.
async fn keep_for_another(world: &World) {
    let ann = world.keep(user(ANN)).await;
    world.tell(&notice(&ann, -1)).await;
    world.move_to(&ann, "elsewhere@example.org").await;
}

impl World {
    async fn move_to(&self, user: &User, address: &str) {
        use crate::mailbox::ports::{Confirmed, MailboxStore};
        let pending = crate::identity::user::PendingEmail { address: email(address), until: after(60) };
        let mail = asked_by(user, address, 0);
        assert!(self.store.request_change(user.id, &pending, &mail, None).await.is_ok());
        let now = self.store.find_by_email(&user.email).await.unwrap().unwrap();
        let proof = crate::testkit::mail::samples::proof_id(&mail);
        let confirmed = self.store.confirm_change(proof, user.id, now.version(), start(), None).await.unwrap();
        assert_eq!(confirmed, Confirmed::Yes);
    }
}

async fn said(occasion: Occasion, address: Address) -> Option<Template> {
    let world = address.world().await;
    let now = world.clock.now();
    let to = email(ANN);
    match occasion {
        Occasion::Registration => {
            let mail = writer().verification(Occasion::Registration, &to, &context(), now);
            assert!(world.store.request(&mail, Some(&registration(ANN, PASSWORD, 60))).await.is_ok());
        }
        Occasion::Verification => world.ask().verification(&to, &context()).await.unwrap(),
        Occasion::Reset => world.ask().reset(&to, &context()).await.unwrap(),
        Occasion::Invitation => {
            assert!(world.store.request(&writer().invitation(&to, &context(), now), None).await.is_ok());
        }
        Occasion::Change => {
            world.keep(user("eve@example.org")).await;
            let eve = world.sign_in("eve@example.org").await;
            world.request_change().execute(&eve, to, &context()).await.unwrap();
        }
        Occasion::PasswordChanged
        | Occasion::EmailChangeRequested
        | Occasion::EmailChanged
        | Occasion::NewNetwork
        | Occasion::AccountDeleted
        | Occasion::FactorAdded
        | Occasion::FactorRemoved
        | Occasion::PasskeyAdded
        | Occasion::PasskeyRemoved
        | Occasion::RecoveryCodeUsed
        | Occasion::RecoveryCodesReplaced
        | Occasion::FactorsReset
        | Occasion::PasskeyCloned => panic!("a notice says what it says"),
    }
    let mails = world.post().await;
    let to_ann = templates(&mails).into_iter().find(|(_, to)| *to == ANN);
    let sent = world.store.mails().iter().filter(|entry| entry.state == MailState::Waiting).count();
    assert_eq!(sent, 0, "sent or dropped");
    to_ann.map(|(template, _)| template)
}

#[tokio::test]
async fn a_mail_says_what_is_so_when_it_is_sent() {
    use Template::{AccountExists, Change, Invitation, Reset, Verify};
    let table = [
        // Unknown, registered, unverified, verified, disabled, kept, kept and registered.
        (
            Occasion::Registration,
            [
                Some(Verify),
                Some(Verify),
                Some(AccountExists),
                Some(AccountExists),
                Some(AccountExists),
                Some(AccountExists),
                Some(AccountExists),
            ],
        ),
        (Occasion::Verification, [None, Some(Verify), Some(Verify), None, None, None, None]),
        (Occasion::Reset, [None, None, Some(Reset), Some(Reset), None, None, None]),
        (Occasion::Invitation, [None, None, Some(Invitation), Some(Invitation), None, None, None]),
        (
            Occasion::Change,
            [
                Some(Change),
                Some(Change),
                Some(AccountExists),
                Some(AccountExists),
                Some(AccountExists),
                Some(AccountExists),
                Some(AccountExists),
            ],
        ),
    ];
    for (occasion, expected) in table {
        for (address, expected) in ALL.into_iter().zip(expected) {
            assert_eq!(said(occasion, address).await, expected, "{occasion:?} for {address:?}");
        }
    }
}

#[tokio::test]
async fn a_notice_says_what_happened_whatever_has_become_of_the_account() {
    let notices = [
        (Occasion::PasswordChanged, Template::PasswordChanged),
        (Occasion::EmailChangeRequested, Template::EmailChangeRequested),
        (Occasion::EmailChanged, Template::EmailChanged),
        (Occasion::NewNetwork, Template::NewNetwork),
        (Occasion::AccountDeleted, Template::AccountDeleted),
        (Occasion::FactorAdded, Template::FactorAdded),
        (Occasion::FactorRemoved, Template::FactorRemoved),
        (Occasion::PasskeyAdded, Template::PasskeyAdded),
        (Occasion::PasskeyRemoved, Template::PasskeyRemoved),
        (Occasion::RecoveryCodeUsed, Template::RecoveryCodeUsed),
        (Occasion::RecoveryCodesReplaced, Template::RecoveryCodesReplaced),
        (Occasion::FactorsReset, Template::FactorsReset),
        (Occasion::PasskeyCloned, Template::PasskeyCloned),
    ];
    for (occasion, expected) in notices {
        let (world, ann) = World::with_ann().await;
        let notice = writer().notice(occasion, &ann, &context(), start()).unwrap();
        world.tell(&notice).await;
        world.store.disable(ann.id, start()).await.unwrap();
        let mail = world.posted().await;
        assert_eq!((mail.template, &mail.to, mail.created_at, mail.id), (expected, &ann.email, start(), notice.id));
        assert_eq!(mail.origin, Origin::of(&context()));
        let leads_back = mail.proof.map(|proof| proof.link.starts_with(&links().undo) && proof.code.is_none());
        assert_eq!(leads_back, (occasion != Occasion::AccountDeleted).then_some(true));
    }
}

#[tokio::test]
async fn a_link_leads_to_its_page_with_the_token_in_the_fragment() {
    let (world, _) = World::with_ann().await;
    let caller = world.sign_in(ANN).await;
    world.request_change().execute(&caller, email(NEW), &context()).await.unwrap();
    let change = world.post().await.swap_remove(0);
    let (verify, reset) = (world.asked_to_verify(ANN).await, world.asked_to_reset(ANN).await);
    for (mail, page) in [(&change, links().email), (&verify, links().verify), (&reset, links().reset)] {
        let proof = mail.proof.clone().unwrap();
        assert_eq!(proof.link, format!("{page}#token={}", token(mail)));
        assert_eq!(code(mail).len(), 8);
        assert!(!format!("{mail:?}").contains(&token(mail)), "it is in no log");
    }
}

#[tokio::test]
async fn a_mail_is_in_its_language_or_else_in_the_servers() {
    let (world, ann) = World::with_ann().await;
    for (language, expected) in [(Some(Language::Chinese), Language::Chinese), (None, Language::English)] {
        world.tell(&Outgoing { language, ..notice(&ann, 0) }).await;
        assert_eq!(world.posted().await.language, expected);
    }
}

#[tokio::test]
async fn a_mail_whose_proof_is_void_says_nothing_whether_or_not_the_address_is_taken() {
    for is_taken in [false, true] {
        let world = World::default();
        if is_taken {
            world.keep(user(ANN)).await;
        }
        for (minute, sent) in [(0, 0), (1, 1)] {
            let made = after(minute * 60);
            let mail = writer().verification(Occasion::Registration, &email(ANN), &context(), made);
            assert!(world.store.request(&mail, Some(&registration(ANN, PASSWORD, minute * 60))).await.is_ok());
            world.clock.set(made);
            if minute == 1 {
                assert_eq!(world.post().await.len(), sent, "the newer one alone");
            }
        }
        let states: Vec<_> = world.store.mails().iter().map(|entry| entry.state).collect();
        assert_eq!(states, [MailState::Dropped, MailState::Sent]);
    }
}

#[tokio::test]
async fn what_was_asked_for_before_the_account_was_deleted_says_nothing() {
    let (world, ann) = World::with_ann().await;
    world.ask().reset(&email(ANN), &context()).await.unwrap();
    world.tell(&notice(&ann, 0)).await;
    let deleted = writer().notice(Occasion::AccountDeleted, &ann, &context(), start());
    let gone = UserStore::delete(&world.store, ann.id, None, LastAdministrator::MayGo, start(), deleted.as_ref()).await;
    assert_eq!(gone.unwrap(), Deleted::Yes);
    assert_eq!(templates(&world.post().await), [(Template::AccountDeleted, ANN)]);
}
