//! Guessing at the second step: ten wrong codes hold it, from everywhere, and stand in nobody's way who has a passkey.

use reqwest::Method;
use serde_json::{Value, json};

use super::is_no_code;
use crate::{
    service::{Answer, Owner, Service, on_every_engine, passkey},
    sessions::reauthenticate::again,
};

const BEHIND_A_PROXY: (&str, &str) = ("TRUSTED_PROXIES", "127.0.0.0/8");

/// That the second step is held, and for how many seconds.
fn wait(held: &Answer) -> u64 {
    assert_eq!(held.refusal(), (429, "too_many_attempts"), "{}", held.body);
    held.header("retry-after").unwrap().parse().unwrap()
}

/// So many wrong codes, five to a token.
async fn guess(service: &Service, owner: &Owner, times: usize) {
    let wrong = owner.app.wrong_code();
    let mut token = String::new();
    for number in 0..times {
        if number % 5 == 0 {
            token = service.first_step(&owner.email).await;
        }
        is_no_code(&service.second_step(&token, &wrong).await, "wrong");
    }
}

async fn from(service: &Service, client: &str, path: &str, body: Value) -> Answer {
    Answer::of(service.request(Method::POST, path).header("X-Forwarded-For", client).json(&body)).await
}

on_every_engine! {
    async fn ten_wrong_codes_hold_it_from_every_network_on_every_server(engine) {
        let service = Service::with_factors(engine, &[BEHIND_A_PROXY]).await;
        let second = Service::with_factors_on(service.database.clone(), &[BEHIND_A_PROXY]).await;
        let (owner, mut key) = (service.enrol("ann@example.org").await, passkey());
        service.add_passkey(&owner.access, &mut key).await;
        guess(&service, &owner, 10).await;
        let token = service.first_step("ann@example.org").await;
        for server in [&service, &second] {
            for client in ["192.0.2.1", "203.0.113.9", "2001:db8::1"] {
                for code in [&owner.app.code(), &owner.codes[0], &owner.app.wrong_code(), "x"] {
                    let held = from(server, client, "/auth/login/factor", json!({ "mfa_token": token, "code": code })).await;
                    assert!((1..=30).contains(&wait(&held)), "{:?}", held.headers);
                }
            }
            assert!((1..=30).contains(&wait(&again(server, &owner.access, json!({ "code": owner.app.code() })).await)));
        }
        assert_eq!(service.factors(&owner.access).await.body["recovery_codes_left"], 10, "nothing was used up");
        let throttled = service.audited("second_factor_throttled", 13).await;
        assert!(throttled.iter().all(|line| line["outcome"] == "failure" && line["email"] == "ann@example.org"), "{throttled:#?}");

        // A passkey is no guess.
        let shown = service.show(&mut key).await;
        assert_eq!(second.post("/auth/login/factor", json!({ "mfa_token": token, "passkey": shown })).await.status, 200);
        let token = service.first_step("ann@example.org").await;
        assert_eq!(service.second_step(&token, &owner.app.code()).await.status, 200, "which forgives the wrong codes");
    }

    async fn a_passkey_is_neither_counted_nor_held(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let (owner, mut key) = (service.enrol("ann@example.org").await, passkey());
        service.add_passkey(&owner.access, &mut key).await;
        let (other, mut foreign) = (service.enrol("bob@example.org").await, passkey());
        service.add_passkey(&other.access, &mut foreign).await;
        for _ in 0..3 {
            let token = service.first_step("ann@example.org").await;
            for _ in 0..5 {
                let shown = service.show(&mut foreign).await;
                is_no_code(&service.post("/auth/login/factor", json!({ "mfa_token": token, "passkey": shown })).await, "wrong");
            }
        }
        service.login_with("ann@example.org", &owner.app).await;
        guess(&service, &owner, 10).await;
        let shown = service.show(&mut key).await;
        assert_eq!(again(&service, &owner.access, json!({ "passkey": shown })).await.status, 200);
        guess(&service, &owner, 10).await;
        assert_eq!(service.login_by(&mut key).await.status, 200);
        service.login_with("ann@example.org", &owner.app).await;
    }

    async fn the_wait_grows_with_each_one_more_and_is_over_in_the_end(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        guess(&service, &owner, 10).await;
        for (seconds, longest) in [(31, 60), (61, 120), (121, 240)] {
            ago(&service, seconds);
            let token = service.first_step("ann@example.org").await;
            is_no_code(&service.second_step(&token, &owner.app.wrong_code()).await, "after the wait");
            let held = wait(&service.second_step(&token, &owner.app.code()).await);
            assert!(held <= longest && held > longest / 2, "{held} of {longest}");
        }
        // They are remembered for a quarter of an hour, and as long again for each wait.
        ago(&service, 75 * 60 + 1);
        guess(&service, &owner, 9).await;
        service.login_with("ann@example.org", &owner.app).await;
        guess(&service, &owner, 9).await;
        service.login_with("ann@example.org", &owner.app).await;
    }

    async fn wrong_codes_count_wherever_they_are_shown_and_only_the_owners(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let (owner, other) = (service.enrol("ann@example.org").await, service.enrol("bob@example.org").await);
        guess(&service, &owner, 5).await;
        for code in ["x", &owner.app.wrong_code(), &other.codes[0], "999 99", ""] {
            assert_eq!(again(&service, &owner.access, json!({ "code": code })).await.refusal(), (403, "code_invalid"));
        }
        let token = service.first_step("ann@example.org").await;
        wait(&service.second_step(&token, &owner.app.code()).await);
        service.login_with("bob@example.org", &other.app).await;
        // Who has no password gets nowhere near it.
        let wrong = json!({ "email": "bob@example.org", "password": "wrong" });
        for _ in 0..3 {
            assert_eq!(service.post("/auth/login", wrong.clone()).await.refusal(), (401, "invalid_credentials"));
        }
        let token = service.first_step("bob@example.org").await;
        assert_eq!(service.second_step(&token, &other.app.code()).await.status, 200);
    }

    async fn guesses_that_come_all_at_once_gain_nothing(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(service.database.clone(), &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let mut tokens = Vec::new();
        for _ in 0..6 {
            tokens.push(service.first_step("ann@example.org").await);
        }
        let wrong = owner.app.wrong_code();
        let guesses = (0..30).map(|number| [&service, &second][number % 2].second_step(&tokens[number % 6], &wrong));
        let answers = futures_util::future::join_all(guesses).await;
        let judged = answers.iter().filter(|answer| answer.status == 401).count();
        assert_eq!(judged, 10, "{answers:#?}");
        assert!(answers.iter().filter(|answer| answer.status != 401).all(|answer| wait(answer) <= 30));
    }
}

/// Has the last wrong code been so many seconds before now.
fn ago(service: &Service, seconds: i64) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let then = chrono::DateTime::from_timestamp(i64::try_from(now).unwrap() - seconds, 0).unwrap();
    let change = format!("UPDATE users SET wrong_code_at = '{}' WHERE wrong_codes > 0", then.format("%F %T"));
    tokio::task::block_in_place(|| service.database.execute(&change));
}
