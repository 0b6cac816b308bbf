//! Use cases of mail together: races for one proof, and what somebody gains who registers an address that is not theirs.

use chrono::TimeDelta;

use crate::{
    identity::port_error::PortError,
    mail::message::{Mail, Template},
    mailbox::{
        confirm_change::Confirmation,
        present::{PresentError, Presented},
        reset::ResetPasswordError,
        verify::{Claim, VerifyEmailError},
    },
    passwords::policy::ChosenPassword,
    sessions::{authenticate::SignedIn, ports::SessionStore},
    sign_in::register::{Registered, Verification},
    testing::{
        mail::{ANN, NEW, World, by_code, by_token, templates, token, writer, wrong_code},
        opened, signed_in,
    },
    testkit::samples::{OTHER_PASSWORD, PASSWORD, attempt, context, email, new_password, start},
};

const RACERS: usize = 32;

fn chosen(text: &str) -> ChosenPassword {
    ChosenPassword::new(text.to_owned())
}

/// How many of many uses of one proof at once were let through.
async fn racing<F: Future<Output = bool> + Send + 'static>(world: &World, mail: &Mail, one: fn(World, Mail) -> F) -> usize {
    let racers: Vec<_> = (0..RACERS).map(|_| tokio::spawn(one(world.clone(), mail.clone()))).collect();
    let mut through = 0;
    for racer in racers {
        through += usize::from(racer.await.unwrap());
    }
    through
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uses_of_one_proof_one_is_let_through() {
    let (world, _) = World::with_ann().await;
    let verify = world.asked_to_verify(ANN).await;
    let verifies = |world: World, mail: Mail| async move {
        match world.verify().execute(&by_token(&mail), Claim::Password(attempt(PASSWORD)), &context()).await {
            Ok(()) => true,
            Err(VerifyEmailError::Proof) => false,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(racing(&world, &verify, verifies).await, 1);

    let reset = world.asked_to_reset(ANN).await;
    let resets = |world: World, mail: Mail| async move {
        match world.reset().execute(&by_token(&mail), chosen(OTHER_PASSWORD), &context()).await {
            Ok(()) => true,
            Err(ResetPasswordError::Proof) => false,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(racing(&world, &reset, resets).await, 1);
    let notice = world.posted().await;

    let caller = world.sign_in(ANN).await;
    world.request_change().execute(&caller, email(NEW), &context()).await.unwrap();
    let change = world.post().await.swap_remove(0);
    let confirms = |world: World, mail: Mail| async move {
        let confirmation = Confirmation::Token { token: token(&mail), caller: None };
        world.confirm_change().execute(confirmation, &context()).await.is_ok()
    };
    assert_eq!(racing(&world, &change, confirms).await, 1);
    world.post().await;

    let undoes = |world: World, mail: Mail| async move {
        match world.undo().execute(token(&mail), &context()).await {
            Ok(()) => true,
            Err(PresentError::Refused) => false,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(racing(&world, &notice, undoes).await, 1);
    assert_eq!(templates(&world.post().await), [(Template::Reset, ANN)]);

    let waiting = world.registered("new@example.org", PASSWORD).await;
    let completes = |world: World, mail: Mail| async move {
        world.verify().execute(&by_code(&mail), Claim::NewPassword(chosen(OTHER_PASSWORD)), &context()).await.is_ok()
    };
    assert_eq!(racing(&world, &waiting, completes).await, 1);
    let undone = world.events().iter().filter(|event| event.kind.name() == "undone").count();
    assert_eq!(undone, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_guesses_at_once_are_five() {
    let (world, _) = World::with_ann().await;
    let mail = world.asked_to_reset(ANN).await;
    let guesses = |world: World, mail: Mail| async move {
        world.reset().execute(&wrong_code(&mail), chosen(OTHER_PASSWORD), &context()).await.is_ok()
    };
    assert_eq!(racing(&world, &mail, guesses).await, 0);
    let because = |reason| world.told().iter().filter(|told| **told == ("proof_refused", Some(reason))).count();
    assert_eq!((because("wrong_code"), because("unknown")), (5, RACERS - 5));
    assert!(world.reset().execute(&by_code(&mail), chosen(OTHER_PASSWORD), &context()).await.is_err());
    world.reset().execute(&by_token(&mail), chosen(OTHER_PASSWORD), &context()).await.unwrap();
}

/// Where nothing waits for a proof, a thief may have an account of Ann's address until she comes.
#[tokio::test]
async fn who_registers_the_address_of_another_loses_it_to_whoever_reads_its_mails() {
    let world = World::default();
    let register = world.register(Verification::Optional(writer()));
    let outcome = register.execute(email(ANN), new_password("The-Thief-Knows-1"), &context()).await;
    let (access, _) = opened(&signed_in(outcome.unwrap()));
    // The owner's click alone gives the thief nothing.
    let mail = world.posted().await;
    let without_password = world.verify().execute(&by_token(&mail), Claim::NewPassword(chosen(PASSWORD)), &context()).await;
    assert!(matches!(without_password, Err(VerifyEmailError::PasswordNeeded)));
    assert_eq!(world.user(ANN).await.unwrap().email_verified_at, None);
    // The thief asks for an address of their own before she resets the password.
    let (session, user) = SessionStore::find(&world.store, access.session).await.unwrap().unwrap();
    let thief = SignedIn { user, session };
    world.request_change().execute(&thief, email("thief@evil.example"), &context()).await.unwrap();
    let change = world.post().await.swap_remove(0);
    let reset = world.asked_to_reset(ANN).await;
    world.reset().execute(&by_token(&reset), chosen(PASSWORD), &context()).await.unwrap();
    assert!(!world.is_alive(access.session).await);
    let confirmation = Confirmation::Token { token: token(&change), caller: None };
    assert!(world.confirm_change().execute(confirmation, &context()).await.is_err());
    assert!(world.login().execute(&email(ANN), attempt("The-Thief-Knows-1"), &context()).await.is_err());
    let ann = world.user(ANN).await.unwrap();
    assert_eq!((ann.email_verified_at, ann.pending_email), (Some(start()), None));
}

#[tokio::test]
async fn even_an_address_that_the_thief_has_changed_comes_back() {
    let world = World::default();
    let register = world.register(Verification::Optional(writer()));
    let outcome = register.execute(email(ANN), new_password("The-Thief-Knows-1"), &context()).await;
    assert!(matches!(outcome, Ok(Registered::SignedIn(_))));
    world.post().await;
    let thief = world.sign_in(ANN).await;
    world.request_change().execute(&thief, email("thief@evil.example"), &context()).await.unwrap();
    let mails = world.post().await;
    let confirmation = Confirmation::Token { token: token(&mails[0]), caller: None };
    world.confirm_change().execute(confirmation, &context()).await.unwrap();
    let notice = world.posted().await;
    assert_eq!(notice.to, email(ANN));
    // What the thief may do meanwhile, with the account that has their own address now.
    world.clock.advance(TimeDelta::minutes(1));
    let own = world.asked_to_reset("thief@evil.example").await;
    world.reset().execute(&by_token(&own), chosen(OTHER_PASSWORD), &context()).await.unwrap();
    let theirs = world.posted().await;
    world.undo().execute(token(&notice), &context()).await.unwrap();
    assert!(world.undo().execute(token(&theirs), &context()).await.is_err(), "a younger link has lost its power");
    assert_eq!(world.user("thief@evil.example").await, None);
    let reset = world.posted().await;
    world.reset().execute(&by_token(&reset), chosen(PASSWORD), &context()).await.unwrap();
    assert!(world.login().execute(&email(ANN), attempt(PASSWORD), &context()).await.is_ok());
}

#[tokio::test]
async fn a_store_that_is_away_refuses_no_proof() {
    let (world, _) = World::with_ann().await;
    let mail = world.asked_to_reset(ANN).await;
    for presented in [by_token(&mail), by_code(&mail), by_code(&mail), by_code(&mail), by_code(&mail), by_code(&mail)] {
        world.store.go_away();
        let outcome = world.reset().execute(&presented, chosen(OTHER_PASSWORD), &context()).await;
        assert!(matches!(outcome, Err(ResetPasswordError::Port(PortError::Unavailable(_)))));
        world.store.come_back();
    }
    world.reset().execute(&by_code(&mail), chosen(OTHER_PASSWORD), &context()).await.unwrap();
    let forged = Presented::Token("proof:nonsense".to_owned());
    world.store.go_away();
    let outcome = world.reset().execute(&forged, chosen(OTHER_PASSWORD), &context()).await;
    assert!(matches!(outcome, Err(ResetPasswordError::Proof)), "nobody is asked about a token that is none");
}
