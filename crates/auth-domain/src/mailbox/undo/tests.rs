//! Undoing, over a store in memory; and what a store may answer, mocked.

use std::sync::Arc;

use chrono::TimeDelta;

use super::Undo;
use crate::{
    accounts::{
        change_password::ChangePassword,
        ports::{Inserted, UserStore},
    },
    audit::event::Actor,
    identity::{language::Language, port_error::PortError, request_context::RequestContext, user::User},
    mail::message::{Mail, Template},
    mailbox::{
        confirm_change::Confirmation,
        ports::{MockMailboxStore, Undone},
        present::PresentError,
    },
    passwords::policy::ChosenPassword,
    testing::{
        down,
        mail::{ANN, World, by_token, templates, token, writer},
        unheard,
    },
    testkit::{
        PlainHasher,
        samples::{OTHER_PASSWORD, PASSWORD, attempt, context, email, new_password, start, user},
    },
};

/// The address that a thief moves the account to first, and then.
const SECOND: &str = "b@example.org";
const THIRD: &str = "c@example.org";

impl World {
    async fn undoes(&self, notice: &Mail) -> Result<(), PresentError> {
        self.undo().execute(token(notice), &context()).await
    }

    async fn is_refused_to_undo(&self, notice: &Mail, reason: &'static str) {
        assert!(matches!(self.undoes(notice).await, Err(PresentError::Refused)), "{reason}");
        assert_eq!(self.last_told(), Some(("proof_refused", Some(reason))));
    }

    /// Changes the password from one to another. The notice.
    async fn changes_password(&self, address: &str, from: &str, to: &str) -> Mail {
        let caller = self.sign_in(address).await;
        let change = ChangePassword {
            users: Arc::new(self.store.clone()),
            hasher: Arc::new(PlainHasher::default()),
            proof: self.verifier(),
            writer: writer(),
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
        };
        change.execute(&caller, attempt(from), new_password(to), &context()).await.unwrap();
        self.posted().await
    }

    /// Moves the account to another address, a minute later. The notices: of the request, and of the change.
    async fn moves(&self, from: &str, to: &str) -> [Mail; 2] {
        self.clock.advance(TimeDelta::minutes(1));
        let caller = self.sign_in(from).await;
        self.request_change().execute(&caller, email(to), &context()).await.unwrap();
        let mut mails = self.post().await;
        let (requested, proof) = (mails.swap_remove(1), mails.swap_remove(0));
        let confirmation = Confirmation::Token { token: token(&proof), caller: None };
        self.confirm_change().execute(confirmation, &context()).await.unwrap();
        let changed = self.posted().await;
        assert_eq!(
            templates(&[requested.clone(), changed.clone()]),
            [(Template::EmailChangeRequested, from), (Template::EmailChanged, from)]
        );
        [requested, changed]
    }
}

#[tokio::test]
async fn an_undo_link_takes_the_account_back_once() {
    let (world, ann) = World::with_ann().await;
    let notice = world.changes_password(ANN, PASSWORD, OTHER_PASSWORD).await;
    let thief = world.sign_in(ANN).await;
    world.undoes(&notice).await.unwrap();
    let now = world.user(ANN).await.unwrap();
    assert_eq!((now.is_active(), now.id, now.password), (true, ann.id, None), "the password is void until a reset");
    assert!(!world.is_alive(thief.session.id).await);
    assert!(world.login().execute(&email(ANN), attempt(OTHER_PASSWORD), &context()).await.is_err());
    let told = world.told();
    assert!(told.contains(&("undone", None)) && told.contains(&("session_ended", Some("undone"))));
    let undone = world.events().into_iter().find(|event| event.kind.name() == "undone").unwrap();
    assert_eq!((undone.actor, undone.user()), (Actor::User(ann.id), Some(ann.id)));
    let reset = world.posted().await;
    assert_eq!((reset.template, reset.to.as_str()), (Template::Reset, ANN));
    world.is_refused_to_undo(&notice, "spent").await;
    world.reset().execute(&by_token(&reset), ChosenPassword::new(PASSWORD.to_owned()), &context()).await.unwrap();
    assert!(world.login().execute(&email(ANN), attempt(PASSWORD), &context()).await.is_ok());
}

#[tokio::test]
async fn a_changed_address_is_put_back_and_the_mail_goes_to_it() {
    for which in [0, 1] {
        let (world, ann) = World::with_ann().await;
        let notices = world.moves(ANN, SECOND).await;
        let thief = world.sign_in(SECOND).await;
        world.undoes(&notices[which]).await.unwrap();
        let now = world.user(ANN).await.unwrap();
        assert_eq!((now.id, now.password, now.pending_email), (ann.id, None, None));
        assert!(now.email_verified_at.is_some(), "whoever had the link reads its mails");
        assert!(world.user(SECOND).await.is_none() && !world.is_alive(thief.session.id).await);
        assert_eq!(templates(&world.post().await), [(Template::Reset, ANN)]);
        // Using one voids those made after it, and none made before.
        match which {
            0 => world.is_refused_to_undo(&notices[1], "voided").await,
            _ => world.undoes(&notices[0]).await.unwrap(),
        }
    }
}

/// A thief moves the account twice. Whatever link is used first, those from before it keep their power, and those after it lose it.
#[tokio::test]
async fn an_older_link_wins_over_a_newer_one_and_never_the_other_way() {
    for first in 0..4 {
        let (world, ann) = World::with_ann().await;
        let [one, two] = world.moves(ANN, SECOND).await;
        let [three, four] = world.moves(SECOND, THIRD).await;
        let links = [(&one, ANN), (&two, ANN), (&three, SECOND), (&four, SECOND)];
        let (used, home) = links[first];
        world.undoes(used).await.unwrap();
        assert_eq!(world.user(home).await.unwrap().id, ann.id, "{first}");
        world.post().await;
        for (younger, _) in &links[first + 1..] {
            world.is_refused_to_undo(younger, "voided").await;
        }
        for (older, home) in links[..first].iter().rev() {
            world.undoes(older).await.unwrap();
            assert_eq!(world.user(home).await.unwrap().id, ann.id, "{first}");
        }
        if first >= 1 {
            assert_eq!(world.user(ANN).await.unwrap().id, ann.id, "the first owner has the last word");
        }
    }
}

#[tokio::test]
async fn nothing_that_happens_after_a_notice_takes_its_power_away() {
    let (world, ann) = World::with_ann().await;
    let notice = world.changes_password(ANN, PASSWORD, OTHER_PASSWORD).await;
    world.clock.advance(TimeDelta::minutes(1));
    let newer = world.changes_password(ANN, OTHER_PASSWORD, PASSWORD).await;
    let mail = world.asked_to_reset(ANN).await;
    world.reset().execute(&by_token(&mail), ChosenPassword::new(OTHER_PASSWORD.to_owned()), &context()).await.unwrap();
    world.post().await;
    world.moves(ANN, SECOND).await;
    world.store.disable(ann.id, start()).await.unwrap();
    world.undoes(&notice).await.unwrap();
    let now = world.user(ANN).await.unwrap();
    assert!(!now.is_active(), "a disabled account stays disabled");
    assert_eq!(templates(&world.post().await), [], "and cannot choose a password");
    world.is_refused_to_undo(&newer, "voided").await;
}

#[tokio::test]
async fn deletion_is_final() {
    let (world, ann) = World::with_ann().await;
    let [notice, _] = world.moves(ANN, SECOND).await;
    assert!(world.store.drop_account(ann.id, start()).await.unwrap());
    world.is_refused_to_undo(&notice, "unknown").await;
    assert_eq!(UserStore::insert(&world.store, &user(ANN), None, None).await.unwrap(), Inserted::Yes);
}

#[tokio::test]
async fn a_link_is_good_for_72_hours() {
    let (world, _) = World::with_ann().await;
    let notice = world.changes_password(ANN, PASSWORD, OTHER_PASSWORD).await;
    world.clock.set(start() + TimeDelta::hours(72));
    world.is_refused_to_undo(&notice, "expired").await;
    world.clock.set(start() + TimeDelta::hours(72) - TimeDelta::microseconds(1));
    world.undoes(&notice).await.unwrap();
}

#[tokio::test]
async fn the_other_proofs_are_void_and_the_mail_goes_whatever_its_allowance() {
    let (world, _) = World::with_ann().await;
    let notice = world.changes_password(ANN, PASSWORD, OTHER_PASSWORD).await;
    let (reset, verify) = (world.asked_to_reset(ANN).await, world.asked_to_verify(ANN).await);
    world.undoes(&notice).await.unwrap();
    let newer = world.posted().await;
    assert_eq!(newer.template, Template::Reset);
    for (mail, purpose) in [(&reset, crate::mail::proof::Purpose::Reset), (&verify, crate::mail::proof::Purpose::Verify)] {
        assert!(world.present().execute(purpose, &by_token(mail), &context()).await.is_err());
        assert_eq!(world.last_told(), Some(("proof_refused", Some("voided"))));
    }
    world.reset().execute(&by_token(&newer), ChosenPassword::new(PASSWORD.to_owned()), &context()).await.unwrap();
}

#[tokio::test]
async fn the_mail_is_in_the_language_of_the_request_or_else_of_the_account() {
    for (asked, expected) in [(Some(Language::French), Language::French), (None, Language::Spanish)] {
        let world = World::default();
        world.keep(User { language: Some(Language::Spanish), ..user(ANN) }).await;
        let notice = world.changes_password(ANN, PASSWORD, OTHER_PASSWORD).await;
        assert_eq!(notice.language, Language::Spanish);
        let context = RequestContext { language: asked, ..context() };
        world.undo().execute(token(&notice), &context).await.unwrap();
        assert_eq!(world.posted().await.language, expected);
    }
}

async fn undoing(outcome: fn() -> Result<Option<Undone>, PortError>) -> (World, Result<(), PresentError>) {
    let (world, _) = World::with_ann().await;
    let notice = world.changes_password(ANN, PASSWORD, OTHER_PASSWORD).await;
    let mut mailbox = MockMailboxStore::new();
    mailbox.expect_undo().once().returning(move |_, _, _| outcome());
    let undo = Undo { mailbox: Arc::new(mailbox), ..world.undo() };
    let outcome = undo.execute(token(&notice), &context()).await;
    (world, outcome)
}

#[tokio::test]
async fn who_loses_the_race_for_a_link_has_none_any_more() {
    let (world, outcome) = undoing(|| Ok(None)).await;
    assert!(matches!(outcome, Err(PresentError::Refused)));
    assert_eq!(world.last_told(), Some(("proof_refused", Some("spent"))));
}

#[tokio::test]
async fn an_outage_stays_an_outage_and_what_may_have_happened_is_audited() {
    let (world, outcome) = undoing(down).await;
    assert!(matches!(outcome, Err(PresentError::Port(PortError::Unavailable(_)))));
    assert_eq!(world.last_told(), Some(("password_changed", None)));
    let (world, outcome) = undoing(unheard).await;
    assert!(matches!(outcome, Err(PresentError::Port(PortError::Unknown(_)))));
    assert_eq!(world.last_told(), Some(("undone", Some("outcome_unknown"))));
    let (world, _) = World::with_ann().await;
    let notice = world.changes_password(ANN, PASSWORD, OTHER_PASSWORD).await;
    world.store.go_away();
    assert!(matches!(world.undoes(&notice).await, Err(PresentError::Port(PortError::Unavailable(_)))));
    world.store.come_back();
    world.undoes(&notice).await.unwrap();
}
