//! Registering where this server sends mails: nothing waits for a proof, or everything does.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{Register, RegisterError, Verification};
use crate::{
    accounts::ports::{MockUserStore, UserStore},
    audit::event::{Actor, Target},
    identity::{language::Language, port_error::PortError, request_context::RequestContext},
    mail::message::Template,
    passwords::ports::{Admission, MockPasswordHasher},
    sign_in::register::Registered,
    testing::{
        full, is_told_to_come_back,
        mail::{ANN, NEW, World, templates, token, writer},
        opened, signed_in,
    },
    testkit::samples::{OTHER_PASSWORD, PASSWORD, attempt, context, email, hash, new_password, start, user},
};

impl World {
    fn optional(&self) -> Register {
        self.register(Verification::Optional(writer()))
    }

    fn required(&self) -> Register {
        self.register(Verification::Required(self.ask()))
    }

    /// Gives ANN up: an undo link would put it back.
    async fn with_ann_kept() -> Self {
        let (world, _) = Self::with_ann().await;
        let caller = world.sign_in(ANN).await;
        world.request_change().execute(&caller, email(NEW), &context()).await.unwrap();
        let confirmation =
            crate::mailbox::confirm_change::Confirmation::Token { token: token(&world.post().await[0]), caller: None };
        world.confirm_change().execute(confirmation, &context()).await.unwrap();
        world.post().await;
        world
    }
}

async fn registers(register: &Register) -> Result<Registered, RegisterError> {
    register.execute(email(ANN), new_password(PASSWORD), &context()).await
}

#[tokio::test]
async fn where_it_is_optional_a_proof_goes_out_and_nothing_waits_for_it() {
    let world = World::default();
    let in_french = RequestContext { language: Some(Language::French), ..context() };
    let registered = world.optional().execute(email(ANN), new_password(PASSWORD), &in_french).await.unwrap();
    let (access, _) = opened(&signed_in(registered));
    let ann = world.user(ANN).await.unwrap();
    assert_eq!((ann.id, ann.email_verified_at, ann.language), (access.user, None, Some(Language::French)));
    assert!(world.is_alive(access.session).await);
    assert_eq!(world.told(), [("user_registered", None), ("verification_sent", None)]);
    assert!(world.events().iter().all(|event| event.actor == Actor::User(ann.id) && event.email() == Some(&ann.email)));
    let mail = world.posted().await;
    assert_eq!((mail.template, mail.language), (Template::Verify, Language::French));
}

#[tokio::test]
async fn where_it_is_optional_a_taken_address_is_refused_and_gets_no_mail() {
    let (world, _) = World::with_ann().await;
    assert!(matches!(registers(&world.optional()).await, Err(RegisterError::EmailTaken)));
    let kept = World::with_ann_kept().await;
    assert!(matches!(registers(&kept.optional()).await, Err(RegisterError::EmailTaken)), "an undo link would put it back");
    for world in [world, kept] {
        assert_eq!(
            (world.last_told(), templates(&world.post().await)),
            (Some(("registration_refused", Some("email_taken"))), vec![])
        );
    }
}

#[tokio::test]
async fn an_address_that_had_its_mails_is_registered_without_one() {
    let world = World::default();
    world.ask().verification(&email(ANN), &context()).await.unwrap();
    assert!(matches!(registers(&world.optional()).await, Ok(Registered::SignedIn(_))));
    assert_eq!(world.told()[1..], [("user_registered", None), ("mail_suppressed", None)]);
}

#[tokio::test]
async fn where_it_is_off_there_is_no_mail() {
    let world = World::default();
    assert!(matches!(registers(&world.register(Verification::Off)).await, Ok(Registered::SignedIn(_))));
    assert_eq!((world.store.mails(), world.told()), (vec![], vec![("user_registered", None)]));
}

/// Nobody is asked who has the address, and each way costs one hash.
#[tokio::test]
async fn where_it_is_required_the_answer_is_the_same_whoever_has_the_address() {
    let pending = World::default();
    pending.registered(ANN, OTHER_PASSWORD).await;
    pending.clock.advance(TimeDelta::minutes(1));
    let suppressed = World::default();
    suppressed.ask().verification(&email(ANN), &context()).await.unwrap();
    suppressed.post().await;
    let worlds = [
        (World::default(), vec![Template::Verify]),
        (World::with_ann().await.0, vec![Template::AccountExists]),
        (World::with_ann_kept().await, vec![Template::AccountExists]),
        (pending, vec![Template::Verify]),
        (suppressed, vec![]),
    ];
    for (world, said) in worlds {
        let before = world.user(ANN).await;
        let mut hasher = MockPasswordHasher::new();
        hasher.expect_admit().once().returning(|| Ok(Admission::holding(())));
        hasher.expect_hash().once().returning(|_, _| Ok(hash(PASSWORD)));
        let register = Register { users: Arc::new(MockUserStore::new()), hasher: Arc::new(hasher), ..world.required() };
        assert!(matches!(registers(&register).await, Ok(Registered::VerificationSent)));
        let event = world.events().pop().unwrap();
        let is_sent = event.kind.name() == "verification_sent" && event.target == Target::Address(email(ANN));
        assert!(is_sent || (event.kind.name() == "mail_suppressed" && said.is_empty()), "{event:?}");
        assert_eq!(world.post().await.iter().map(|mail| mail.template).collect::<Vec<_>>(), said);
        assert_eq!(world.user(ANN).await, before, "there is no account, and none has changed");
    }
}

#[tokio::test]
async fn where_it_is_required_the_newest_registration_is_kept_with_its_hash() {
    let world = World::default();
    for password in [OTHER_PASSWORD, PASSWORD] {
        let outcome = world.required().execute(email(ANN), new_password(password), &context()).await;
        assert!(matches!(outcome, Ok(Registered::VerificationSent)));
        world.clock.advance(TimeDelta::minutes(1));
    }
    let kept = world.present().proofs.registration(&email(ANN)).await.unwrap().unwrap();
    assert_eq!((kept.password, kept.created_at), (hash(PASSWORD), start() + TimeDelta::minutes(1)));
    assert!(world.login().execute(&email(ANN), attempt(PASSWORD), &context()).await.is_err(), "it is no account");
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    for is_required in [false, true] {
        let world = World::default();
        let register = if is_required { world.required() } else { world.optional() };
        world.store.go_away();
        assert!(matches!(registers(&register).await, Err(RegisterError::Port(PortError::Unavailable(_)))));
        assert_eq!(world.told(), []);
        let register = Register { hasher: Arc::new(full()), ..register };
        assert!(matches!(registers(&register).await, Err(RegisterError::Port(error)) if is_told_to_come_back(&error)));
        world.store.come_back();
        assert_eq!(
            (world.store.mails(), UserStore::find_by_email(&world.store, &user(ANN).email).await.unwrap()),
            (vec![], None)
        );
    }
}
