//! Accounts on their way to another server: what an export hands out, and what an import makes of it.

mod bodies;
mod export;
mod interrupted;
mod lines;
mod pace;
mod refused;
mod results;
mod round_trip;
mod wire;

use reqwest::{Body, Method};
use serde_json::{Value, json};

use super::{ON, client};
use crate::service::{Answer, Engine, Service};

const NDJSON: &str = "application/x-ndjson";

const IMPORT: &str = "/admin/users/import";

const EXPORT: &str = "/admin/users/export";

/// A server that takes every factor, and the token of a client that may do everything here.
async fn start(engine: Engine, overrides: &[(&str, &str)]) -> (Service, String) {
    let service = Service::with_factors(engine, &[&ON, overrides].concat()).await;
    let (_, token) = client(&service, "admin:read,admin:write,admin:export").await;
    (service, token)
}

/// So many accounts, one a line.
fn accounts(count: usize) -> String {
    (0..count).map(|number| format!("{{\"email\":\"person{number:05}@example.org\"}}\n")).collect()
}

async fn send(service: &Service, token: &str, query: &str, body: impl Into<Body>) -> Answer {
    let request = service.request(Method::POST, &format!("{IMPORT}{query}"));
    Answer::of(request.bearer_auth(token).header("Content-Type", NDJSON).body(body)).await
}

/// The lines of an answer that is 200.
async fn import(service: &Service, token: &str, query: &str, body: impl Into<Body>) -> Vec<Value> {
    let answer = send(service, token, query, body).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(NDJSON)), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    // What is one line alone was read as JSON.
    answer.body.as_str().map_or_else(|| vec![answer.body.clone()], parsed)
}

fn parsed(text: &str) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole: {text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|fault| panic!("{fault}: {line}"))).collect()
}

fn totals(total: u64, imported: u64, already_there: u64, refused: u64) -> Value {
    json!({ "total": total, "imported": imported, "already_there": already_there, "refused": refused })
}

/// What an export hands out, byte for byte.
async fn export(service: &Service, token: &str) -> String {
    let response = service.request(Method::GET, EXPORT).bearer_auth(token).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}

/// How many accounts there are.
fn people(service: &Service) -> i64 {
    tokio::task::block_in_place(|| service.database.count("users"))
}
