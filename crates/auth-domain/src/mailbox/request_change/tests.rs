//! Asking for another address, over a store in memory; and what a store may answer, mocked.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{RequestEmailChange, RequestEmailChangeError};
use crate::{
    audit::event::{Actor, Target},
    identity::{language::Language, port_error::PortError, request_context::RequestContext, user::PendingEmail},
    mail::{
        message::Template,
        ports::Requested,
        proof::{Purpose, UNDO_LIFE},
        writer::{MailWriter, NoticePolicy},
    },
    mailbox::ports::MockMailboxStore,
    sessions::authenticate::SignedIn,
    testing::{
        down,
        mail::{ANN, NEW, World, by_token, code, templates, token, writer},
        unheard,
    },
    testkit::samples::{context, email, start, user},
};

impl World {
    async fn asks(&self, caller: &SignedIn, new: &str) -> Result<(), RequestEmailChangeError> {
        self.request_change().execute(caller, email(new), &context()).await
    }
}

#[tokio::test]
async fn a_proof_goes_to_the_new_address_and_a_notice_with_an_undo_link_to_the_present_one() {
    let (world, ann) = World::with_ann().await;
    let caller = world.sign_in(ANN).await;
    let in_german = RequestContext { language: Some(Language::German), ..context() };
    world.request_change().execute(&caller, email(NEW), &in_german).await.unwrap();
    let now = world.user(ANN).await.unwrap();
    let until = start() + TimeDelta::hours(24);
    assert_eq!(now.pending_email, Some(PendingEmail { address: email(NEW), until }));
    assert_eq!((&now.email, now.email_verified_at), (&ann.email, None), "nothing else has changed yet");
    let mails = world.post().await;
    assert_eq!(templates(&mails), [(Template::Change, NEW), (Template::EmailChangeRequested, ANN)]);
    let (proof, notice) = (mails[0].proof.clone().unwrap(), mails[1].proof.clone().unwrap());
    assert_eq!((proof.expires_at, notice.expires_at), (until, start() + UNDO_LIFE));
    assert!(proof.code.is_some() && notice.code.is_none(), "a notice has no code");
    assert_eq!((&mails[0].other_address, &mails[1].other_address), (&Some(email(ANN)), &Some(email(NEW))));
    assert_eq!((mails[0].language, mails[1].language), (Language::German, Language::English), "of who asked, and of the account");
    let event = world.events().pop().unwrap();
    assert_eq!(
        (event.kind.name(), event.actor, event.session()),
        ("email_change_requested", Actor::User(ann.id), Some(caller.session.id))
    );
}

#[tokio::test]
async fn of_a_taken_address_nothing_can_be_told_but_by_whoever_reads_its_mails() {
    let (world, _) = World::with_ann().await;
    world.keep(user(NEW)).await;
    let caller = world.sign_in(ANN).await;
    world.asks(&caller, NEW).await.unwrap();
    assert_eq!(world.user(ANN).await.unwrap().pending_email.map(|pending| pending.address), Some(email(NEW)));
    let mails = world.post().await;
    assert_eq!(templates(&mails), [(Template::AccountExists, NEW), (Template::EmailChangeRequested, ANN)]);
    assert_eq!(mails[0].proof, None);
    assert_eq!(world.told(), [("email_change_requested", None)]);
}

#[tokio::test]
async fn an_address_that_an_undo_link_would_put_back_is_taken() {
    let (world, _) = World::with_ann().await;
    let caller = world.sign_in(ANN).await;
    world.asks(&caller, NEW).await.unwrap();
    let mails = world.post().await;
    let confirmation = crate::mailbox::confirm_change::Confirmation::Token { token: token(&mails[0]), caller: None };
    world.confirm_change().execute(confirmation, &context()).await.unwrap();
    world.post().await;
    world.keep(user("eve@example.org")).await;
    let eve = world.sign_in("eve@example.org").await;
    world.asks(&eve, ANN).await.unwrap();
    assert_eq!(
        templates(&world.post().await),
        [(Template::AccountExists, ANN), (Template::EmailChangeRequested, "eve@example.org")]
    );
    // To its own account it is free.
    world.clock.advance(TimeDelta::minutes(1));
    let caller = SignedIn { user: world.user(NEW).await.unwrap(), ..caller };
    world.asks(&caller, ANN).await.unwrap();
    assert_eq!(templates(&world.post().await), [(Template::Change, ANN), (Template::EmailChangeRequested, NEW)]);
}

#[tokio::test]
async fn the_present_address_is_no_other() {
    let (world, ann) = World::with_ann().await;
    let caller = world.sign_in(ANN).await;
    assert!(matches!(world.asks(&caller, "Ann@Example.org").await, Err(RequestEmailChangeError::Unchanged)));
    assert_eq!((world.store.mails(), world.told()), (vec![], vec![]));
    assert_eq!(world.user(ANN).await.unwrap().version, ann.version);
}

#[tokio::test]
async fn one_mail_too_many_is_answered_alike_and_changes_nothing() {
    let (world, _) = World::with_ann().await;
    let caller = world.sign_in(ANN).await;
    world.asks(&caller, NEW).await.unwrap();
    let first = world.post().await;
    let before = world.user(ANN).await;
    world.asks(&caller, NEW).await.unwrap();
    // Whoever asks: another account uses the same up.
    world.keep(user("eve@example.org")).await;
    let eve = world.sign_in("eve@example.org").await;
    world.asks(&eve, NEW).await.unwrap();
    assert_eq!((templates(&world.post().await), world.user(ANN).await), (vec![], before));
    assert_eq!(world.user("eve@example.org").await.unwrap().pending_email, None);
    let event = world.events().pop().unwrap();
    assert_eq!(event.kind.name(), "mail_suppressed");
    let target = Target::Mailbox { purpose: Purpose::Change, email: Some(email(NEW)), user: Some(eve.user.id) };
    assert_eq!(event.target, target);
    assert!(world.present().execute(Purpose::Change, &by_token(&first[0]), &context()).await.is_ok(), "the first is still good");
}

#[tokio::test]
async fn a_newer_request_voids_the_older_of_its_account_and_no_others() {
    let (world, _) = World::with_ann().await;
    world.keep(user("eve@example.org")).await;
    let (ann, eve) = (world.sign_in(ANN).await, world.sign_in("eve@example.org").await);
    world.asks(&ann, NEW).await.unwrap();
    let of_ann = world.post().await;
    world.clock.advance(TimeDelta::minutes(1));
    world.asks(&eve, NEW).await.unwrap();
    let of_eve = world.post().await;
    assert_ne!(code(&of_ann[0]), code(&of_eve[0]));
    let mut good = Vec::new();
    for mail in [&of_ann[0], &of_eve[0]] {
        good.push(world.present().execute(Purpose::Change, &by_token(mail), &context()).await.is_ok());
    }
    assert_eq!(good, [true, true], "whoever else asks for it voids nothing");
    world.asks(&ann, "ann@third.example").await.unwrap();
    assert!(world.present().execute(Purpose::Change, &by_token(&of_ann[0]), &context()).await.is_err());
    assert_eq!(world.last_told(), Some(("proof_refused", Some("voided"))));
}

#[tokio::test]
async fn the_notice_goes_where_others_are_switched_off() {
    let (world, _) = World::with_ann().await;
    let caller = world.sign_in(ANN).await;
    let writer = MailWriter { notices: NoticePolicy::AddressOnly, ..writer() };
    let request = RequestEmailChange { writer, ..world.request_change() };
    request.execute(&caller, email(NEW), &context()).await.unwrap();
    assert_eq!(templates(&world.post().await), [(Template::Change, NEW), (Template::EmailChangeRequested, ANN)]);
}

async fn asking(outcome: fn() -> Result<Requested, PortError>) -> (World, Result<(), RequestEmailChangeError>) {
    let (world, _) = World::with_ann().await;
    let caller = world.sign_in(ANN).await;
    let mut mailbox = MockMailboxStore::new();
    mailbox.expect_request_change().once().returning(move |_, _, _, _| outcome());
    let request = RequestEmailChange { mailbox: Arc::new(mailbox), ..world.request_change() };
    let outcome = request.execute(&caller, email(NEW), &context()).await;
    (world, outcome)
}

#[tokio::test]
async fn an_outage_stays_an_outage_and_what_may_have_happened_is_audited() {
    let (world, outcome) = asking(down).await;
    assert!(matches!(outcome, Err(RequestEmailChangeError::Port(PortError::Unavailable(_)))));
    assert_eq!(world.told(), []);
    let (world, outcome) = asking(unheard).await;
    assert!(matches!(outcome, Err(RequestEmailChangeError::Port(PortError::Unknown(_)))));
    assert_eq!(world.told(), [("email_change_requested", Some("outcome_unknown"))]);
}
