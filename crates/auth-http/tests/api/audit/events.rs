//! The audit trail in the log.

use reqwest::Method;
use serde_json::json;

use crate::service::{Answer, Engine, Service, credentials};

#[tokio::test]
async fn every_event_says_who_what_and_from_where() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    service.post("/auth/register", credentials("ann@example.org")).await;
    service.login("ann@example.org").await;
    service.post("/auth/login", json!({ "email": "ann@example.org", "password": "wrong" })).await;
    service.post("/auth/login", json!({ "email": "bob@example.org", "password": "wrong" })).await;
    service.refresh(tokens.refresh()).await;
    service.refresh("nonsense").await;
    for (event, outcome) in [
        ("user_registered", "success"),
        ("registration_refused", "failure"),
        ("login_succeeded", "success"),
        ("login_failed", "failure"),
        ("token_refreshed", "success"),
        ("refresh_refused", "failure"),
    ] {
        let line = &service.audited(event, 1).await[0];
        assert_eq!((line["outcome"].as_str(), line["client"].as_str()), (Some(outcome), Some("127.0.0.1")), "{line}");
        assert_eq!(line["request_id"].as_str().map(str::len), Some(36), "{line}");
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        assert_eq!(line["email"].is_string(), event != "refresh_refused", "{line}");
    }
    let failures = service.audited("login_failed", 2).await;
    let reasons: Vec<_> = failures.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["wrong_password", "unknown_address"]);
    assert!(failures[0]["user_id"].is_string() && failures[1].get("user_id").is_none_or(serde_json::Value::is_null));
}

#[tokio::test]
async fn a_client_cannot_forge_a_line() {
    let service = Service::with(Engine::Sqlite, &[("LOG_FORMAT", "json")]).await;
    let agent = "x\u{1b}[31m\u{85}y";
    let header = reqwest::header::HeaderValue::from_bytes(agent.replace('\u{1b}', "").as_bytes()).unwrap();
    Answer::of(service.request(Method::POST, "/auth/login").header("User-Agent", header).json(&credentials("a@example.org")))
        .await;
    let line = &service.audited("login_failed", 1).await[0];
    assert_eq!(line["user_agent"], "x[31my");
}
