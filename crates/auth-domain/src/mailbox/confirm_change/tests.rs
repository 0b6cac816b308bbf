//! Confirming another address, over a store in memory; and what a store may answer, mocked.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{ConfirmEmailChange, ConfirmEmailChangeError, Confirmation};
use crate::{
    accounts::ports::{Inserted, UserStore},
    audit::event::{Actor, Target},
    identity::port_error::PortError,
    mail::{
        message::{Mail, Template},
        writer::{MailWriter, NoticePolicy},
    },
    mailbox::ports::{Confirmed, MockMailboxStore},
    sessions::authenticate::SignedIn,
    testing::{
        down,
        mail::{ANN, NEW, World, code, templates, token, writer},
        unheard,
    },
    testkit::samples::{context, email, start, user},
};

const EVE: &str = "eve@example.org";

/// Ann, signed in, who asked for another address and has its mail.
async fn asked() -> (World, SignedIn, Mail) {
    let (world, _) = World::with_ann().await;
    let caller = world.sign_in(ANN).await;
    world.request_change().execute(&caller, email(NEW), &context()).await.unwrap();
    let mail = world.post().await.swap_remove(0);
    let caller = SignedIn { user: world.user(ANN).await.unwrap(), ..caller };
    (world, caller, mail)
}

fn by_token(mail: &Mail) -> Confirmation {
    Confirmation::Token { token: token(mail), caller: None }
}

fn with_token(mail: &Mail, caller: &SignedIn) -> Confirmation {
    Confirmation::Token { token: token(mail), caller: Some(Box::new(caller.clone())) }
}

fn typed(code: String, caller: &SignedIn) -> Confirmation {
    Confirmation::Code { code, caller: Box::new(caller.clone()) }
}

impl World {
    async fn confirms(&self, confirmation: Confirmation) -> Result<(), ConfirmEmailChangeError> {
        self.confirm_change().execute(confirmation, &context()).await
    }

    async fn refuses(&self, confirmation: Confirmation, reason: &'static str) {
        assert!(matches!(self.confirms(confirmation).await, Err(ConfirmEmailChangeError::Proof)), "{reason}");
        assert_eq!(self.last_told(), Some(("proof_refused", Some(reason))));
    }
}

#[tokio::test]
async fn a_proof_gives_the_account_its_address_once_and_sessions_stay() {
    let ways: [fn(&Mail, &SignedIn) -> Confirmation; 3] =
        [|mail, _| by_token(mail), with_token, |mail, caller| typed(code(mail), caller)];
    for way in ways {
        let (world, caller, mail) = asked().await;
        world.confirms(way(&mail, &caller)).await.unwrap();
        let now = world.user(NEW).await.unwrap();
        assert_eq!((now.id, now.email_verified_at, now.pending_email), (caller.user.id, Some(start()), None));
        assert_eq!((now.password, world.user(ANN).await), (caller.user.password.clone(), None));
        assert!(world.is_alive(caller.session.id).await);
        let event = world.events().pop().unwrap();
        assert_eq!((event.kind.name(), event.actor, event.email()), ("email_changed", Actor::User(now.id), Some(&now.email)));
        let notice = world.posted().await;
        assert_eq!(templates(std::slice::from_ref(&notice)), [(Template::EmailChanged, ANN)]);
        assert_eq!(notice.other_address, Some(email(NEW)));
        world.refuses(by_token(&mail), "spent").await;
    }
}

#[tokio::test]
async fn the_notice_to_the_former_address_goes_where_others_are_switched_off() {
    let (world, _, mail) = asked().await;
    let writer = MailWriter { notices: NoticePolicy::AddressOnly, ..writer() };
    let confirm = ConfirmEmailChange { writer, ..world.confirm_change() };
    confirm.execute(by_token(&mail), &context()).await.unwrap();
    assert_eq!(templates(&world.post().await), [(Template::EmailChanged, ANN)]);
}

#[tokio::test]
async fn nobody_confirms_for_another_account() {
    let (world, caller, mail) = asked().await;
    world.keep(user(EVE)).await;
    let eve = world.sign_in(EVE).await;
    world.refuses(with_token(&mail, &eve), "other_account").await;
    // She waits for no address, and the code of Ann's is not looked at for her.
    world.refuses(typed(code(&mail), &eve), "unknown").await;
    world.clock.advance(TimeDelta::minutes(1));
    world.request_change().execute(&eve, email(NEW), &context()).await.unwrap();
    let own = world.post().await.swap_remove(0);
    let eve = SignedIn { user: world.user(EVE).await.unwrap(), ..eve };
    world.refuses(typed(code(&mail), &eve), "wrong_code").await;
    let event = world.events().pop().unwrap();
    assert!(matches!(event.target, Target::Mailbox { user, .. } if user == Some(eve.user.id)));
    // Each has the code of their own mail, though both are for one address; the first of them gets it.
    world.confirms(typed(code(&own), &eve)).await.unwrap();
    assert!(matches!(world.confirms(typed(code(&mail), &caller)).await, Err(ConfirmEmailChangeError::EmailTaken)));
}

#[tokio::test]
async fn five_wrong_codes_void_the_code_and_not_the_link() {
    let (world, caller, mail) = asked().await;
    for _ in 0..5 {
        world.refuses(typed("1234567".to_owned(), &caller), "wrong_code").await;
    }
    world.refuses(typed(code(&mail), &caller), "unknown").await;
    world.confirms(by_token(&mail)).await.unwrap();
}

#[tokio::test]
async fn an_address_that_somebody_took_meanwhile_leaves_the_proof_good() {
    let (world, caller, mail) = asked().await;
    let eve = world.keep(user(NEW)).await;
    for _ in 0..6 {
        let outcome = world.confirms(typed(code(&mail), &caller)).await;
        assert!(matches!(outcome, Err(ConfirmEmailChangeError::EmailTaken)));
    }
    assert_eq!(world.user(ANN).await.unwrap().id, caller.user.id);
    assert!(world.store.drop_account(eve.id, start()).await.unwrap());
    // Deletion voids what was sent to the address.
    let outcome = world.confirms(by_token(&mail)).await;
    assert!(outcome.is_ok(), "but not what another account asked for: {outcome:?}");
}

#[tokio::test]
async fn the_former_address_is_out_of_reach_for_72_hours() {
    let (world, caller, mail) = asked().await;
    world.keep(user(EVE)).await;
    let eve = world.sign_in(EVE).await;
    world.confirms(by_token(&mail)).await.unwrap();
    world.post().await;
    // Asked for just before it was given up, as it were: the proof is there and was never sent.
    world.request_change().execute(&eve, email(ANN), &context()).await.unwrap();
    let asked = world.store.mails().into_iter().find(|entry| {
        entry.mail.to == email(ANN) && entry.mail.proof.as_ref().is_some_and(|proof| proof.user == Some(eve.user.id))
    });
    let id = asked.and_then(|entry| entry.mail.proof).unwrap().id;
    let token = crate::mail::ports::ProofCodec::token(&crate::testkit::FakeProofs::default(), id);
    let confirmation = || Confirmation::Token { token: token.clone(), caller: None };
    assert!(matches!(world.confirms(confirmation()).await, Err(ConfirmEmailChangeError::EmailTaken)));
    let register = |at| {
        let store = world.store.clone();
        let newcomer = crate::identity::user::User { created_at: at, updated_at: at, ..user(ANN) };
        async move { UserStore::insert(&store, &newcomer, None, None).await.unwrap() }
    };
    let end = start() + TimeDelta::hours(72);
    assert_eq!(register(end - TimeDelta::microseconds(1)).await, Inserted::EmailTaken);
    assert_eq!(register(end).await, Inserted::Yes);
    assert_eq!(world.user(NEW).await.unwrap().id, caller.user.id);
}

#[tokio::test]
async fn what_changes_the_account_voids_the_proof() {
    let (world, caller, mail) = asked().await;
    world.store.disable(caller.user.id, start()).await.unwrap();
    world.refuses(by_token(&mail), "voided").await;
    let (world, caller, mail) = asked().await;
    world.store.drop_account(caller.user.id, start()).await.unwrap();
    world.refuses(by_token(&mail), "unknown").await;
    let (world, _, mail) = asked().await;
    world.clock.advance(TimeDelta::hours(24));
    world.refuses(by_token(&mail), "expired").await;
}

async fn confirming(outcome: fn() -> Result<Confirmed, PortError>) -> (World, Result<(), ConfirmEmailChangeError>) {
    let (world, _, mail) = asked().await;
    let mut mailbox = MockMailboxStore::new();
    mailbox.expect_confirm_change().once().returning(move |_, _, _, _, _| outcome());
    let confirm = ConfirmEmailChange { mailbox: Arc::new(mailbox), ..world.confirm_change() };
    let outcome = confirm.execute(by_token(&mail), &context()).await;
    (world, outcome)
}

#[tokio::test]
async fn who_loses_the_race_for_a_proof_has_none_any_more() {
    let (world, outcome) = confirming(|| Ok(Confirmed::ProofGone)).await;
    assert!(matches!(outcome, Err(ConfirmEmailChangeError::Proof)));
    assert_eq!(world.last_told(), Some(("proof_refused", Some("spent"))));
}

#[tokio::test]
async fn an_outage_stays_an_outage_and_what_may_have_happened_is_audited() {
    let (world, outcome) = confirming(down).await;
    assert!(matches!(outcome, Err(ConfirmEmailChangeError::Port(PortError::Unavailable(_)))));
    assert_eq!(world.last_told(), Some(("email_change_requested", None)));
    let (world, outcome) = confirming(unheard).await;
    assert!(matches!(outcome, Err(ConfirmEmailChangeError::Port(PortError::Unknown(_)))));
    assert_eq!(world.last_told(), Some(("email_changed", Some("outcome_unknown"))));
    let (world, caller, mail) = asked().await;
    world.store.go_away();
    for confirmation in [by_token(&mail), typed(code(&mail), &caller)] {
        assert!(matches!(world.confirms(confirmation).await, Err(ConfirmEmailChangeError::Port(PortError::Unavailable(_)))));
    }
    world.store.come_back();
    world.confirms(by_token(&mail)).await.unwrap();
}
