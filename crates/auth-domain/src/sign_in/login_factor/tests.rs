//! The second step of a login: what completes it, and what does not.

mod guesses;
mod races;

use chrono::TimeDelta;

use super::LoginWithFactorError;
use crate::identity::administrator::LastAdministrator;
use crate::{
    accounts::ports::UserStore,
    factors::{one_time_token::ONE_TIME_LIFE, ports::OneTimeTokenCodec},
    identity::method::Method,
    mail::message::Template,
    mfa::ports::FactorStore,
    sessions::authentication::AssuranceLevel,
    sign_in::{
        login_factor::LoginWithFactor,
        second_factor::{JudgeSecondFactor, Shown},
    },
    testing::{
        factors::{Authenticator, Server, code, methods_of, wrong_code},
        mail::{ANN, templates},
        refresh_token,
    },
    testkit::{
        FakeOneTimeTokens,
        samples::{context, hash, user},
    },
};

#[tokio::test]
async fn the_code_of_an_app_completes_a_login() {
    let (server, app, _) = Server::with_app().await;
    let pending = server.first_step().await;
    assert_eq!(server.live().await.len(), 1, "the first step begins no session");
    server.wait(60);
    let pair = server.second_step(&pending.token, code(app.shows(server.now()))).await.unwrap();
    let how = server.how(&pair.access);
    assert_eq!((how.methods.to_string(), how.methods.level()), ("pwd otp mfa".to_owned(), AssuranceLevel::Aal2));
    assert_eq!(how.at.timestamp(), server.now().timestamp(), "authenticated when the last factor was shown");
    let events = server.news();
    let expected =
        [("second_factor_required", vec![Method::Password]), ("login_succeeded", vec![Method::Password, Method::Totp])];
    assert_eq!(methods_of(&events), expected);
    assert_eq!(events[1].session(), server.live().await.first().map(|session| session.id));
    let ann = server.ann().await;
    assert_eq!(ann.last_login_at, Some(server.now()));
    let list = server.list().await;
    assert_eq!(list.factors[0].last_used_at, Some(server.now()));
}

#[tokio::test]
async fn a_code_counts_one_step_early_and_one_step_late() {
    for (off, counts) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
        let (server, app, _) = Server::with_app().await;
        server.wait(300);
        let shown = app.shows(server.now() + TimeDelta::seconds(off));
        assert_eq!(server.logs_in(code(shown)).await.is_ok(), counts, "{off} s off");
    }
}

#[tokio::test]
async fn a_code_counts_once_and_so_does_none_before_it() {
    let (server, app, _) = Server::with_app().await;
    let shown = app.shows(server.now());
    server.logs_in(code(&shown)).await.unwrap();
    server.news();
    for replayed in [shown, app.shows(server.now() - TimeDelta::seconds(30))] {
        assert!(matches!(server.logs_in(code(replayed)).await, Err(LoginWithFactorError::Refused)));
        assert_eq!(server.told()[1], ("second_factor_refused", Some("code_used")));
    }
    assert!(server.logs_in(code(app.shows(server.now() + TimeDelta::seconds(30)))).await.is_ok());
}

#[tokio::test]
async fn the_code_of_the_confirmation_is_no_second_step() {
    let server = Server::with_ann().await;
    let caller = server.world.sign_in(ANN).await;
    let app = server.enrolled(&caller).await;
    let shown = app.shows(server.now());
    server.confirmed(&caller, &app).await;
    assert!(matches!(server.logs_in(code(shown)).await, Err(LoginWithFactorError::Refused)));
}

#[tokio::test]
async fn any_of_several_apps_will_do() {
    let (server, first, _) = Server::with_app().await;
    let (second, codes) = server.add_app().await;
    assert_eq!(codes, Vec::<String>::new(), "codes come with the first factor alone");
    for app in [first, second] {
        assert!(server.logs_in(code(app.shows(server.now()))).await.is_ok());
    }
}

#[tokio::test]
async fn a_recovery_code_completes_a_login_once_however_it_is_typed() {
    let (server, _, codes) = Server::with_app().await;
    server.world.post().await;
    let typed = codes[3].to_uppercase().replace('-', " ");
    let pair = server.logs_in(code(typed)).await.unwrap();
    assert_eq!(server.methods(&pair.access), "pwd otp mfa");
    let events = server.news();
    let expected = [
        ("second_factor_required", vec![Method::Password]),
        ("login_succeeded", vec![Method::Password, Method::RecoveryCode]),
        ("recovery_code_used", vec![]),
    ];
    assert_eq!(methods_of(&events), expected);
    assert_eq!(events[2].session(), events[1].session());
    assert_eq!(templates(&server.world.post().await), [(Template::RecoveryCodeUsed, ANN)]);
    assert_eq!(server.list().await.recovery_codes_left, 9);

    assert!(matches!(server.logs_in(code(&codes[3])).await, Err(LoginWithFactorError::Refused)));
    assert_eq!(server.told()[1], ("second_factor_refused", Some("wrong_code")));
    assert!(server.logs_in(code(&codes[4])).await.is_ok());
    for code_of_nobody in ["zzzzzz-zzzzzz-zzzzzz-zzzzzz", "", "12345", "not a code"] {
        assert!(matches!(server.logs_in(code(code_of_nobody)).await, Err(LoginWithFactorError::Refused)));
    }
}

#[tokio::test]
async fn a_passkey_completes_a_login() {
    for (backup_eligible, methods) in [(true, "pwd swk user mfa"), (false, "pwd hwk user mfa")] {
        let server = Server::with_ann().await;
        let caller = server.world.sign_in(ANN).await;
        let mut authenticator = Authenticator { backup_eligible, ..Authenticator::of(&caller.user) };
        server.registered(&caller, &authenticator).await;
        server.news();
        let answer = server.signed_by(&mut authenticator);
        let pair = server.logs_in(Shown::Passkey(answer)).await.unwrap();
        assert_eq!(server.methods(&pair.access), methods);
        let expected = vec![Method::Password, Method::Passkey];
        assert_eq!(methods_of(&server.news())[1], ("login_succeeded", expected));
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_passkey_the_answer_is_the_same() {
    let (server, mut authenticator) = Server::with_passkey().await;
    let used = server.signed_by(&mut authenticator);
    server.logs_in(Shown::Passkey(used.clone())).await.unwrap();
    let ben = server.world.keep(user("ben@example.org")).await;
    let caller = server.world.sign_in("ben@example.org").await;
    let mut of_ben = Authenticator::of(&ben);
    server.registered(&caller, &of_ben).await;
    let mut forged = server.signed_by(&mut authenticator);
    forged.response.signature.push(0);
    let mut of_nobody = server.signed_by(&mut authenticator);
    of_nobody.response.id.push(0);
    for (answer, why) in [
        (used, "challenge"),
        (server.signed_by(&mut of_ben), "unknown_credential"),
        (of_nobody, "unknown_credential"),
        (forged, "wrong_signature"),
    ] {
        server.news();
        assert!(matches!(server.logs_in(Shown::Passkey(answer)).await, Err(LoginWithFactorError::Refused)));
        assert_eq!(server.told()[1..], [("passkey_refused", Some(why)), ("second_factor_refused", Some("wrong_passkey"))]);
    }
    assert_eq!(server.ann().await.wrong_codes.count, 0, "nobody guesses a signature");
}

#[tokio::test]
async fn what_a_server_does_not_take_completes_no_login() {
    let (server, app, _) = Server::with_app().await;
    let mut authenticator = server.add_passkey().await;
    let judge = JudgeSecondFactor { totp: None, passkeys: None, ..server.judge() };
    let login = LoginWithFactor { judge, ..server.login_factor() };
    let token = server.first_step().await.token;
    for shown in [code(app.shows(server.now())), Shown::Passkey(server.signed_by(&mut authenticator))] {
        let outcome = login.execute(&token, shown, &context()).await;
        assert!(matches!(outcome, Err(LoginWithFactorError::Refused)));
    }
}

#[tokio::test]
async fn a_token_is_good_for_five_minutes_to_the_microsecond() {
    for (late, expected) in [(-1, true), (0, false)] {
        let (server, app, _) = Server::with_app().await;
        let token = server.first_step().await.token;
        server.world.clock.advance(ONE_TIME_LIFE + TimeDelta::microseconds(late));
        match server.second_step(&token, code(app.shows(server.now()))).await {
            Ok(_) => assert!(expected),
            Err(error) => assert!(!expected && matches!(error, LoginWithFactorError::TokenExpired), "{error}"),
        }
    }
}

#[tokio::test]
async fn a_token_is_good_for_one_session() {
    let (server, app, codes) = Server::with_app().await;
    let token = server.first_step().await.token;
    server.second_step(&token, code(app.shows(server.now()))).await.unwrap();
    server.news();
    for shown in [code(&codes[0]), wrong_code()] {
        assert!(matches!(server.second_step(&token, shown).await, Err(LoginWithFactorError::TokenInvalid)));
        assert_eq!(server.told(), [("second_factor_refused", Some("token_used"))]);
    }
    assert_eq!(server.list().await.recovery_codes_left, 10, "nothing is used up");
}

#[tokio::test]
async fn no_other_token_is_one() {
    let (server, app, _) = Server::with_app().await;
    let caller = server.world.sign_in(ANN).await;
    let register = server.options().for_registration(&caller).await.unwrap().challenge_id;
    let assert = server.options().for_authentication().challenge_id;
    let forged = FakeOneTimeTokens::with_key("another")
        .encode(&FakeOneTimeTokens::default().decode(&server.first_step().await.token).unwrap());
    server.news();
    for token in [register, assert, forged, refresh_token(&caller, &caller.session), String::new()] {
        let outcome = server.second_step(&token, code(app.shows(server.now()))).await;
        assert!(matches!(outcome, Err(LoginWithFactorError::TokenInvalid)));
    }
    assert_eq!(server.told(), []);
}

#[tokio::test]
async fn whatever_changes_credentials_or_factors_voids_a_token() {
    for change in 0..5 {
        let (server, app, _) = Server::with_app().await;
        let token = server.first_step().await.token;
        let (ann, now, store) = (server.ann().await, server.now(), &server.world.store);
        match change {
            0 => drop(store.change_password(ann.id, ann.version(), &hash("Another-One-1"), None, now, None).await.unwrap()),
            1 => drop(server.add_passkey().await),
            2 => drop(FactorStore::reset(store, ann.id, LastAdministrator::MayGo, now, None).await.unwrap()),
            3 => drop(store.disable(ann.id, now).await.unwrap()),
            _ => assert!(store.drop_account(ann.id, now).await.unwrap()),
        }
        server.news();
        let outcome = server.second_step(&token, code(app.shows(now))).await;
        assert!(matches!(outcome, Err(LoginWithFactorError::TokenInvalid)), "change {change}");
        let told: &[_] = if change == 4 { &[] } else { &[("second_factor_refused", Some("account_changed_meanwhile"))] };
        assert_eq!(server.told(), told, "change {change}");
    }
}

#[tokio::test]
async fn a_name_voids_no_token() {
    let (server, app, _) = Server::with_app().await;
    let token = server.first_step().await.token;
    assert!(server.world.store.rename(server.ann().await.id, app.id, &"Phone".parse().unwrap()).await.unwrap());
    assert!(server.second_step(&token, code(app.shows(server.now()))).await.is_ok());
}
