//! Authenticating again where the account has a second factor.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use crate::identity::administrator::LastAdministrator;
use crate::mfa::ports::FactorsReset;
use crate::{
    factors::{
        policy::MfaPolicy,
        ports::{MockSecondStepStore, SecondStepStore},
        second_step::StepFault,
    },
    identity::{method::Method, port_error::PortError},
    mail::message::Template,
    mfa::ports::FactorStore,
    sessions::{
        authentication::{AssuranceLevel, NotFresh},
        ports::{MockSessionStore, SessionStore},
    },
    sign_in::{
        reauthenticate::{Reauthenticate, ReauthenticateError},
        second_factor::{JudgeSecondFactor, Shown},
    },
    testing::{
        broken_issuer, down,
        factors::{Server, code, methods_of, wrong_code},
        mail::{ANN, templates},
        unheard,
    },
    testkit::samples::{PASSWORD, attempt, context},
};

#[tokio::test]
async fn a_code_makes_the_session_fresh_and_adds_to_its_methods() {
    let (server, app, _) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    server.wait(3600);
    let code = code(app.shows(server.now()));
    let token = server.reauthenticate().by_factor(&caller, code, &context()).await.unwrap();
    let how = server.how(&token.token);
    assert_eq!((how.methods.to_string(), how.at.timestamp()), ("pwd otp mfa".to_owned(), server.now().timestamp()));
    assert_eq!(server.stored(&caller).await.authentication.at, server.now());
    let again = crate::sessions::authenticate::SignedIn { user: server.ann().await, session: server.stored(&caller).await };
    assert_eq!(server.demand().check(&again), Ok(()));
    let events = server.news();
    assert_eq!(methods_of(&events), [("reauthenticated", vec![Method::Totp])]);
    assert_eq!(events[0].session(), Some(caller.session.id));
    assert_eq!(again.session.generation, caller.session.generation, "the refresh token stays");
}

#[tokio::test]
async fn a_passkey_and_a_recovery_code_do_as_well() {
    let (server, _, codes) = Server::with_app().await;
    let mut authenticator = server.add_passkey().await;
    let caller = server.world.sign_in(ANN).await;
    server.world.post().await;
    server.news();
    let answer = Shown::Passkey(server.signed_by(&mut authenticator));
    let token = server.reauthenticate().by_factor(&caller, answer, &context()).await.unwrap();
    assert_eq!(server.methods(&token.token), "pwd swk user mfa");
    assert_eq!(methods_of(&server.news()), [("reauthenticated", vec![Method::Passkey])]);
    let caller = crate::sessions::authenticate::SignedIn { session: server.stored(&caller).await, user: server.ann().await };
    let token = server.reauthenticate().by_factor(&caller, code(&codes[0]), &context()).await.unwrap();
    assert_eq!(server.methods(&token.token), "pwd otp swk user mfa", "what was shown before stays");
    let expected = [("reauthenticated", vec![Method::RecoveryCode]), ("recovery_code_used", vec![])];
    assert_eq!(methods_of(&server.news()), expected);
    assert_eq!(templates(&server.world.post().await), [(Template::RecoveryCodeUsed, ANN)]);
    let outcome = server.reauthenticate().by_factor(&caller, code(&codes[0]), &context()).await;
    assert!(matches!(outcome, Err(ReauthenticateError::FactorRefused)));
    assert_eq!(server.list().await.recovery_codes_left, 9);
}

#[tokio::test]
async fn a_password_alone_is_not_looked_at_where_the_account_has_a_factor() {
    let (mut server, _, _) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    for password in [PASSWORD, "wrong"] {
        let outcome = server.reauthenticate().by_password(&caller, attempt(password), &context()).await;
        let expected = NotFresh { max_age: TimeDelta::minutes(10), level: Some(AssuranceLevel::Aal2) };
        assert!(matches!(outcome, Err(ReauthenticateError::FactorMissing(missing)) if missing == expected));
        assert_eq!(server.told(), [("reauthentication_refused", Some("second_factor_missing"))]);
    }
    assert_eq!(server.stored(&caller).await.authentication, caller.session.authentication, "nothing changes");
    server.policy = MfaPolicy::Off;
    let token = server.reauthenticate().by_password(&caller, attempt(PASSWORD), &context()).await.unwrap();
    assert_eq!(server.methods(&token.token), "pwd");
}

#[tokio::test]
async fn a_wrong_code_counts_and_changes_nothing() {
    let (server, app, _) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    let used = app.shows(server.now());
    server.logs_in(code(&used)).await.unwrap();
    server.news();
    for (shown, why) in [("000000", "wrong_code"), (&*used, "code_used"), ("zzzzzz-zzzzzz-zzzzzz-zzzzzz", "wrong_code")] {
        let outcome = server.reauthenticate().by_factor(&caller, code(shown), &context()).await;
        assert!(matches!(outcome, Err(ReauthenticateError::FactorRefused)));
        assert_eq!(server.told(), [("second_factor_refused", Some(why)), ("reauthentication_refused", Some(why))]);
    }
    assert_eq!(server.ann().await.wrong_codes.count, 3);
    assert_eq!(server.stored(&caller).await.authentication, caller.session.authentication);
    assert!(
        server
            .reauthenticate()
            .by_factor(&caller, code(app.shows(server.now() + TimeDelta::seconds(30))), &context())
            .await
            .is_ok()
    );
    assert_eq!(server.ann().await.wrong_codes.count, 0);
}

#[tokio::test]
async fn a_wrong_passkey_is_not_counted() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let caller = server.world.sign_in(ANN).await;
    let mut answer = server.signed_by(&mut authenticator);
    answer.response.signature.clear();
    let outcome = server.reauthenticate().by_factor(&caller, Shown::Passkey(answer), &context()).await;
    assert!(matches!(outcome, Err(ReauthenticateError::FactorRefused)));
    let refused = ("second_factor_refused", Some("wrong_passkey"));
    let expected = [("passkey_refused", Some("wrong_signature")), refused, ("reauthentication_refused", Some("wrong_passkey"))];
    assert_eq!(server.told(), expected);
    assert_eq!(server.ann().await.wrong_codes.count, 0);
}

#[tokio::test]
async fn ten_wrong_codes_hold_codes_and_no_passkey() {
    let (server, app, _) = Server::with_app().await;
    let mut authenticator = server.add_passkey().await;
    let caller = server.world.sign_in(ANN).await;
    for _ in 0..10 {
        let outcome = server.reauthenticate().by_factor(&caller, wrong_code(), &context()).await;
        assert!(matches!(outcome, Err(ReauthenticateError::FactorRefused)));
    }
    server.news();
    let outcome = server.reauthenticate().by_factor(&caller, code(app.shows(server.now())), &context()).await;
    let wait = Duration::from_secs(30);
    assert!(matches!(outcome, Err(ReauthenticateError::TooManyAttempts { retry_after }) if retry_after == wait));
    assert_eq!(server.told(), [("second_factor_throttled", None)]);
    let answer = Shown::Passkey(server.signed_by(&mut authenticator));
    assert!(server.reauthenticate().by_factor(&caller, answer, &context()).await.is_ok());
}

#[tokio::test]
async fn an_account_without_a_factor_has_no_code_that_is_right() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    for shown in ["000000", "fake00-000000-000000-000001"] {
        let outcome = server.reauthenticate().by_factor(&caller, code(shown), &context()).await;
        assert!(matches!(outcome, Err(ReauthenticateError::FactorRefused)));
    }
    assert_eq!(server.stored(&caller).await.authentication.methods.level(), AssuranceLevel::Aal1);
}

#[tokio::test]
async fn a_session_that_ended_or_an_account_that_changed_meanwhile_is_not_made_fresh() {
    for change in 0..3 {
        let (server, app, _) = Server::with_app().await;
        let caller = server.world.sign_in(ANN).await;
        match change {
            0 => assert!(server.world.store.end(caller.session.id, server.now()).await.unwrap()),
            1 => {
                let keep = LastAdministrator::MayGo;
                let reset = FactorStore::reset(&server.world.store, caller.user.id, keep, server.now(), None).await.unwrap();
                assert!(matches!(reset, FactorsReset::Yes { .. }));
            }
            _ => drop(server.add_passkey().await),
        }
        server.news();
        let outcome = server.reauthenticate().by_factor(&caller, code(app.shows(server.now())), &context()).await;
        if change == 1 {
            assert!(matches!(outcome, Err(ReauthenticateError::FactorRefused)), "the app is gone");
        } else {
            assert!(matches!(outcome, Err(ReauthenticateError::Ended)));
            assert_eq!(server.told(), [("reauthentication_refused", Some("ended_meanwhile"))]);
        }
        assert_eq!(server.stored(&caller).await.authentication, caller.session.authentication);
    }
}

/// Its session is authenticated as is said, one time after another.
fn with_fates(server: &Server, fates: Vec<Result<Result<bool, StepFault>, PortError>>) -> Reauthenticate {
    let (mut sessions, mut fates) = (MockSessionStore::new(), fates.into_iter());
    sessions.expect_reauthenticate_by().times(fates.len()).returning(move |_, _, _, _, _| fates.next().unwrap());
    Reauthenticate { sessions: Arc::new(sessions), ..server.reauthenticate() }
}

#[tokio::test]
async fn a_right_code_is_judged_again_when_a_wrong_one_was_counted_meanwhile() {
    let (server, app, _) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    let again = with_fates(&server, vec![Ok(Err(StepFault::Raced)), Ok(Ok(true))]);
    assert!(again.by_factor(&caller, code(app.shows(server.now())), &context()).await.is_ok());
    let used = with_fates(&server, vec![Ok(Err(StepFault::EvidenceUsed))]);
    let outcome = used.by_factor(&caller, code(app.shows(server.now())), &context()).await;
    assert!(matches!(outcome, Err(ReauthenticateError::FactorRefused)));
    assert_eq!(server.ann().await.wrong_codes.count, 1);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let (server, app, _) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    let found = SecondStepStore::find(&server.world.store, caller.user.id).await.unwrap();
    let mut away = MockSecondStepStore::new();
    away.expect_find().returning(|_| down());
    let mut not_counting = MockSecondStepStore::new();
    not_counting.expect_find().returning(move |_| Ok(found.clone()));
    not_counting.expect_count_wrong().returning(|_, _, _, _| down());
    let judging = |steps| {
        let judge = JudgeSecondFactor { steps: Arc::new(steps), ..server.judge() };
        Reauthenticate { judge, ..server.reauthenticate() }
    };
    let right = || code(app.shows(server.now()));
    for (again, shown) in [
        (judging(away), right()),
        (judging(not_counting), wrong_code()),
        (with_fates(&server, vec![down()]), right()),
        (Reauthenticate { issuer: broken_issuer(), ..server.reauthenticate() }, right()),
    ] {
        let outcome = again.by_factor(&caller, shown, &context()).await;
        assert!(matches!(outcome, Err(ReauthenticateError::Port(PortError::Unavailable(_)))));
    }
    assert_eq!(server.told(), []);
    let outcome = with_fates(&server, vec![unheard()]).by_factor(&caller, right(), &context()).await;
    assert!(matches!(outcome, Err(ReauthenticateError::Port(PortError::Unknown(_)))));
    assert_eq!(server.told(), [("reauthenticated", Some("outcome_unknown"))]);
}
