//! What leaves a server, and who may take it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{EXPORT, NDJSON, ON, accounts, export, import, parsed, start, totals};
use crate::{
    admin::{administrator, audit::events, client},
    factors::is_stale,
    service::{Answer, Engine, Service, on_every_engine},
};

on_every_engine! {
    async fn every_account_is_there_once_by_id(engine) {
        let (service, token) = start(engine, &[]).await;
        assert_eq!(export(&service, &token).await, "", "nobody yet");
        let made = import(&service, &token, "", accounts(1234)).await;
        assert_eq!(made.last(), Some(&totals(1234, 1234, 0, 0)));
        let lines = parsed(&export(&service, &token).await);
        let ids: Vec<_> = lines.iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect();
        let mut expected: Vec<_> = made.iter().filter_map(|line| line["id"].as_str().map(str::to_owned)).collect();
        expected.sort();
        assert_eq!(ids, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_a_file_that_nobody_keeps() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    service.register("ann@example.org").await;
    let answer = service.get_as(&token, EXPORT).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(NDJSON)));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"accounts.ndjson\""));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.text("password_hash").starts_with("$2b$10$"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_has_it_before_anything_leaves() {
    let service = Service::with_factors(Engine::Sqlite, &ON).await;
    let (office, token) = client(&service, "admin:export").await;
    let (_, reader) = client(&service, "admin:read").await;
    service.register("ann@example.org").await;
    let response = service.request(Method::GET, EXPORT).bearer_auth(&token).send().await.unwrap();
    assert_eq!(service.audited("users_exported", 1).await.len(), 1);
    let told = events(&service, &reader, "event=users_exported", 1).await;
    assert_eq!((&told[0]["actor"], &told[0]["outcome"]), (&json!({ "type": "client", "id": office }), &json!("success")));
    // Whoever leaves at once has had some of it.
    drop(response);
    assert_eq!(export(&service, &token).await.lines().count(), 1);
    assert_eq!(service.audited("users_exported", 2).await.len(), 2);
    let log = service.log_text();
    assert!(!log.contains("$2b$"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn head_exports_nothing() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    service.register("ann@example.org").await;
    let head = service.send(Method::HEAD, EXPORT, Some(&token), None).await;
    assert_eq!((head.status, head.header("content-type"), &head.body), (200, Some(NDJSON), &Value::Null));
    export(&service, &token).await;
    assert_eq!(service.audited("users_exported", 1).await.len(), 1, "of the one that exported");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_to_be_fresh_and_a_client_needs_the_scope() {
    let (service, _) = start(Engine::Sqlite, &[]).await;
    let admin = administrator(&service, "ada@example.org").await;
    assert_eq!(service.get_as(&admin, EXPORT).await.status, 200);
    tokio::task::block_in_place(|| service.database.execute("UPDATE sessions SET authenticated_at = '2026-01-01 00:00:00'"));
    is_stale(&service.get_as(&admin, EXPORT).await, None, "an export");
    assert_eq!(service.get_as(&admin, "/admin/users").await.status, 200, "reading goes on");
    assert_eq!(import(&service, &admin, "", "").await, [totals(0, 0, 0, 0)], "an import hands out nothing");
    let (_, other) = client(&service, "admin:read,admin:write").await;
    assert_eq!(service.get_as(&other, EXPORT).await.refusal(), (403, "insufficient_scope"));
    assert_eq!(service.audited("users_exported", 1).await.len(), 1);
    let (_, only) = client(&service, "admin:export").await;
    assert_eq!(service.get_as(&only, EXPORT).await.status, 200);
    let refused = super::send(&service, &only, "", "").await;
    assert_eq!(refused.refusal(), (403, "insufficient_scope"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_besides_changes_nothing_or_is_refused() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    service.register("ann@example.org").await;
    let whole = export(&service, &token).await;
    for (name, value) in [("Range", "bytes=0-9"), ("Accept-Encoding", "gzip"), ("If-None-Match", "*")] {
        let answer = Answer::of(service.request(Method::GET, EXPORT).bearer_auth(&token).header(name, value)).await;
        assert_eq!((answer.status, answer.body), (200, whole.parse().unwrap()), "{name}");
    }
}
