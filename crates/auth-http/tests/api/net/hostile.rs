//! Nothing a client sends gives a 5xx, a panic, a hang or a leaked internal.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    middleware::general::raw,
    service::{Answer, Service, on_every_engine},
};

const ENDPOINTS: [(&str, Method); 11] = [
    ("/auth/register", Method::POST),
    ("/auth/login", Method::POST),
    ("/auth/refresh", Method::POST),
    ("/auth/password", Method::POST),
    ("/auth/logout", Method::POST),
    ("/auth/me", Method::DELETE),
    ("/auth/me", Method::GET),
    ("/auth/sessions", Method::GET),
    ("/auth/sessions/x", Method::DELETE),
    ("/health/ready", Method::GET),
    ("/nowhere", Method::PUT),
];

const MEMBERS: [&str; 6] = ["email", "password", "refresh_token", "current_password", "new_password", "x"];

/// Any JSON, its objects often with the members that endpoints ask for.
fn json_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>().prop_map(Value::from),
        Just(json!("ann@example.org")),
        Just(json!("\u{0}")),
        Just(json!("a'; DROP TABLE users; --")),
        Just(json!("x".repeat(9000))),
        "[\\x00-\\x20\\u{80}-\\u{a0}\\u{200b}\\u{feff}]{0,9}@[a-z.]{0,9}".prop_map(Value::from),
    ];
    let number =
        prop_oneof![any::<i64>().prop_map(Value::from), any::<f64>().prop_map(Value::from), any::<u64>().prop_map(Value::from)];
    let leaf = prop_oneof![4 => text, 1 => number, 1 => any::<bool>().prop_map(Value::from), 1 => Just(Value::Null)];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let member = prop_oneof![4 => prop::sample::select(&MEMBERS[..]).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((member, inner), 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// JSON, JSON that was damaged, or no JSON at all.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let whole = json_value().prop_map(|value| value.to_string().into_bytes());
    let damaged = (json_value(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(value, at, byte)| {
        let mut bytes = value.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes
    });
    prop_oneof![3 => whole, 2 => damaged, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

fn assert_harmless(answer: &Answer, what: &str) {
    assert!(answer.status < 500 || answer.text("code") == "overloaded", "{what}: {} {}", answer.status, answer.body);
    if answer.status >= 400 {
        answer.problem();
        let text = answer.body.to_string().to_lowercase();
        for leak in ["sqlite", "postgres", "mysql", "diesel", "serde", "panicked", "src/", "select ", "::"] {
            assert!(!text.contains(leak), "{what} leaks {leak}: {text}");
        }
    }
}

on_every_engine! {
    async fn any_body_and_any_token_is_answered_properly(engine) {
        let service = Service::start(engine).await;
        let tokens = service.register("ann@example.org").await;
        let mut runner = TestRunner::new(Config::default());
        for round in 0..40 {
            for (path, method) in &ENDPOINTS {
                let bytes = body().new_tree(&mut runner).unwrap().current();
                let query = if round % 7 == 0 { "?scope=%ff&scope[]=1" } else { "" };
                let token = match round % 4 {
                    0 => tokens.access().to_owned(),
                    1 => tokens.refresh().to_owned(),
                    2 => format!("{}x", tokens.access()),
                    _ => "[!-~]{1,40}".new_tree(&mut runner).unwrap().current(),
                };
                let request = service.request(method.clone(), &format!("{path}{query}"));
                let request = request.header("Content-Type", "application/json").header("Authorization", format!("Bearer {token}"));
                let shown = format!("{method} {path}{query} {}", String::from_utf8_lossy(&bytes));
                // A logout that worked would leave the rest without a session.
                if *path != "/auth/logout" || round % 4 != 0 {
                    assert_harmless(&Answer::of(request.body(bytes)).await, &shown);
                }
            }
        }
        assert_eq!(service.me(tokens.access()).await.status, 200, "the service still serves");
        assert!(!service.log_text().contains("panicked"));
    }
}

#[tokio::test]
async fn any_bytes_on_the_socket_end_in_an_answer_or_a_close() {
    let service = Service::with(crate::service::Engine::Sqlite, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let mut runner = TestRunner::new(Config::default());
    let fragments = prop::sample::select(vec![
        "GET / HTTP/1.1\r\n",
        "POST /auth/login HTTP/1.1\r\n",
        "Host: x\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 0005\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Content-Type: application/json\r\n",
        "\r\n",
        "\r\n\r\n",
        "{}\r\n",
        "5\r\n",
        "0\r\n\r\n",
        "ffffffffffffffff\r\n",
        "Expect: 100-continue\r\n",
        "Upgrade: h2c\r\n",
        "\0",
        "\u{ff}",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]);
    let bytes = prop::collection::vec(fragments, 1..12).prop_map(|parts| parts.concat().into_bytes());
    let mut rounds = tokio::task::JoinSet::new();
    let service = std::sync::Arc::new(service);
    for _ in 0..60 {
        let (bytes, service) = (bytes.new_tree(&mut runner).unwrap().current(), service.clone());
        rounds.spawn(async move {
            let answer = raw(&service, &[&bytes[..], b"\r\nConnection: close\r\n\r\n"].concat()).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1."), "{answer}");
            assert!(!answer.starts_with("HTTP/1.1 5"), "{}: {answer}", String::from_utf8_lossy(&bytes));
        });
    }
    rounds.join_all().await;
    assert_eq!(service.get("/health").await.status, 200);
}

#[tokio::test]
async fn what_never_became_a_request_is_a_quiet_line_without_its_bytes() {
    const MARK: &str = "Geheim-7e57";
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {MARK}{}\r\n\r\n", "x".repeat(300_000));
    let heads = [
        format!("{MARK}\r\n\r\n"),
        format!("GET /{MARK} HTTP/7\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: {MARK}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +{MARK}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {MARK}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nbad {MARK}\r\n\r\n"),
        format!("GET http://[{MARK} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nX: {MARK}\r\n\r\n"),
        format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{MARK}"),
        format!("\u{16}\u{3}\u{1}{MARK}\r\n\r\n"),
        format!("POST / HTTP/1.0\r\nX: {MARK}\r\n\r\n"),
        long,
    ];
    let login =
        format!("POST /auth/login HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {MARK}\r\nContent-Type: application/json\r\n");
    let bodies = [
        format!("{login}Transfer-Encoding: chunked\r\n\r\n{MARK}\r\n"),
        format!("{login}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{MARK}"),
        format!("{login}Transfer-Encoding: chunked\r\n\r\n1\r\n{MARK}"),
        format!("{login}Content-Length: 9999999\r\n\r\n{MARK}"),
        format!("GET /{MARK}?{MARK} HTTP/1.1\r\nHost: {MARK}\r\nConnection: close\r\nUpgrade: {MARK}\r\n\r\n"),
    ];
    for level in ["debug", "trace", "info", "actix_http=trace,actix_web=trace,trace"] {
        let service = Service::with(crate::service::Engine::Sqlite, &[("LOG_LEVEL", level)]).await;
        for bytes in heads.iter().chain(&bodies) {
            raw(&service, bytes.as_bytes()).await;
        }
        let refused = |line: &Value| line["message"] == "refused a request before it was one";
        if level != "info" {
            let lines = service.lines(heads.len(), refused).await;
            assert_eq!(lines.len(), heads.len(), "{level}");
            assert!(lines.iter().all(|line| line["level"] == "DEBUG"), "{lines:?}");
        }
        assert_eq!(service.get("/health").await.status, 200);
        let loud = service.lines(0, |line| line["level"] == "ERROR" || line["level"] == "WARN").await;
        assert!(loud.is_empty(), "{level}: {loud:?}");
        assert!(!service.log_text().to_lowercase().contains(&MARK.to_lowercase()), "{level}: {}", service.log_text());
    }
}
