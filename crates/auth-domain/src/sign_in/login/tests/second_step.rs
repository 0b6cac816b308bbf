//! Logging in to an account with a second factor: the first step.

use crate::identity::administrator::LastAdministrator;
use crate::{
    audit::event::{Actor, Target},
    factors::{
        one_time_token::{ONE_TIME_LIFE, OneTimePurpose},
        policy::MfaPolicy,
        ports::OneTimeTokenCodec,
    },
    identity::method::Method,
    mfa::ports::FactorStore,
    sign_in::login::{AskForFactor, LoggedIn, Login, LoginError},
    testing::{
        entered,
        factors::{Server, code, methods_of},
        mail::ANN,
        second_step,
    },
    testkit::{
        FakeOneTimeTokens,
        samples::{OTHER_PASSWORD, PASSWORD, attempt, context, email},
    },
};

async fn logs_in(login: &Login) -> LoggedIn {
    login.execute(&email(ANN), attempt(PASSWORD), &context()).await.unwrap()
}

#[tokio::test]
async fn an_account_with_a_factor_is_asked_for_it() {
    let (server, _, _) = Server::with_app().await;
    let before = server.ann().await;
    server.wait(60);
    let pending = server.first_step().await;
    assert_eq!((pending.expires_in, pending.methods), (ONE_TIME_LIFE, vec![Method::Totp, Method::RecoveryCode]));
    let token = FakeOneTimeTokens::default().decode(&pending.token).unwrap();
    let authenticated_at = server.now();
    let expected = OneTimePurpose::SecondStep { user: before.id, proven: before.version(), authenticated_at };
    assert_eq!((token.purpose, token.expires_at), (expected, authenticated_at + ONE_TIME_LIFE));
    let events = server.news();
    assert_eq!(methods_of(&events), [("second_factor_required", vec![Method::Password])]);
    assert_eq!((events[0].actor, &events[0].target), (Actor::Unknown, &Target::account(&before)));
    assert_eq!(server.ann().await, before, "the login is not complete, so nothing is stored");
    assert_ne!(server.first_step().await.token, pending.token);
}

#[tokio::test]
async fn what_is_asked_for_is_what_the_account_has_and_the_server_takes() {
    let (server, _, _) = Server::with_app().await;
    server.add_passkey().await;
    let all = vec![Method::Totp, Method::Passkey, Method::RecoveryCode];
    assert_eq!(server.first_step().await.methods, all);
    let takes = vec![Method::RecoveryCode, Method::Passkey];
    let login = Login { second_step: AskForFactor { takes, ..second_step() }, ..server.login() };
    let LoggedIn::SecondFactorRequired(pending) = logs_in(&login).await else { panic!("not asked") };
    assert_eq!(pending.methods, [Method::Passkey, Method::RecoveryCode]);
    let login = Login { second_step: AskForFactor { takes: Vec::new(), ..second_step() }, ..server.login() };
    let LoggedIn::SecondFactorRequired(pending) = logs_in(&login).await else { panic!("a password alone is never enough") };
    assert_eq!(pending.methods, []);
}

#[tokio::test]
async fn the_last_recovery_code_is_not_asked_for_once_it_is_used() {
    let (server, _, codes) = Server::with_app().await;
    for recovery in &codes {
        assert!(server.first_step().await.methods.contains(&Method::RecoveryCode));
        assert!(server.logs_in(code(recovery)).await.is_ok());
    }
    assert_eq!(server.first_step().await.methods, [Method::Totp]);
}

#[tokio::test]
async fn the_policy_decides_who_is_asked() {
    let with_factor = Server::with_app().await.0;
    let without = Server::with_ann().await;
    for (policy, asks) in [(MfaPolicy::Off, false), (MfaPolicy::Optional, true), (MfaPolicy::Required, true)] {
        let server = Server { policy, ..with_factor.clone() };
        assert_eq!(matches!(logs_in(&server.login()).await, LoggedIn::SecondFactorRequired(_)), asks, "{policy:?}");
        let server = Server { policy, ..without.clone() };
        let pair = entered(logs_in(&server.login()).await);
        assert_eq!(server.methods(&pair.access), "pwd", "{policy:?}");
    }
}

#[tokio::test]
async fn where_a_factor_is_required_a_session_without_one_is_for_enrolment_alone() {
    let server = Server { policy: MfaPolicy::Required, ..Server::with_ann().await };
    let pair = entered(logs_in(&server.login()).await);
    let scope = crate::testing::read(crate::sessions::token::TokenKind::Access, &pair.access).scope;
    assert_eq!(scope, Some(crate::sessions::token::Scope::Enrol));
}

#[tokio::test]
async fn an_app_that_waits_for_its_first_code_is_not_asked_for() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    server.enrolled(&caller).await;
    assert!(matches!(logs_in(&server.login()).await, LoggedIn::SignedIn(_)));
}

#[tokio::test]
async fn an_account_whose_last_factor_is_gone_is_asked_no_more() {
    let (server, app, _) = Server::with_app().await;
    let ann = server.ann().await;
    let removed = server.world.store.remove(ann.id, app.id, false, LastAdministrator::MayGo, server.now(), None).await.unwrap();
    assert!(matches!(removed, crate::mfa::ports::Removed::Yes { .. }));
    assert!(matches!(logs_in(&server.login()).await, LoggedIn::SignedIn(_)));
}

#[tokio::test]
async fn a_wrong_password_is_refused_as_ever() {
    let (server, _, _) = Server::with_app().await;
    let outcome = server.login().execute(&email(ANN), attempt(OTHER_PASSWORD), &context()).await;
    assert!(matches!(outcome, Err(LoginError::InvalidCredentials)));
    assert_eq!(server.told(), [("login_failed", Some("wrong_password"))]);
}

#[tokio::test]
async fn an_address_that_has_to_be_verified_comes_first() {
    let (server, _, _) = Server::with_app().await;
    let login = Login { unverified: Some(server.world.ask()), ..server.login() };
    let outcome = login.execute(&email(ANN), attempt(PASSWORD), &context()).await;
    assert!(matches!(outcome, Err(LoginError::Unverified)));
}
