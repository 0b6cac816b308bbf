//! Two servers on one database, and one of them is stopped in the middle of a request.

use std::sync::Arc;

use serde_json::json;

use crate::service::{Answer, Engine, Hold, Service, TestDatabase, credentials, eventually, on_every_engine};

/// Two servers, and Ann who has just registered.
async fn two(engine: Engine) -> (Service, Service, Answer) {
    let database = Arc::new(TestDatabase::create(engine));
    let first = Service::on(database.clone(), &[("REFRESH_REUSE_SECONDS", "60")]).await;
    let second = Service::on(database, &[("REFRESH_REUSE_SECONDS", "60")]).await;
    let tokens = first.register("ann@example.org").await;
    (first, second, tokens)
}

type InFlight = tokio::task::JoinHandle<reqwest::Result<Answer>>;

/// A request that waits in the database; no answer when the server dies.
async fn in_flight(service: &Service, hold: &Hold, path: &str, body: serde_json::Value) -> InFlight {
    let request = service.client.post(format!("{}{path}", service.url)).json(&body);
    let flying = tokio::spawn(async move { Answer::try_of(request).await });
    hold.waited_for(&service.database, 1).await;
    flying
}

async fn refresh_in_flight(service: &Service, hold: &Hold, token: &str) -> InFlight {
    in_flight(service, hold, "/auth/refresh", json!({ "refresh_token": token })).await
}

/// The session has moved once, and goes on at the other server.
async fn moved_once(other: &Service, tokens: &Answer) {
    let answer = eventually(async || other.refresh(tokens.refresh()).await, |answer| answer.status != 503).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(crate::sessions::tokens::claims(answer.refresh())["gen"], 2);
    assert_eq!(other.me(answer.access()).await.status, 200);
    assert_eq!(other.database.number("SELECT generation AS count FROM sessions"), 2, "once");
    assert_eq!(other.database.count("sessions"), 1);
}

on_every_engine! {
    async fn one_that_is_told_to_stop_finishes_its_refresh(engine) {
        let (mut first, second, tokens) = two(engine).await;
        let hold = Hold::rows(&first.database);
        let flying = refresh_in_flight(&first, &hold, tokens.refresh()).await;
        // SQLite does not show who waits for it: there the request may not have come in yet.
        let came_in = engine != Engine::Sqlite;
        first.signal("-TERM");
        assert_eq!(second.me(tokens.access()).await.status, 200, "the other goes on");
        drop(hold);
        let answer = flying.await.unwrap();
        assert!(!answer.as_ref().is_ok_and(|answer| answer.status != 200), "{answer:?}");
        assert!(answer.is_ok() || !came_in, "it was in flight, and is answered");
        assert_eq!(first.wait().code(), Some(0));
        moved_once(&second, &tokens).await;
    }

    async fn one_that_is_killed_takes_no_session_with_it(engine) {
        let (mut first, second, tokens) = two(engine).await;
        let hold = Hold::rows(&first.database);
        let flying = refresh_in_flight(&first, &hold, tokens.refresh()).await;
        first.kill();
        flying.await.unwrap().unwrap_err();
        drop(hold);
        moved_once(&second, &tokens).await;
    }

    async fn one_that_stands_still_holds_nobody_up(engine) {
        let (first, second, tokens) = two(engine).await;
        let hold = Hold::rows(&first.database);
        let flying = refresh_in_flight(&first, &hold, tokens.refresh()).await;
        first.freeze();
        drop(hold);
        moved_once(&second, &tokens).await;
        first.signal("-CONT");
        let answer = flying.await.unwrap().unwrap();
        if answer.status == 200 {
            assert_eq!(crate::sessions::tokens::claims(answer.refresh())["gen"], 2, "the same successor");
        } else {
            assert_eq!(answer.refusal(), (503, "unavailable"));
        }
        moved_once(&first, &tokens).await;
    }

    /// The worst place to stand still: with the account's row in one's hands.
    async fn one_that_stands_still_in_a_transaction_is_done_without(engine) {
        let (first, second, _tokens) = two(engine).await;
        let hold = Hold::rows(&first.database);
        let flying = in_flight(&first, &hold, "/auth/login", credentials("ann@example.org")).await;
        first.freeze();
        drop(hold);
        let login = eventually(async || second.login("ann@example.org").await, |answer| answer.status != 503).await;
        assert_eq!(login.status, 200, "{}", login.body);
        first.signal("-CONT");
        let late = flying.await.unwrap().unwrap();
        let begun = match late.status {
            200 => 1,
            _ => {
                assert_eq!(late.refusal(), (503, "unavailable"));
                0
            }
        };
        assert_eq!(first.database.count("sessions"), 2 + begun, "who was refused has no session");
        let again = eventually(async || first.login("ann@example.org").await, |answer| answer.status != 503).await;
        assert_eq!(again.status, 200, "{}", again.body);
    }
}
