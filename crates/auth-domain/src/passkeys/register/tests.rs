//! Adding a passkey.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{PasskeyAdded, RegisterPasskey, RegisterPasskeyError};
use crate::{
    factors::{one_time_token::ONE_TIME_LIFE, passkey::PASSKEY_LIMIT, ports::MockSecondStepStore, recovery_code::RECOVERY_CODES},
    identity::{method::Method, port_error::PortError},
    mail::message::Template,
    mfa::{
        add::AddFactor,
        ports::{Added, MockFactorStore},
    },
    passkeys::ports::RegistrationResponse,
    sessions::authenticate::SignedIn,
    testing::{
        broken_issuer, down,
        factors::{Authenticator, Server, methods_of},
        mail::{ANN, templates},
        unheard,
    },
    testkit::samples::{context, user},
};

/// A challenge of the caller's, and an answer to it.
async fn answered(server: &Server, caller: &SignedIn) -> (String, RegistrationResponse) {
    let options = server.options().for_registration(caller).await.unwrap();
    (options.challenge_id, Authenticator::of(&caller.user).registers(&options.challenge))
}

async fn registers(
    register: &RegisterPasskey,
    caller: &SignedIn,
    (challenge, response): &(String, RegistrationResponse),
) -> Result<PasskeyAdded, RegisterPasskeyError> {
    register.execute(caller, challenge, None, response, &context()).await
}

#[tokio::test]
async fn a_passkey_becomes_a_factor_and_ends_the_other_sessions() {
    for (backup_eligible, methods) in [(true, "pwd swk user mfa"), (false, "pwd hwk user mfa")] {
        let server = Server::with_ann().await;
        let (caller, other) = (server.world.sign_in(ANN).await, server.world.sign_in(ANN).await);
        server.wait(3600);
        let mut authenticator = Authenticator { backup_eligible, ..Authenticator::of(&caller.user) };
        let options = server.options().for_registration(&caller).await.unwrap();
        let response = authenticator.registers(&options.challenge);
        let name = Some("My key".parse().unwrap());
        let added = server.register().execute(&caller, &options.challenge_id, name, &response, &context()).await.unwrap();

        let how = server.how(&added.token.token);
        assert_eq!((how.methods.to_string(), how.at.timestamp()), (methods.to_owned(), server.now().timestamp()));
        let stored = server.stored(&caller).await;
        assert_eq!((server.live().await, stored.authentication.at), (vec![stored.clone()], server.now()));
        assert_eq!(server.demand().check(&SignedIn { session: stored, user: server.ann().await }), Ok(()));
        assert_eq!(server.list().await.factors, std::slice::from_ref(&added.factor));
        assert_eq!((added.factor.method, added.factor.name.as_str()), (Method::Passkey, "My key"));
        assert_eq!((added.factor.created_at, added.factor.last_used_at), (server.now(), None));
        assert_eq!((added.recovery_codes.len(), server.list().await.recovery_codes_left), (RECOVERY_CODES, RECOVERY_CODES));

        let events = server.news();
        assert_eq!(methods_of(&events), [("factor_added", vec![Method::Passkey]), ("session_ended", vec![])]);
        assert_eq!((events[1].session(), events[1].word()), (Some(other.session.id), Some("factor_added")));
        assert_eq!(templates(&server.world.post().await), [(Template::PasskeyAdded, ANN)]);
        let answer = server.signed_by(&mut authenticator);
        assert!(server.login_passkey().execute(&answer, &context()).await.is_ok());
    }
}

#[tokio::test]
async fn only_the_first_factor_brings_recovery_codes() {
    let (server, _, _) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    let added = registers(&server.register(), &caller, &answered(&server, &caller).await).await.unwrap();
    assert_eq!((added.recovery_codes, added.factor.name.as_str()), (vec![], "Passkey"));
}

#[tokio::test]
async fn whatever_is_wrong_with_it_the_answer_is_the_same() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    let ben = server.world.keep(user("ben@example.org")).await;
    let ben = server.world.sign_in(ben.email.as_str()).await;
    let taken = server.registered(&ben, &Authenticator::of(&ben.user)).await;
    assert_eq!(taken.factor.method, Method::Passkey);
    let of_ben = Authenticator::of(&ben.user);
    let ben = SignedIn { user: server.world.user("ben@example.org").await.unwrap(), ..ben };
    server.registered(&ben, &of_ben).await;

    let mut garbled = answered(&server, &caller).await;
    garbled.0.push('x');
    let mut for_a_login = answered(&server, &caller).await;
    for_a_login.0 = server.options().for_authentication().challenge_id;
    let mut for_ben = answered(&server, &caller).await;
    let ben = SignedIn { user: server.world.user("ben@example.org").await.unwrap(), ..ben };
    for_ben.0 = server.options().for_registration(&ben).await.unwrap().challenge_id;
    let mut of_another_challenge = answered(&server, &caller).await;
    of_another_challenge.1.client_data = vec![0; 32];
    let mut cut = answered(&server, &caller).await;
    cut.1.attestation_object.clear();
    let mut of_no_id = answered(&server, &caller).await;
    of_no_id.1.id.clear();
    let mut of_ben_again = answered(&server, &caller).await;
    of_ben_again.1.id = of_ben.id;
    server.news();
    for (answer, why) in [
        (garbled, "challenge"),
        (for_a_login, "challenge"),
        (for_ben, "challenge"),
        (of_another_challenge, "wrong_challenge"),
        (cut, "malformed"),
        (of_no_id, "malformed"),
        (of_ben_again, "credential_taken"),
    ] {
        assert!(matches!(registers(&server.register(), &caller, &answer).await, Err(RegisterPasskeyError::Refused)));
        let events = server.news();
        assert_eq!(methods_of(&events), [("passkey_refused", vec![Method::Passkey])], "{why}");
        assert_eq!((events[0].word(), events[0].session()), (Some(why), Some(caller.session.id)));
    }
    assert_eq!(server.ann().await, caller.user);
}

#[tokio::test]
async fn a_challenge_is_used_up_by_the_first_answer_good_or_bad() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    let right = answered(&server, &caller).await;
    let mut wrong = right.clone();
    wrong.1.client_data.clear();
    for answer in [wrong, right] {
        assert!(matches!(registers(&server.register(), &caller, &answer).await, Err(RegisterPasskeyError::Refused)));
    }
    assert_eq!(server.told(), [("passkey_refused", Some("wrong_challenge")), ("passkey_refused", Some("challenge"))]);
}

#[tokio::test]
async fn a_challenge_is_good_for_five_minutes_to_the_microsecond() {
    for (late, is_good) in [(-1, true), (0, false)] {
        let server = Server::with_ann().await;
        let caller = server.world.sign_in(ANN).await;
        let answer = answered(&server, &caller).await;
        server.world.clock.advance(ONE_TIME_LIFE + TimeDelta::microseconds(late));
        assert_eq!(registers(&server.register(), &caller, &answer).await.is_ok(), is_good);
    }
}

#[tokio::test]
async fn a_challenge_is_for_the_account_as_it_was() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    let answer = answered(&server, &caller).await;
    server.registered(&caller, &Authenticator::of(&caller.user)).await;
    let now = SignedIn { user: server.ann().await, session: server.stored(&caller).await };
    for caller in [&now, &caller] {
        let answer = if caller == &now { answer.clone() } else { answered(&server, caller).await };
        assert!(matches!(registers(&server.register(), caller, &answer).await, Err(RegisterPasskeyError::Refused)));
    }
    assert_eq!(server.list().await.factors.len(), 1);
}

#[tokio::test]
async fn a_twenty_first_passkey_is_not_added() {
    let server = Server::with_ann().await;
    for _ in 1..PASSKEY_LIMIT {
        server.add_passkey().await;
    }
    let caller = server.world.sign_in(ANN).await;
    let mut factors = MockFactorStore::new();
    factors.expect_add_passkey().once().returning(|_, _| Ok(Added::Limit));
    let register = RegisterPasskey { factors: Arc::new(factors), ..server.register() };
    let answer = answered(&server, &caller).await;
    server.news();
    assert!(matches!(registers(&register, &caller, &answer).await, Err(RegisterPasskeyError::Limit)));
    assert_eq!(server.told(), [("passkey_refused", Some("factor_limit"))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_answers_at_once_one_is_added() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    let answer = answered(&server, &caller).await;
    let racers: Vec<_> = (0..32)
        .map(|_| {
            let (server, caller, answer) = (server.clone(), caller.clone(), answer.clone());
            tokio::spawn(async move { registers(&server.register(), &caller, &answer).await.is_ok() })
        })
        .collect();
    let mut through = 0;
    for racer in racers {
        through += usize::from(racer.await.unwrap());
    }
    assert_eq!((through, server.list().await.factors.len()), (1, 1));
}

#[tokio::test]
async fn an_outage_stays_an_outage_and_nothing_is_stored_that_cannot_be_handed_out() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    let storing = |outcome: fn() -> Result<Added, PortError>| {
        let mut factors = MockFactorStore::new();
        factors.expect_add_passkey().once().returning(move |_, _| outcome());
        RegisterPasskey { factors: Arc::new(factors), ..server.register() }
    };
    let mut away = MockSecondStepStore::new();
    away.expect_use_up().returning(|_, _| down());
    for register in [
        storing(down),
        RegisterPasskey { steps: Arc::new(away), ..server.register() },
        RegisterPasskey { add: AddFactor { issuer: broken_issuer(), ..server.add() }, ..server.register() },
    ] {
        let outcome = registers(&register, &caller, &answered(&server, &caller).await).await;
        assert!(matches!(outcome, Err(RegisterPasskeyError::Port(PortError::Unavailable(_)))));
    }
    assert_eq!((server.told(), server.ann().await), (vec![], caller.user.clone()));
    let outcome = registers(&storing(unheard), &caller, &answered(&server, &caller).await).await;
    assert!(matches!(outcome, Err(RegisterPasskeyError::Port(PortError::Unknown(_)))));
    assert_eq!(server.told(), [("factor_added", Some("outcome_unknown"))]);
}
