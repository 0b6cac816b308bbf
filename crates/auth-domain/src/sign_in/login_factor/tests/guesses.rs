//! Guessing codes: each guess is counted before anybody is told what came of it.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use crate::{
    factors::ports::{CountedCode, MockSecondStepStore},
    sign_in::{
        login_factor::{LoginWithFactor, LoginWithFactorError},
        second_factor::{JudgeSecondFactor, Shown},
    },
    testing::{
        factors::{Server, code, wrong_code},
        mail::ANN,
    },
    testkit::samples::{context, origin_from},
};

/// Counts so many wrong codes at Ann's account, five for each token.
async fn guess(server: &Server, guesses: usize) {
    for guess in 0..guesses {
        if guess % 5 == 0 {
            server.news();
        }
        assert!(matches!(server.logs_in(wrong_code()).await, Err(LoginWithFactorError::Refused)), "guess {guess}");
    }
}

#[tokio::test]
async fn five_wrong_codes_void_a_token() {
    let (server, app, codes) = Server::with_app().await;
    let token = server.first_step().await.token;
    for wrong in [wrong_code(), code("999999"), code(""), code("zzzzzz-zzzzzz-zzzzzz-zzzzzz"), wrong_code()] {
        assert!(matches!(server.second_step(&token, wrong).await, Err(LoginWithFactorError::Refused)));
    }
    assert_eq!(server.told()[1..], [("second_factor_refused", Some("wrong_code")); 5]);
    for right in [app.shows(server.now()), codes[0].clone()] {
        assert!(matches!(server.second_step(&token, code(right)).await, Err(LoginWithFactorError::TokenInvalid)));
        assert_eq!(server.told(), [("second_factor_refused", Some("token_used"))]);
    }
    assert!(server.logs_in(code(app.shows(server.now()))).await.is_ok(), "they were not used up, and the account is not held");
}

#[tokio::test]
async fn four_wrong_codes_leave_a_token_good_and_a_right_one_forgives_them() {
    let (server, app, _) = Server::with_app().await;
    let token = server.first_step().await.token;
    for _ in 0..4 {
        assert!(matches!(server.second_step(&token, wrong_code()).await, Err(LoginWithFactorError::Refused)));
    }
    assert_eq!(server.ann().await.wrong_codes.count, 4);
    server.second_step(&token, code(app.shows(server.now()))).await.unwrap();
    assert_eq!(server.ann().await.wrong_codes, crate::identity::user::WrongCodes::default());
}

#[tokio::test]
async fn wrong_passkeys_void_a_token_as_well_and_hold_nobody() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let token = server.first_step().await.token;
    for _ in 0..5 {
        let mut answer = server.signed_by(&mut authenticator);
        answer.response.signature.clear();
        let outcome = server.second_step(&token, Shown::Passkey(answer)).await;
        assert!(matches!(outcome, Err(LoginWithFactorError::Refused)));
    }
    let right = server.signed_by(&mut authenticator);
    let outcome = server.second_step(&token, Shown::Passkey(right)).await;
    assert!(matches!(outcome, Err(LoginWithFactorError::TokenInvalid)));
    assert_eq!(server.ann().await.wrong_codes.count, 0);
}

/// The answer to a wrong code is that to a right one then, but the time that it takes need not be.
#[tokio::test]
async fn guesses_with_a_token_that_is_void_count_at_the_account() {
    let (server, app, _) = Server::with_app().await;
    let token = server.first_step().await.token;
    for _ in 0..5 {
        assert!(matches!(server.second_step(&token, wrong_code()).await, Err(LoginWithFactorError::Refused)));
    }
    for _ in 0..5 {
        assert!(matches!(server.second_step(&token, wrong_code()).await, Err(LoginWithFactorError::TokenInvalid)));
    }
    assert_eq!(server.ann().await.wrong_codes.count, 10);
    for shown in [wrong_code(), code(app.shows(server.now()))] {
        assert!(matches!(server.second_step(&token, shown).await, Err(LoginWithFactorError::TooManyAttempts { .. })));
    }
}

#[tokio::test]
async fn ten_wrong_codes_hold_the_second_step_from_every_network_for_ever_longer() {
    let (server, app, codes) = Server::with_app().await;
    guess(&server, 10).await;
    for seconds in [30, 60, 120] {
        let token = server.first_step().await.token;
        server.news();
        for (shown, address) in
            [(app.shows(server.now()), "203.0.113.7"), (codes[0].clone(), "198.51.100.9"), ("000000".to_owned(), "2001:db8::1")]
        {
            let outcome = server.login_factor().execute(&token, code(shown), &origin_from(address)).await;
            let Err(LoginWithFactorError::TooManyAttempts { retry_after }) = outcome else { panic!("not held from {address}") };
            assert_eq!(retry_after, Duration::from_secs(seconds));
        }
        assert_eq!(server.told(), [("second_factor_throttled", None); 3]);
        server.world.clock.advance(TimeDelta::seconds(i64::try_from(seconds).unwrap()) - TimeDelta::microseconds(1));
        assert!(matches!(server.logs_in(wrong_code()).await, Err(LoginWithFactorError::TooManyAttempts { .. })));
        server.world.clock.advance(TimeDelta::microseconds(1));
        guess(&server, 1).await;
    }
    server.wait(240);
    assert!(server.logs_in(code(app.shows(server.now()))).await.is_ok());
    assert_eq!(server.ann().await.wrong_codes.count, 0);
}

#[tokio::test]
async fn a_passkey_passes_where_codes_are_held() {
    let (server, _, _) = Server::with_app().await;
    let mut authenticator = server.add_passkey().await;
    guess(&server, 10).await;
    let answer = server.signed_by(&mut authenticator);
    assert!(server.logs_in(Shown::Passkey(answer)).await.is_ok());
}

#[tokio::test]
async fn wrong_codes_are_forgotten_after_a_quarter_of_an_hour() {
    let (server, app, _) = Server::with_app().await;
    guess(&server, 9).await;
    server.wait(900);
    guess(&server, 9).await;
    assert_eq!(server.ann().await.wrong_codes.count, 9);
    assert!(server.logs_in(code(app.shows(server.now()))).await.is_ok());
}

#[tokio::test]
async fn codes_to_log_in_and_to_authenticate_again_are_counted_together() {
    let (server, app, _) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    guess(&server, 6).await;
    for _ in 0..4 {
        assert!(server.reauthenticate().by_factor(&caller, wrong_code(), &context()).await.is_err());
    }
    let outcome = server.logs_in(code(app.shows(server.now()))).await;
    assert!(matches!(outcome, Err(LoginWithFactorError::TooManyAttempts { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_guesses_at_once_are_ten() {
    let (server, app, _) = Server::with_app().await;
    let mut tokens = Vec::new();
    for _ in 0..32 {
        tokens.push(server.first_step().await.token);
    }
    let guesses: Vec<_> = tokens
        .into_iter()
        .map(|token| {
            let server = server.clone();
            tokio::spawn(async move { server.second_step(&token, wrong_code()).await.map(drop) })
        })
        .collect();
    let (mut refused, mut held) = (0, 0);
    for guess in guesses {
        match guess.await.unwrap() {
            Err(LoginWithFactorError::Refused) => refused += 1,
            Err(LoginWithFactorError::TooManyAttempts { .. }) => held += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((refused, held, server.ann().await.wrong_codes.count), (10, 22, 10));
    assert!(server.logs_in(code(app.shows(server.now()))).await.is_err(), "the right one came too late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_guesses_at_once_with_one_token_are_five() {
    let (server, _, _) = Server::with_app().await;
    let token = server.first_step().await.token;
    let guesses: Vec<_> = (0..32)
        .map(|_| {
            let (server, token) = (server.clone(), token.clone());
            tokio::spawn(async move { server.second_step(&token, wrong_code()).await.map(drop) })
        })
        .collect();
    let mut refused = 0;
    for guess in guesses {
        match guess.await.unwrap() {
            Err(LoginWithFactorError::Refused) => refused += 1,
            Err(LoginWithFactorError::TokenInvalid | LoginWithFactorError::TooManyAttempts { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((refused, server.ann().await.wrong_codes.count), (5, 10));
}

/// A code that was right when somebody else's guess was counted is judged again: the account may be held by then.
#[tokio::test]
async fn a_guess_that_cannot_be_counted_is_not_told() {
    let (server, app, _) = Server::with_app().await;
    let token = server.first_step().await.token;
    server.news();
    let (ann, apps) =
        crate::factors::ports::SecondStepStore::find(&server.world.store, server.ann().await.id).await.unwrap().unwrap();
    let mut steps = MockSecondStepStore::new();
    let mut looks = 0;
    steps.expect_find().times(2).returning(move |_| {
        looks += 1;
        let mut ann = ann.clone();
        if looks == 2 {
            ann.wrong_codes = crate::identity::user::WrongCodes { count: 10, last_at: Some(crate::testkit::samples::after(30)) };
        }
        Ok(Some((ann, apps.clone())))
    });
    steps.expect_count_wrong().once().returning(|_, _, _, _| Ok(CountedCode::Raced));
    let judge = JudgeSecondFactor { steps: Arc::new(steps), ..server.judge() };
    let login = LoginWithFactor { judge, ..server.login_factor() };
    let outcome = login.execute(&token, wrong_code(), &context()).await;
    assert!(matches!(outcome, Err(LoginWithFactorError::TooManyAttempts { .. })));
    assert_eq!(server.told(), [("second_factor_throttled", None)]);
    assert!(server.second_step(&token, code(app.shows(server.now()))).await.is_ok());
}
