//! What comes of two that show the same, and outages at each port.

use std::sync::Arc;

use crate::{
    factors::{
        ports::{MockSecondStepStore, SecondStepStore},
        second_step::StepFault,
    },
    identity::port_error::PortError,
    passkeys::{assert::AssertPasskey, ports::MockPasskeyStore},
    sessions::ports::{Begun, MockSessionStore},
    sign_in::{
        begin::BeginSession,
        login_factor::{LoginWithFactor, LoginWithFactorError},
        second_factor::{JudgeSecondFactor, Shown},
    },
    testing::{
        broken_issuer, down,
        factors::{Server, code, wrong_code},
        unheard,
    },
    testkit::samples::context,
};

type Fate = Result<Result<Begun, StepFault>, PortError>;

/// A login whose session begins as is said, one time after another.
async fn with_fates(server: &Server, fates: Vec<Fate>) -> LoginWithFactor {
    let (mut sessions, mut fates) = (MockSessionStore::new(), fates.into_iter());
    sessions.expect_begin_by().times(fates.len()).returning(move |_, _, _, _, _| fates.next().unwrap());
    let begin = BeginSession { sessions: Arc::new(sessions), ..server.begin() };
    LoginWithFactor { begin, ..server.login_factor() }
}

fn begun() -> Fate {
    Ok(Ok(Begun::Yes { displaced: Vec::new() }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uses_of_one_code_at_once_one_begins_a_session() {
    for one_token in [true, false] {
        let (server, app, _) = Server::with_app().await;
        let shown = app.shows(server.now());
        let token = server.first_step().await.token;
        let mut uses = Vec::new();
        for _ in 0..32 {
            let token = if one_token { token.clone() } else { server.first_step().await.token };
            let (server, shown) = (server.clone(), code(&shown));
            uses.push(tokio::spawn(async move { server.second_step(&token, shown).await.is_ok() }));
        }
        let mut through = 0;
        for one in uses {
            through += usize::from(one.await.unwrap());
        }
        assert_eq!((through, server.live().await.len()), (1, 2), "beside the session that enrolled the app");
    }
}

#[tokio::test]
async fn a_right_code_is_judged_again_when_a_wrong_one_was_counted_meanwhile() {
    let (server, app, _) = Server::with_app().await;
    let token = server.first_step().await.token;
    let login = with_fates(&server, vec![Ok(Err(StepFault::Raced)), Ok(Err(StepFault::Raced)), begun()]).await;
    assert!(login.execute(&token, code(app.shows(server.now())), &context()).await.is_ok());
}

#[tokio::test]
async fn a_passkey_is_verified_once_however_often_the_rest_is_judged() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let token = server.first_step().await.token;
    let login = with_fates(&server, vec![Ok(Err(StepFault::Raced)), begun()]).await;
    let answer = server.signed_by(&mut authenticator);
    assert!(login.execute(&token, Shown::Passkey(answer), &context()).await.is_ok());
}

#[tokio::test]
async fn what_was_used_up_meanwhile_is_counted_as_wrong() {
    let (server, app, codes) = Server::with_app().await;
    for (shown, why) in [(app.shows(server.now()), "code_used"), (codes[0].clone(), "wrong_code")] {
        let token = server.first_step().await.token;
        server.news();
        let before = server.ann().await.wrong_codes.count;
        let login = with_fates(&server, vec![Ok(Err(StepFault::EvidenceUsed))]).await;
        let outcome = login.execute(&token, code(shown), &context()).await;
        assert!(matches!(outcome, Err(LoginWithFactorError::Refused)));
        assert_eq!(server.told(), [("second_factor_refused", Some(why))]);
        assert_eq!(server.ann().await.wrong_codes.count, before + 1);
    }
}

#[tokio::test]
async fn a_token_that_is_void_by_then_begins_nothing() {
    let (server, app, _) = Server::with_app().await;
    for (fate, why) in [(Ok(Err(StepFault::TokenUsed)), "token_used"), (Ok(Ok(Begun::No)), "account_changed_meanwhile")] {
        let token = server.first_step().await.token;
        server.news();
        let login = with_fates(&server, vec![fate]).await;
        let outcome = login.execute(&token, code(app.shows(server.now())), &context()).await;
        assert!(matches!(outcome, Err(LoginWithFactorError::TokenInvalid)));
        assert_eq!(server.told(), [("second_factor_refused", Some(why))]);
    }
}

#[tokio::test]
async fn a_session_of_which_nobody_heard_is_told_as_such() {
    let (server, app, _) = Server::with_app().await;
    let token = server.first_step().await.token;
    server.news();
    let login = with_fates(&server, vec![unheard()]).await;
    let outcome = login.execute(&token, code(app.shows(server.now())), &context()).await;
    assert!(matches!(outcome, Err(LoginWithFactorError::Port(PortError::Unknown(_)))));
    assert_eq!(server.told(), [("login_succeeded", Some("outcome_unknown"))]);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let (server, app, _) = Server::with_app().await;
    let mut authenticator = server.add_passkey().await;
    let found = SecondStepStore::find(&server.world.store, server.ann().await.id).await.unwrap();
    let mut away = MockSecondStepStore::new();
    away.expect_find().returning(|_| down());
    let mut not_counting = MockSecondStepStore::new();
    not_counting.expect_find().returning(move |_| Ok(found.clone()));
    not_counting.expect_count_wrong().returning(|_, _, _, _| down());
    let mut not_finding = MockPasskeyStore::new();
    not_finding.expect_find().returning(|_| down());
    let judge_by = |steps| LoginWithFactor {
        judge: JudgeSecondFactor { steps: Arc::new(steps), ..server.judge() },
        ..server.login_factor()
    };
    let passkeys = Some(AssertPasskey { passkeys: Arc::new(not_finding), ..server.assert() });
    let begin = BeginSession { issuer: broken_issuer(), ..server.begin() };
    let lost = crate::testkit::FakeTotp::with_keys(&["b"]);
    let right = || code(app.shows(server.now()));
    let token = server.first_step().await.token;
    server.news();
    for (login, shown) in [
        (judge_by(away), right()),
        (judge_by(not_counting), wrong_code()),
        (
            LoginWithFactor { judge: JudgeSecondFactor { passkeys, ..server.judge() }, ..server.login_factor() },
            Shown::Passkey(server.signed_by(&mut authenticator)),
        ),
        (with_fates(&server, vec![down()]).await, right()),
        (LoginWithFactor { begin, ..server.login_factor() }, right()),
    ] {
        let outcome = login.execute(&token, shown, &context()).await;
        assert!(matches!(outcome, Err(LoginWithFactorError::Port(PortError::Unavailable(_)))));
    }
    let judge = JudgeSecondFactor { totp: Some(Arc::new(lost)), ..server.judge() };
    let login = LoginWithFactor { judge, ..server.login_factor() };
    let outcome = login.execute(&token, right(), &context()).await;
    assert!(matches!(outcome, Err(LoginWithFactorError::Port(PortError::Corrupt(_)))), "no key, no answer");
    assert_eq!(server.told(), []);
    assert!(server.second_step(&token, right()).await.is_ok(), "the token and the code are as good as before");
}
