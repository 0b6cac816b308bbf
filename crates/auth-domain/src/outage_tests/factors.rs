//! Use cases of second factors together: what a thief gains, and what an owner keeps.

use std::sync::Arc;

use crate::{
    factors::policy::MfaPolicy,
    identity::port_error::PortError,
    mail::message::Template,
    mfa::{
        ports::FactorList,
        remove::{RemoveFactor, RemoveFactorError},
    },
    passwords::policy::ChosenPassword,
    sessions::authenticate::SignedIn,
    sign_in::{login::LoggedIn, login_factor::LoginWithFactorError, login_passkey::LoginWithPasskeyError, second_factor::Shown},
    testing::{
        factors::{Authenticator, Server, code, wrong_code},
        mail::{ANN, by_token, token},
        no_mail,
    },
    testkit::samples::{OTHER_PASSWORD, PASSWORD, attempt, context, email},
};

/// Whether a login with a password is asked for more.
async fn is_asked(server: &Server, password: &str) -> bool {
    let outcome = server.login().execute(&email(ANN), attempt(password), &context()).await.unwrap();
    matches!(outcome, LoggedIn::SecondFactorRequired(_))
}

#[tokio::test]
async fn a_store_that_is_away_refuses_nobody_and_uses_nothing_up() {
    let (server, app, _) = Server::with_app().await;
    let mut authenticator = server.add_passkey().await;
    let token = server.first_step().await.token;
    let (shown, answer) = (app.shows(server.now()), server.signed_by(&mut authenticator));
    server.news();
    server.world.store.go_away();
    for shown in [code(&shown), wrong_code(), Shown::Passkey(answer.clone())] {
        let outcome = server.second_step(&token, shown).await;
        assert!(matches!(outcome, Err(LoginWithFactorError::Port(PortError::Unavailable(_)))));
    }
    let outcome = server.login_passkey().execute(&answer, &context()).await;
    assert!(matches!(outcome, Err(LoginWithPasskeyError::Port(PortError::Unavailable(_)))));
    assert_eq!(server.told(), []);
    server.world.store.come_back();
    assert!(server.second_step(&token, code(shown)).await.is_ok());
    assert!(server.login_passkey().execute(&answer, &context()).await.is_ok());
}

#[tokio::test]
async fn a_factor_that_a_thief_has_added_goes_with_the_undo_link() {
    let server = Server::with_ann().await;
    let thief = server.world.sign_in(ANN).await;
    let app = server.enrolled(&thief).await;
    server.confirmed(&thief, &app).await;
    let notice = server.world.posted().await;
    assert_eq!(notice.template, Template::FactorAdded);
    let thief = SignedIn { user: server.ann().await, session: server.stored(&thief).await };
    server.wait(60);
    let mut authenticator = Authenticator::of(&thief.user);
    server.registered(&thief, &authenticator).await;
    assert!(is_asked(&server, PASSWORD).await, "the owner is locked out");

    server.world.undo().execute(token(&notice), &context()).await.unwrap();
    assert_eq!((server.list().await, server.live().await), (FactorList::default(), vec![]));
    let answer = server.signed_by(&mut authenticator);
    assert!(server.login_passkey().execute(&answer, &context()).await.is_err());
    let mails = server.world.post().await;
    let reset = mails.iter().find(|mail| mail.template == Template::Reset).unwrap();
    server.world.reset().execute(&by_token(reset), ChosenPassword::new(OTHER_PASSWORD.to_owned()), &context()).await.unwrap();
    assert!(!is_asked(&server, OTHER_PASSWORD).await);
}

#[tokio::test]
async fn a_reset_keeps_the_factors_of_a_verified_account_alone() {
    for is_verified in [true, false] {
        let (server, app, _) = Server::with_app().await;
        let ann = server.ann().await;
        if is_verified {
            server.world.store.verify_address(ann.id, server.now()).await.unwrap();
        }
        server.world.post().await;
        let reset = server.world.asked_to_reset(ANN).await;
        let chosen = ChosenPassword::new(OTHER_PASSWORD.to_owned());
        server.world.reset().execute(&by_token(&reset), chosen, &context()).await.unwrap();
        assert_eq!(is_asked(&server, OTHER_PASSWORD).await, is_verified, "{app:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_factor_is_required_one_stays_however_many_are_removed_at_once() {
    let (server, _, _) = Server::with_app().await;
    server.add_passkey().await;
    let caller = server.world.sign_in(ANN).await;
    let factors = server.list().await.factors;
    let removals: Vec<_> = (0..32)
        .map(|number| {
            let (server, caller, id) = (server.clone(), caller.clone(), factors[number % 2].id);
            let (audit, clock) = (Arc::new(server.world.audit.clone()), Arc::new(server.world.clock.clone()));
            let (factors, policy) = (Arc::new(server.world.store.clone()), MfaPolicy::Required);
            let remove = RemoveFactor { factors, policy, writer: no_mail(), audit, clock, with_factor: true };
            tokio::spawn(async move { remove.execute(&caller, id, &context()).await })
        })
        .collect();
    let mut removed = 0;
    for removal in removals {
        match removal.await.unwrap() {
            Ok(()) => removed += 1,
            Err(RemoveFactorError::Last | RemoveFactorError::LastAdministrator | RemoveFactorError::NotFound) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!((removed, server.list().await.factors.len()), (1, 1));
}

/// Registered by one session, an account's factors hold for every other way in.
#[tokio::test]
async fn no_session_of_the_first_step_is_left_by_then() {
    let server = Server::with_ann().await;
    let (owner, thief) = (server.world.sign_in(ANN).await, server.world.sign_in(ANN).await);
    let pending = server.enrolled(&thief).await;
    let app = server.enrolled(&owner).await;
    server.confirmed(&owner, &app).await;
    assert!(!server.world.is_alive(thief.session.id).await);
    server.wait(30);
    let outcome = server.confirm().execute(&thief, pending.id, &pending.shows(server.now()), &context()).await;
    assert!(outcome.is_err(), "what the thief has enrolled is replaced, and the session is over");
    assert!(is_asked(&server, PASSWORD).await);
}
