//! POST /auth/login/factor, and what the first step says.

use auth_domain::{
    factors::{
        one_time_token::{OneTimePurpose, OneTimeToken},
        ports::OneTimeTokenCodec,
    },
    identity::clock::{Clock, Ids},
};
use auth_infra::{
    one_time_tokens::HmacOneTimeTokens,
    system::{SystemClock, UuidV7},
    webauthn::authenticator::BACKUP_ELIGIBLE,
};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{ids, is_done, is_no_code, methods, remove, replace_codes};
use crate::{
    oauth::introspect::Client,
    service::{Answer, PASSWORD, REFRESH_SECRET, Service, on_every_engine, passkey},
    sessions::tokens::claims,
};

const NEW: &str = "Another-Horse-8-Staple";

/// The second step by a passkey's answer.
async fn by_passkey(service: &Service, mfa_token: &str, passkey: Value) -> Answer {
    service.post("/auth/login/factor", json!({ "mfa_token": mfa_token, "passkey": passkey })).await
}

/// A token that a server with the secret of the tests might have signed, otherwise than it did.
fn resigned(mfa_token: &str, change: impl FnOnce(OneTimeToken) -> OneTimeToken) -> String {
    let codec = HmacOneTimeTokens::new(REFRESH_SECRET.as_bytes()).unwrap();
    codec.encode(&change(codec.decode(mfa_token).unwrap()))
}

/// How the session of these tokens was authenticated, in the token, at introspection and after a refresh.
async fn is_authenticated(service: &Service, tokens: &Answer, amr: &[&str]) {
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let said = claims(tokens.access());
    assert_eq!((&said["amr"], &said["acr"]), (&json!(amr), &json!("aal2")));
    assert!((said["iat"].as_i64().unwrap() - said["auth_time"].as_i64().unwrap()).abs() <= 1, "{said}");
    let client = Client::add(service);
    for token in [tokens.access(), tokens.refresh()] {
        let told = client.ask(service, token).await.body;
        assert_eq!((&told["active"], &told["amr"], &told["acr"]), (&json!(true), &said["amr"], &said["acr"]));
        assert_eq!(told["auth_time"], said["auth_time"]);
    }
    let next = claims(service.refresh(tokens.refresh()).await.access());
    assert_eq!((&next["amr"], &next["acr"], &next["auth_time"]), (&said["amr"], &said["acr"], &said["auth_time"]));
}

on_every_engine! {
    async fn the_right_password_asks_for_a_factor_and_writes_nothing(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let tables = ["users", "sessions", "known_networks", "login_failures", "client_failures", "one_time_tokens"];
        let before = service.database.counts(&tables);
        let asked = service.login("ann@example.org").await;
        assert_eq!(asked.refusal(), (403, "second_factor_required"));
        let names: Vec<_> = asked.body.as_object().unwrap().keys().cloned().collect();
        let expected = ["code", "detail", "expires_in", "factors", "mfa_token", "request_id", "status", "title", "type"];
        assert_eq!(names, expected);
        assert_eq!((&asked.body["expires_in"], &asked.body["factors"]), (&json!(300), &json!(["totp", "recovery_code"])));
        assert_eq!((asked.header("www-authenticate"), asked.header("cache-control")), (None, Some("no-store")));
        assert_eq!(service.database.counts(&tables), before);
        service.add_passkey(&owner.access, &mut passkey()).await;
        let asked = service.login("ann@example.org").await;
        assert_eq!(asked.body["factors"], json!(["totp", "passkey", "recovery_code"]));
        let wrong = service.post("/auth/login", json!({ "email": "ann@example.org", "password": "wrong" })).await;
        assert_eq!(wrong.refusal(), (401, "invalid_credentials"), "who has no password learns of no factor");
        assert_eq!(methods(&service, "second_factor_required", 2).await, ["password", "password"]);
    }

    async fn each_factor_completes_a_login_and_the_session_says_which(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let token = service.first_step("ann@example.org").await;
        let by_app = service.second_step(&token, &owner.app.code()).await;
        is_authenticated(&service, &by_app, &["pwd", "otp", "mfa"]).await;
        assert_eq!(by_app.body["expires_in"], 900);

        let token = service.first_step("ann@example.org").await;
        is_authenticated(&service, &service.second_step(&token, &owner.codes[0]).await, &["pwd", "otp", "mfa"]).await;

        let mut key = passkey();
        service.add_passkey(&owner.access, &mut key).await;
        let (token, shown) = (service.first_step("ann@example.org").await, service.show(&mut key).await);
        is_authenticated(&service, &by_passkey(&service, &token, shown).await, &["pwd", "hwk", "user", "mfa"]).await;

        let mut synced = passkey();
        synced.flags |= BACKUP_ELIGIBLE;
        service.add_passkey(&owner.access, &mut synced).await;
        // Not every authenticator says whose it is to those who know already.
        synced.user_handle = None;
        let (token, shown) = (service.first_step("ann@example.org").await, service.show(&mut synced).await);
        is_authenticated(&service, &by_passkey(&service, &token, shown).await, &["pwd", "swk", "user", "mfa"]).await;

        let by = ["password totp", "password recovery_code", "password passkey", "password passkey"];
        assert_eq!(methods(&service, "login_succeeded", 4).await, by);
        assert_eq!(service.audited("recovery_code_used", 1).await.len(), 1);
    }

    async fn a_code_counts_once_whoever_asks_and_wherever(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(service.database.clone(), &[]).await;
        let owner = service.enrol("ann@example.org").await;
        for code in [owner.app.code(), owner.codes[0].clone()] {
            let mut tokens = Vec::new();
            for _ in 0..8 {
                tokens.push(service.first_step("ann@example.org").await);
            }
            let attempts = tokens.iter().enumerate().map(|(number, token)| [&service, &second][number % 2].second_step(token, &code));
            let answers = futures_util::future::join_all(attempts).await;
            let begun = answers.iter().filter(|answer| answer.status == 200).count();
            assert_eq!(begun, 1, "{answers:#?}");
            answers.iter().filter(|answer| answer.status != 200).for_each(|answer| is_no_code(answer, "used"));
            // What was used and counted as wrong is forgotten, so that the next kind of code is judged by itself.
            service.database.execute("UPDATE users SET wrong_codes = 0, wrong_code_at = NULL");
        }
        assert_eq!(service.database.count("sessions WHERE ended_at IS NULL"), 3);
        assert_eq!(service.factors(&owner.access).await.body["recovery_codes_left"], 9);
    }

    async fn a_recovery_code_may_be_typed_as_people_type(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let spelt = [
            owner.codes[0].to_uppercase(),
            owner.codes[1].replace('-', ""),
            owner.codes[2].replace('-', " "),
            owner.codes[3].replace('0', "o").replace('1', "l"),
            format!(" {} ", owner.codes[4].replace('0', "O").replace('1', "I")),
        ];
        for code in spelt {
            let token = service.first_step("ann@example.org").await;
            assert_eq!(service.second_step(&token, &code).await.status, 200, "{code}");
        }
        let token = service.first_step("ann@example.org").await;
        for (number, code) in owner.codes[..3].iter().enumerate() {
            is_no_code(&service.second_step(&token, code).await, &format!("used in another spelling: {number}"));
        }
    }

    async fn a_token_is_used_up_by_success_alone_and_five_wrong_codes_void_it(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(service.database.clone(), &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let token = service.first_step("ann@example.org").await;
        let wrong = owner.app.wrong_code();
        for number in 0..4 {
            is_no_code(&[&service, &second][number % 2].second_step(&token, &wrong).await, "wrong");
        }
        assert_eq!(second.second_step(&token, &owner.app.code()).await.status, 200, "the fifth is right");
        service.let_codes_count_again();
        for (code, what) in [(owner.app.code(), "used"), (owner.codes[0].clone(), "used"), (wrong.clone(), "used and wrong")] {
            assert_eq!(service.second_step(&token, &code).await.refusal(), (401, "token_invalid"), "{what}");
        }
        let token = service.first_step("ann@example.org").await;
        for number in 0..5 {
            is_no_code(&[&service, &second][number % 2].second_step(&token, &wrong).await, "wrong");
        }
        for code in [&owner.app.code(), &owner.codes[0], &wrong] {
            let refused = second.second_step(&token, code).await;
            assert_eq!((refused.refusal(), refused.header("www-authenticate")), ((401, "token_invalid"), Some(r#"Bearer error="invalid_token""#)));
        }
        assert_eq!(service.factors(&owner.access).await.body["recovery_codes_left"], 10, "nothing was used up");
        let token = service.first_step("ann@example.org").await;
        assert_eq!(service.second_step(&token, &owner.app.code()).await.status, 200, "the next one is as good as ever");
    }

    async fn of_many_right_answers_to_one_token_one_begins_a_session(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(service.database.clone(), &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let token = service.first_step("ann@example.org").await;
        let attempts = owner.codes.iter().enumerate().map(|(number, code)| [&service, &second][number % 2].second_step(&token, code));
        let answers = futures_util::future::join_all(attempts).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:#?}");
        let others = answers.iter().filter(|answer| answer.status != 200);
        others.for_each(|answer| assert_eq!(answer.refusal(), (401, "token_invalid")));
        assert_eq!(service.factors(&owner.access).await.body["recovery_codes_left"], 9, "the others count still");
    }

    async fn what_changes_the_account_voids_it(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let is_void = async |token: &str, what: &str| {
            let (code, recovery) = (owner.app.code(), &owner.codes[9]);
            for code in [&code, recovery] {
                assert_eq!(service.second_step(token, code).await.refusal(), (401, "token_invalid"), "{what}");
            }
        };
        let mut key = passkey();
        let token = service.first_step("ann@example.org").await;
        service.add_passkey(&owner.access, &mut key).await;
        is_void(&token, "another factor").await;
        let token = service.first_step("ann@example.org").await;
        let passkey = ids(&service, &owner.access).await.pop().unwrap();
        is_done(&remove(&service, &owner.access, &passkey).await, "removed");
        is_void(&token, "a factor less").await;
        let token = service.first_step("ann@example.org").await;
        assert_eq!(replace_codes(&service, &owner.access).await.status, 200);
        is_void(&token, "other recovery codes").await;
        let token = service.first_step("ann@example.org").await;
        let change = json!({ "current_password": PASSWORD, "new_password": NEW });
        assert_eq!(service.post_as(&owner.access, "/auth/password", Some(change)).await.status, 204);
        is_void(&token, "another password").await;
        let asked = service.post("/auth/login", json!({ "email": "ann@example.org", "password": NEW })).await;
        assert_eq!(service.command(&["users", "disable", "ann@example.org"], "").0, 0);
        is_void(asked.text("mfa_token"), "disabled").await;
        assert_eq!(service.command(&["users", "enable", "ann@example.org"], "").0, 0);
        is_void(asked.text("mfa_token"), "enabled again").await;
        let asked = service.post("/auth/login", json!({ "email": "ann@example.org", "password": NEW })).await;
        assert_eq!(service.command(&["users", "delete", "ann@example.org"], "").0, 0);
        is_void(asked.text("mfa_token"), "deleted").await;
        let reasons = service.audited("second_factor_refused", 10).await;
        assert!(reasons.iter().all(|line| line["reason"] == "account_changed_meanwhile"), "{reasons:#?}");
    }

    async fn it_counts_for_five_minutes_on_any_server_of_the_database(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(service.database.clone(), &[]).await;
        let secret = ("JWT_REFRESH_SECRET_KEY", "another-secret-of-the-tests-0123456789abcdef");
        let stranger = Service::with_factors_on(service.database.clone(), &[secret]).await;
        let owner = service.enrol("ann@example.org").await;
        let token = service.first_step("ann@example.org").await;
        let now = SystemClock.now();
        let expires = HmacOneTimeTokens::new(REFRESH_SECRET.as_bytes()).unwrap().decode(&token).unwrap().expires_at;
        let left = expires - now;
        assert!(left <= TimeDelta::minutes(5) && left > TimeDelta::minutes(4), "{left}");
        for (at, what) in [(now, "to the second"), (now - TimeDelta::days(9), "long ago")] {
            let expired = resigned(&token, |token| OneTimeToken { expires_at: at, ..token });
            for code in [&owner.app.code(), &owner.app.wrong_code(), &owner.codes[0]] {
                assert_eq!(second.second_step(&expired, code).await.refusal(), (401, "token_expired"), "{what}");
            }
        }
        assert_eq!(service.database.count("one_time_tokens"), 0, "nothing is kept of it");
        assert_eq!(stranger.second_step(&token, &owner.app.code()).await.refusal(), (401, "token_invalid"));
        let still = resigned(&token, |token| OneTimeToken { expires_at: SystemClock.now() + TimeDelta::minutes(1), ..token });
        assert_eq!(second.second_step(&still, &owner.app.code()).await.status, 200);
    }

    async fn the_login_is_complete_with_the_second_step(engine) {
        let service = Service::with_factors(engine, &[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
        let owner = service.enrol("ann@example.org").await;
        let from = async |path: &str, body: Value| {
            let request = service.request(reqwest::Method::POST, path).header("X-Forwarded-For", "192.0.2.1");
            Answer::of(request.json(&body)).await
        };
        let tables = ["known_networks", "sessions"];
        let before = service.database.counts(&tables);
        let asked = from("/auth/login", json!({ "email": "ann@example.org", "password": PASSWORD })).await;
        assert_eq!(asked.refusal(), (403, "second_factor_required"));
        let with = |code: String| json!({ "mfa_token": asked.text("mfa_token"), "code": code });
        is_no_code(&from("/auth/login/factor", with(owner.app.wrong_code())).await, "wrong");
        assert_eq!(service.database.counts(&tables), before, "the network is not known yet, and there is no session");
        assert_eq!(from("/auth/login/factor", with(owner.app.code())).await.status, 200);
        let after = service.database.counts(&tables);
        assert!(tables.iter().all(|table| after[*table] == before[*table] + 1), "{before:?} {after:?}");
    }

    async fn a_passkey_of_another_account_is_no_second_factor_and_costs_a_try(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let (owner, mut key) = (service.enrol("ann@example.org").await, passkey());
        service.add_passkey(&owner.access, &mut key).await;
        let (other, mut foreign) = (service.enrol("bob@example.org").await, passkey());
        service.add_passkey(&other.access, &mut foreign).await;
        let token = service.first_step("ann@example.org").await;
        let shown = service.show(&mut foreign).await;
        is_no_code(&by_passkey(&service, &token, shown.clone()).await, "another's");
        foreign.user_handle = key.user_handle.clone();
        let lied = service.show(&mut foreign).await;
        is_no_code(&by_passkey(&service, &token, lied).await, "another's that says it is not");
        is_no_code(&by_passkey(&service, &token, shown).await, "a challenge is used up by who names it");
        let used = service.show(&mut key).await;
        let first = service.first_step("ann@example.org").await;
        assert_eq!(by_passkey(&service, &first, used.clone()).await.status, 200);
        is_no_code(&by_passkey(&service, &token, used).await, "the challenge counts once");
        is_no_code(&service.second_step(&token, &owner.app.wrong_code()).await, "the fifth try");
        assert_eq!(by_passkey(&service, &token, service.show(&mut key).await).await.refusal(), (401, "token_invalid"));
        let reasons: Vec<_> = service.audited("passkey_refused", 4).await.iter().map(|line| line["reason"].clone()).collect();
        assert_eq!(reasons, ["unknown_credential", "unknown_credential", "challenge", "challenge"]);
    }

    async fn what_is_for_one_thing_is_for_nothing_else(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let (owner, mut key) = (service.enrol("ann@example.org").await, passkey());
        service.add_passkey(&owner.access, &mut key).await;
        let token = service.first_step("ann@example.org").await;
        let (login, creation) = (service.challenge().await.0, service.make(&owner.access, &mut passkey()).await);
        for other in [&login, creation["challenge_id"].as_str().unwrap(), &owner.access, &owner.refresh, "", "x", "."] {
            assert_eq!(service.second_step(other, &owner.app.code()).await.refusal(), (401, "token_invalid"), "{other}");
        }
        let mut shown = service.show(&mut key).await;
        shown["challenge_id"] = json!(token);
        is_no_code(&by_passkey(&service, &token, shown.clone()).await, "a token is no challenge");
        assert_eq!(service.post("/auth/passkeys/login", shown).await.refusal(), (401, "passkey_invalid"));
        for bearer in [&token, &login] {
            assert_eq!(service.me(bearer).await.refusal(), (401, "token_invalid"));
            assert_eq!(service.refresh(bearer).await.refusal(), (401, "token_invalid"));
        }
        // Every byte of it is signed, and so is what it is for.
        let as_challenge = resigned(&token, |token| OneTimeToken { purpose: OneTimePurpose::AssertPasskey, ..token });
        assert_eq!(service.second_step(&as_challenge, &owner.app.code()).await.refusal(), (401, "token_invalid"));
        for at in [0, token.len() / 3, token.len() / 2, token.len() - 1] {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert_eq!(service.second_step(&forged, &owner.app.code()).await.refusal(), (401, "token_invalid"), "{at}");
        }
        // A token of nobody, rightly signed.
        let id = auth_domain::factors::one_time_token::OneTimeTokenId(UuidV7.next());
        let of_nobody = resigned(&token, |token| {
            let OneTimePurpose::SecondStep { proven, authenticated_at, .. } = token.purpose else { panic!() };
            let user = auth_domain::identity::ids::UserId(UuidV7.next());
            OneTimeToken { id, purpose: OneTimePurpose::SecondStep { user, proven, authenticated_at }, ..token }
        });
        assert_eq!(service.second_step(&of_nobody, &owner.app.code()).await.refusal(), (401, "token_invalid"));
        assert_eq!(service.second_step(&token, &owner.app.code()).await.status, 200);
    }
}
