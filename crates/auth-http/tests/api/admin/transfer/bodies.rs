//! How a body may come, and how much of it.

use reqwest::Method;

use super::{
    EXPORT, IMPORT, NDJSON, accounts, import, people, send, start, totals,
    wire::{Ending, Wire},
};
use crate::service::{Answer, Engine};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_body_has_no_lines() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    assert_eq!(import(&service, &token, "", "").await, [totals(0, 0, 0, 0)]);
    assert_eq!(import(&service, &token, "", "\n\r\n").await, [totals(0, 0, 0, 0)]);
    let mut wire = Wire::chunked(&service, &token).await;
    wire.chunk("").await;
    assert_eq!(wire.rest().await, (vec![totals(0, 0, 0, 0)], Ending::Whole));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_is_taken_than_other_bodies_may_have() {
    let (service, token) = start(Engine::Sqlite, &[("MAX_REQUEST_BODY_SIZE", "1024")]).await;
    assert_eq!(
        service.post_as(&token, "/admin/users", Some("x".repeat(2000).into())).await.refusal(),
        (413, "payload_too_large")
    );
    let results = import(&service, &token, "", accounts(300)).await;
    assert_eq!(results.last(), Some(&totals(300, 300, 0, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_in_chunks_is_split_at_its_lines() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    let mut wire = Wire::chunked(&service, &token).await;
    for piece in
        ["{\"email\":\"ann@exam", "ple.org\"}", "\r", "\n{\"email\":\"ben@example.org\"}\n\n{\"email\"", ":\"cid@example.org\"}"]
    {
        wire.chunk(piece).await;
    }
    wire.chunk("").await;
    let (lines, ending) = wire.rest().await;
    let numbers: Vec<_> = lines.iter().filter_map(|line| line["line"].as_u64()).collect();
    assert_eq!((numbers, lines.last(), ending), (vec![1, 2, 4], Some(&totals(3, 3, 0, 0)), Ending::Whole));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_before_sending_is_told_to_go_on() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    let file = accounts(2);
    let mut wire = Wire::import(&service, &token, &format!("Content-Length: {}\r\nExpect: 100-continue", file.len())).await;
    wire.go_on().await;
    wire.send(&file).await;
    assert_eq!(wire.rest().await.0.last(), Some(&totals(2, 2, 0, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_ndjson_is_refused() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    let with = async |headers: &[(&str, &str)]| {
        let request = service.request(Method::POST, IMPORT).bearer_auth(&token).body(accounts(1));
        Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    };
    for headers in [
        &[][..],
        &[("Content-Type", "application/json")],
        &[("Content-Type", "text/plain")],
        &[("Content-Type", NDJSON), ("Content-Encoding", "gzip")],
    ] {
        assert_eq!(with(headers).await.refusal(), (415, "unsupported_media_type"), "{headers:?}");
    }
    assert_eq!(people(&service), 0);
    assert_eq!(with(&[("Content-Type", "application/x-ndjson; charset=utf-8")]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_makes_no_sense_writes_nothing() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    for value in ["yes", "", "1", "TRUE"] {
        let refused = send(&service, &token, &format!("?dry_run={value}"), accounts(1)).await;
        assert_eq!(refused.faults(), [("dry_run", "unknown_value")], "{value}");
    }
    assert_eq!(send(&service, &token, "?dry_run", accounts(1)).await.faults(), [("dry_run", "unknown_value")]);
    for query in ["?dry_run=true&dry_run=true", "?dry_run=true&dry_run=false"] {
        assert_eq!(send(&service, &token, query, accounts(1)).await.refusal(), (400, "malformed_request"), "{query}");
    }
    assert_eq!(people(&service), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_refused() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    let wrong = [Method::GET, Method::PUT, Method::PATCH, Method::DELETE].map(|method| (IMPORT, method));
    let wrong =
        wrong.into_iter().chain([Method::POST, Method::PUT, Method::PATCH, Method::DELETE].map(|method| (EXPORT, method)));
    for (path, method) in wrong {
        let refused = service.send(method.clone(), path, Some(&token), None).await;
        assert_eq!(refused.refusal(), (405, "method_not_allowed"), "{method} {path}");
    }
    assert_eq!(service.send(Method::HEAD, IMPORT, Some(&token), None).await.status, 405);
}
