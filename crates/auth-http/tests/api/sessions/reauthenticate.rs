//! POST /auth/reauthenticate

use serde_json::{Value, json};

use super::tokens::claims;
use crate::service::{Engine, PASSWORD, Service, on_every_engine};

pub(crate) async fn again(service: &Service, token: &str, body: Value) -> crate::service::Answer {
    service.post_as(token, "/auth/reauthenticate", Some(body)).await
}

/// Has every session's owner authenticated an hour before now.
pub(crate) fn an_hour_ago(service: &Service) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let then = chrono::DateTime::from_timestamp(i64::try_from(now).unwrap() - 3600, 0).unwrap();
    service.database.execute(&format!("UPDATE sessions SET authenticated_at = '{}'", then.format("%F %T")));
    then.timestamp()
}

on_every_engine! {
    async fn a_right_password_makes_the_session_fresh_and_leaves_its_refresh_token(engine) {
        let service = Service::start(engine).await;
        let own = service.register("ann@example.org").await;
        let then = an_hour_ago(&service);
        let answer = again(&service, own.access(), json!({ "password": PASSWORD })).await;
        let names: Vec<_> = answer.body.as_object().unwrap().keys().cloned().collect();
        assert_eq!((answer.status, names), (200, ["access_token", "expires_in", "token_type"].map(String::from).to_vec()));
        assert_eq!((answer.text("token_type"), &answer.body["expires_in"]), ("bearer", &Value::from(900)));
        let said = claims(answer.access());
        assert!(said["auth_time"].as_i64().unwrap() > then + 3000, "{said}");
        assert_eq!((&said["amr"], &said["acr"], &said["sid"]), (&json!(["pwd"]), &json!("aal1"), &claims(own.access())["sid"]));
        assert_eq!(service.me(answer.access()).await.status, 200);
        let refreshed = service.refresh(own.refresh()).await;
        assert_eq!((refreshed.status, &claims(refreshed.refresh())["gen"]), (200, &json!(2)), "it is the same generation still");
        assert_eq!(claims(refreshed.access())["auth_time"], said["auth_time"]);
        assert_eq!(service.audited("reauthenticated", 1).await.len(), 1);
    }

    async fn a_refresh_moves_neither_the_time_nor_the_methods(engine) {
        let service = Service::start(engine).await;
        let own = service.register("ann@example.org").await;
        let first = claims(own.access());
        assert_eq!((&first["auth_time"], &first["amr"], &first["acr"]), (&first["iat"], &json!(["pwd"]), &json!("aal1")));
        assert!(claims(own.refresh()).get("auth_time").is_none());
        let then = an_hour_ago(&service);
        let next = claims(service.refresh(own.refresh()).await.access());
        assert_eq!((&next["auth_time"], &next["amr"]), (&json!(then), &json!(["pwd"])));
        let login = claims(service.login("ann@example.org").await.access());
        assert!(login["auth_time"].as_i64().unwrap() > then);
    }

    async fn a_session_of_the_previous_release_was_authenticated_when_it_began(engine) {
        let service = Service::start(engine).await;
        let own = service.register("ann@example.org").await;
        service.database.execute("UPDATE sessions SET authenticated_at = NULL, methods = NULL");
        let next = claims(service.refresh(own.refresh()).await.access());
        assert_eq!((&next["auth_time"], &next["amr"]), (&claims(own.access())["iat"], &json!(["pwd"])));
    }

    async fn a_change_of_password_makes_the_session_fresh(engine) {
        let service = Service::start(engine).await;
        let own = service.register("ann@example.org").await;
        let then = an_hour_ago(&service);
        let body = json!({ "current_password": PASSWORD, "new_password": "Another-Horse-8-Battery" });
        assert_eq!(service.post_as(own.access(), "/auth/password", Some(body)).await.status, 204);
        assert!(claims(service.refresh(own.refresh()).await.access())["auth_time"].as_i64().unwrap() > then + 3000);
    }

    async fn a_wrong_password_counts_as_a_failed_attempt(engine) {
        let service = Service::with(engine, &[("LOGIN_FAILURES", "2")]).await;
        let own = service.register("ann@example.org").await;
        for _ in 0..2 {
            assert_eq!(again(&service, own.access(), json!({ "password": "wrong" })).await.refusal(), (403, "password_mismatch"));
        }
        let held = again(&service, own.access(), json!({ "password": PASSWORD })).await;
        assert_eq!(held.refusal(), (429, "too_many_attempts"));
        assert!(held.header("retry-after").is_some());
        assert_eq!(service.login("ann@example.org").await.refusal(), (429, "too_many_attempts"));
        assert_eq!(service.audited("reauthentication_refused", 2).await[0]["reason"], "wrong_password");
        assert_eq!(service.audited("login_failed", 2).await[0]["reason"], "wrong_current_password");
    }

    async fn an_account_that_changed_its_password_elsewhere_has_no_session_to_make_fresh(engine) {
        let service = Service::start(engine).await;
        let (own, other) = (service.register("ann@example.org").await, service.login("ann@example.org").await);
        let body = json!({ "current_password": PASSWORD, "new_password": "Another-Horse-8-Battery" });
        assert_eq!(service.post_as(other.access(), "/auth/password", Some(body)).await.status, 204);
        let refused = again(&service, own.access(), json!({ "password": "Another-Horse-8-Battery" })).await;
        assert_eq!(refused.refusal(), (401, "token_invalid"));
    }
}

#[tokio::test]
async fn exactly_one_proof_is_taken() {
    let service = Service::start(Engine::Sqlite).await;
    let own = service.register("ann@example.org").await;
    let answered = [("passkey.challenge_id", "missing"), ("passkey.credential", "missing")];
    for (body, faults) in [
        (json!({}), vec![("password", "missing")]),
        (json!({ "password": 7 }), vec![("password", "wrong_type")]),
        (json!({ "password": null, "code": null, "passkey": null }), vec![("password", "wrong_type")]),
        (json!({ "code": 123_456 }), vec![("code", "wrong_type")]),
        (json!({ "passkey": "x" }), vec![("passkey", "wrong_type")]),
        (json!({ "passkey": {} }), answered.to_vec()),
        (json!({ "password": PASSWORD, "code": "123456" }), vec![("password", "exclusive")]),
        (json!({ "password": PASSWORD, "passkey": {} }), [&[("password", "exclusive")], &answered[..]].concat()),
        (json!({ "code": "123456", "passkey": {} }), [&[("code", "exclusive")], &answered[..]].concat()),
    ] {
        assert_eq!(again(&service, own.access(), body.clone()).await.faults(), faults, "{body}");
    }
    let body = json!({ "password": PASSWORD, "other": 1, "code": null });
    assert_eq!(again(&service, own.access(), body).await.status, 200);
    assert_eq!(service.post("/auth/reauthenticate", json!({})).await.refusal(), (401, "token_missing"));
}

#[tokio::test]
async fn it_draws_on_the_budget_of_sessions() {
    let limits = [("RATE_LIMIT_REQUESTS", "1"), ("RATE_LIMIT_SESSION_REQUESTS", "50"), ("RATE_LIMIT_WINDOW", "3600")];
    let service = Service::with(Engine::Sqlite, &limits).await;
    let own = service.register("ann@example.org").await;
    let answer = again(&service, own.access(), json!({ "password": PASSWORD })).await;
    assert_eq!((answer.status, answer.header("ratelimit-limit")), (200, Some("50")));
}
