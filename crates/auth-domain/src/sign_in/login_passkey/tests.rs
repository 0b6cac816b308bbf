//! Logging in with a passkey alone.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{LoginWithPasskey, LoginWithPasskeyError};
use crate::{
    audit::event::{Actor, Target},
    factors::{one_time_token::ONE_TIME_LIFE, policy::MfaPolicy, second_step::StepFault},
    identity::{method::Method, port_error::PortError},
    mail::message::Template,
    passkeys::assert::PasskeyAnswer,
    sessions::{
        authentication::AssuranceLevel,
        ports::{Begun, MockSessionStore},
        token::TokenPair,
    },
    sign_in::begin::BeginSession,
    testing::{
        broken_issuer, down,
        factors::{Authenticator, Server, methods_of},
        mail::{ANN, templates},
        unheard,
    },
    testkit::samples::context,
};

async fn logs_in(server: &Server, answer: &PasskeyAnswer) -> Result<TokenPair, LoginWithPasskeyError> {
    server.login_passkey().execute(answer, &context()).await
}

async fn is_refused(server: &Server, answer: &PasskeyAnswer, why: &'static str) {
    server.news();
    let outcome = logs_in(server, answer).await;
    assert!(matches!(outcome, Err(LoginWithPasskeyError::Refused)), "{why}");
    assert_eq!(server.told().last(), Some(&("passkey_refused", Some(why))));
}

#[tokio::test]
async fn a_passkey_is_two_factors_and_needs_no_password() {
    for (policy, backup_eligible, methods) in [
        (MfaPolicy::Optional, true, "swk user mfa"),
        (MfaPolicy::Required, false, "hwk user mfa"),
        (MfaPolicy::Off, true, "swk user mfa"),
    ] {
        let mut server = Server::with_ann().await;
        let caller = server.world.sign_in(ANN).await;
        let mut authenticator = Authenticator { backup_eligible, ..Authenticator::of(&caller.user) };
        server.registered(&caller, &authenticator).await;
        (server.policy, _) = (policy, server.news());
        server.wait(60);
        let pair = logs_in(&server, &server.signed_by(&mut authenticator)).await.unwrap();
        let how = server.how(&pair.access);
        assert_eq!((how.methods.to_string(), how.methods.level()), (methods.to_owned(), AssuranceLevel::Aal2));
        assert_eq!(how.at.timestamp(), server.now().timestamp());
        let events = server.news();
        assert_eq!(methods_of(&events), [("login_succeeded", vec![Method::Passkey])]);
        assert_eq!(events[0].actor, Actor::User(caller.user.id));
        let list = server.list().await;
        assert_eq!(list.factors[0].last_used_at, Some(server.now()));
    }
}

#[tokio::test]
async fn an_undo_link_takes_the_passkey_that_it_tells_of() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let mails = server.world.post().await;
    let undo = mails.iter().find(|mail| mail.template == Template::PasskeyAdded).unwrap();
    assert!(server.world.undo().execute(crate::testing::mail::token(undo), &context()).await.is_ok());
    is_refused(&server, &server.signed_by(&mut authenticator), "unknown_credential").await;
}

#[tokio::test]
async fn whatever_is_wrong_with_it_the_answer_is_the_same() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let mut sign = || server.signed_by(&mut authenticator);
    let garbled = PasskeyAnswer { challenge_id: "garbage".to_owned(), ..sign() };
    let mut for_registration = sign();
    let caller = server.world.sign_in(ANN).await;
    for_registration.challenge_id = server.options().for_registration(&caller).await.unwrap().challenge_id;
    let mut of_another_challenge = sign();
    of_another_challenge.response.client_data = sign().response.client_data;
    let mut unsigned = sign();
    unsigned.response.signature.clear();
    let mut of_nobody = sign();
    of_nobody.response.id = vec![7];
    let mut of_no_id = sign();
    of_no_id.response.id.clear();
    let mut without_handle = sign();
    without_handle.response.user_handle = None;
    let mut with_another_handle = sign();
    with_another_handle.response.user_handle = Some(vec![0; 16]);
    let mut cut = sign();
    cut.response.authenticator_data.pop();
    for (answer, why) in [
        (garbled, "challenge"),
        (for_registration, "challenge"),
        (of_another_challenge, "wrong_challenge"),
        (unsigned, "wrong_signature"),
        (of_nobody, "unknown_credential"),
        (of_no_id, "unknown_credential"),
        (without_handle, "unknown_credential"),
        (with_another_handle, "unknown_credential"),
        (cut, "malformed"),
    ] {
        is_refused(&server, &answer, why).await;
    }
    assert!(logs_in(&server, &sign()).await.is_ok());
}

#[tokio::test]
async fn a_challenge_is_used_up_by_the_first_answer_good_or_bad() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let right = server.signed_by(&mut authenticator);
    let mut wrong = right.clone();
    wrong.response.signature.clear();
    is_refused(&server, &wrong, "wrong_signature").await;
    is_refused(&server, &right, "challenge").await;
    let used = server.signed_by(&mut authenticator);
    assert!(logs_in(&server, &used).await.is_ok());
    is_refused(&server, &used, "challenge").await;
}

#[tokio::test]
async fn a_challenge_is_good_for_five_minutes_to_the_microsecond() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let (in_time, late) = (server.signed_by(&mut authenticator), server.signed_by(&mut authenticator));
    server.world.clock.advance(ONE_TIME_LIFE - TimeDelta::microseconds(1));
    assert!(logs_in(&server, &in_time).await.is_ok());
    server.world.clock.advance(TimeDelta::microseconds(1));
    is_refused(&server, &late, "challenge").await;
}

#[tokio::test]
async fn a_counter_that_goes_back_is_told_to_the_trail_and_to_the_owner() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let mut copy = authenticator.clone();
    assert!(logs_in(&server, &server.signed_by(&mut authenticator)).await.is_ok());
    server.world.post().await;
    let answer = server.signed_by(&mut copy);
    server.news();
    assert!(matches!(logs_in(&server, &answer).await, Err(LoginWithPasskeyError::Refused)));
    let events = server.news();
    let expected = [("passkey_cloned", vec![Method::Passkey]), ("passkey_refused", vec![Method::Passkey])];
    assert_eq!(methods_of(&events), expected);
    assert_eq!(events[1].word(), Some("counter"));
    let ann = Target::account(&server.ann().await);
    assert!(events.iter().all(|event| event.target == ann && event.actor == Actor::Unknown));
    assert_eq!(templates(&server.world.post().await), [(Template::PasskeyCloned, ANN)]);
    assert!(logs_in(&server, &server.signed_by(&mut authenticator)).await.is_ok(), "the owner's still counts");
}

#[tokio::test]
async fn an_authenticator_that_does_not_count_is_not_suspected() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    let mut authenticator = Authenticator { counter: 0, ..Authenticator::of(&caller.user) };
    server.registered(&caller, &authenticator).await;
    for _ in 0..3 {
        assert!(logs_in(&server, &server.signed_by(&mut authenticator)).await.is_ok());
    }
}

#[tokio::test]
async fn a_disabled_account_stays_out() {
    let (server, mut authenticator) = Server::with_passkey().await;
    server.world.store.disable(server.ann().await.id, server.now()).await.unwrap();
    is_refused(&server, &server.signed_by(&mut authenticator), "account_disabled").await;
}

#[tokio::test]
async fn where_an_address_has_to_be_verified_a_mail_says_how() {
    let (server, mut authenticator) = Server::with_passkey().await;
    server.world.post().await;
    let strict = || LoginWithPasskey { unverified: Some(server.world.ask()), ..server.login_passkey() };
    let outcome = strict().execute(&server.signed_by(&mut authenticator), &context()).await;
    assert!(matches!(outcome, Err(LoginWithPasskeyError::Unverified)));
    assert_eq!(server.told(), [("verification_sent", None), ("login_failed", Some("email_unverified"))]);
    assert_eq!(templates(&server.world.post().await), [(Template::Verify, ANN)]);
    let ann = server.ann().await;
    server.world.store.verify_address(ann.id, server.now()).await.unwrap();
    assert!(strict().execute(&server.signed_by(&mut authenticator), &context()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uses_of_one_answer_at_once_one_begins_a_session() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let answer = server.signed_by(&mut authenticator);
    let uses: Vec<_> = (0..32)
        .map(|_| {
            let (server, answer) = (server.clone(), answer.clone());
            tokio::spawn(async move { logs_in(&server, &answer).await.is_ok() })
        })
        .collect();
    let mut through = 0;
    for one in uses {
        through += usize::from(one.await.unwrap());
    }
    assert_eq!(through, 1);
}

/// A login whose session begins as is said.
fn beginning(server: &Server, fate: Result<Result<Begun, StepFault>, PortError>) -> LoginWithPasskey {
    let mut sessions = MockSessionStore::new();
    sessions.expect_begin_by().once().return_once(move |_, _, _, _, _| fate);
    LoginWithPasskey { begin: BeginSession { sessions: Arc::new(sessions), ..server.begin() }, ..server.login_passkey() }
}

#[tokio::test]
async fn what_changed_meanwhile_begins_no_session() {
    let (server, mut authenticator) = Server::with_passkey().await;
    for (fate, why) in [(Ok(Ok(Begun::No)), "account_changed_meanwhile"), (Ok(Err(StepFault::EvidenceUsed)), "counter")] {
        let outcome = beginning(&server, fate).execute(&server.signed_by(&mut authenticator), &context()).await;
        assert!(matches!(outcome, Err(LoginWithPasskeyError::Refused)));
        assert_eq!(server.told(), [("passkey_refused", Some(why))]);
    }
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let outcome = beginning(&server, down()).execute(&server.signed_by(&mut authenticator), &context()).await;
    assert!(matches!(outcome, Err(LoginWithPasskeyError::Port(PortError::Unavailable(_)))));
    let begin = BeginSession { issuer: broken_issuer(), ..server.begin() };
    let unsigned = LoginWithPasskey { begin, ..server.login_passkey() };
    let outcome = unsigned.execute(&server.signed_by(&mut authenticator), &context()).await;
    assert!(matches!(outcome, Err(LoginWithPasskeyError::Port(PortError::Unavailable(_)))));
    assert_eq!(server.told(), []);
    let outcome = beginning(&server, unheard()).execute(&server.signed_by(&mut authenticator), &context()).await;
    assert!(matches!(outcome, Err(LoginWithPasskeyError::Port(PortError::Unknown(_)))));
    assert_eq!(server.told(), [("login_succeeded", Some("outcome_unknown"))]);
}

#[tokio::test]
async fn a_deleted_account_takes_its_passkeys_along() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let ann = server.ann().await;
    assert!(server.world.store.drop_account(ann.id, server.now()).await.unwrap());
    is_refused(&server, &server.signed_by(&mut authenticator), "unknown_credential").await;
}
