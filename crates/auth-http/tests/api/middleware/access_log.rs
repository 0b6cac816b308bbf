//! One line in the log for each request: what it says, and what it never does.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;

use crate::{
    service::{Answer, Engine, PASSWORD, Service, credentials},
    telemetry::metrics::{scrape, value},
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// The lines of requests so far, once there are at least `count`.
async fn answered(service: &Service, count: usize) -> Vec<Value> {
    service.lines(count, |line| line["target"] == "request").await
}

#[tokio::test]
async fn a_request_is_one_line() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    let request = service.request(Method::DELETE, "/auth/sessions/0193e7a2-0000-7000-8000-000000000000");
    let ended = Answer::of(request.bearer_auth(tokens.access()).header("X-Request-Id", "mine-1")).await;
    assert_eq!(ended.status, 404);
    let lines = answered(&service, 2).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    for (line, (method, route, status)) in
        lines.iter().zip([("POST", "/auth/register", 201), ("DELETE", "/auth/sessions/{id}", 404)])
    {
        assert_eq!((line["method"].as_str(), line["route"].as_str()), (Some(method), Some(route)), "{line}");
        assert_eq!((line["status"].as_i64(), line["level"].as_str()), (Some(status), Some("INFO")), "{line}");
        assert_eq!(line["client"], "127.0.0.1", "{line}");
        assert!(line["duration_ms"].as_f64().unwrap() > 0.0 && line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        assert!(line.get("trace_id").is_none(), "{line}");
    }
    assert_eq!(lines[0]["request_id"], tokens.header("x-request-id").unwrap());
    assert_eq!(lines[1]["request_id"], "mine-1");
}

#[tokio::test]
async fn nothing_that_a_client_wrote_is_in_it() {
    let service = Service::with(Engine::Sqlite, &[("LOG_LEVEL", "trace")]).await;
    let tokens = service.register("ann@example.org").await;
    let request = service.request(Method::GET, "/auth/me?access_token=in-the-query").header("Cookie", "in=the-cookie");
    assert_eq!(Answer::of(request.bearer_auth(tokens.access())).await.status, 200);
    let path = Answer::of(service.request(Method::GET, "/in-the-path/%0d%0aforged")).await;
    assert_eq!(path.status, 404);
    let method = Answer::of(service.request("IN-THE-METHOD".parse().unwrap(), "/auth/me")).await;
    assert_eq!(method.status, 405);
    let lines = answered(&service, 4).await;
    assert_eq!((&lines[2]["route"], &lines[3]["method"]), (&"unmatched".into(), &"other".into()));
    let text: String = lines.iter().map(Value::to_string).collect();
    for secret in ["in-the-", "IN-THE-", "the-cookie", "forged", PASSWORD, tokens.access(), tokens.refresh(), "ann@"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    let all = service.log_text();
    for secret in [PASSWORD, tokens.access(), tokens.refresh(), "in-the-query"] {
        assert!(!all.contains(secret), "{secret} at some level");
    }
}

#[tokio::test]
async fn probes_are_told_only_at_debug() {
    for (level, count) in [("info", 1), ("debug", 3)] {
        let service = Service::with(Engine::Sqlite, &[("LOG_LEVEL", level)]).await;
        service.get("/health").await;
        service.get("/health/ready").await;
        // Behind them, so that theirs would be there.
        service.get("/auth/me").await;
        let lines = answered(&service, count).await;
        assert_eq!(lines.len(), count, "{lines:?}");
        assert_eq!(lines[count - 1]["route"], "/auth/me");
    }
}

#[tokio::test]
async fn the_callers_trace_is_taken_over() {
    let service = Service::start(Engine::Sqlite).await;
    let traced = |value: String| {
        service.request(Method::POST, "/auth/login").header("traceparent", value).json(&credentials("ann@example.org"))
    };
    Answer::of(traced(format!("00-{TRACE}-b7ad6b7169203331-01"))).await;
    Answer::of(traced(format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)))).await;
    let lines = answered(&service, 2).await;
    assert_eq!(lines[0]["trace_id"], TRACE);
    assert!(lines[1].get("trace_id").is_none_or(|id| *id != "0".repeat(32)), "{}", lines[1]);
    // The audit trail, and all else that is said meanwhile.
    let audited = &service.audited("login_failed", 2).await;
    assert_eq!(audited[0]["span"]["trace_id"], TRACE, "{}", audited[0]);
    assert_eq!(audited[0]["span"]["request_id"], audited[0]["request_id"]);
}

#[tokio::test]
async fn at_warn_the_audit_trail_goes_on_alone() {
    // But for the line that says where it listens.
    let service = Service::with(Engine::Sqlite, &[("LOG_LEVEL", "warn,auth_http=info")]).await;
    service.login("ann@example.org").await;
    service.login("ann@example.org").await;
    // The second is behind where the first one's line would be.
    service.audited("login_failed", 2).await;
    assert!(!service.log_text().contains("answered"), "{}", service.log_text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_refusals_is_told_by_its_first_and_counted_whole() {
    const CLIENTS: usize = 60;
    // One login has the only thread for two seconds, and nobody may wait for that long.
    let hashing = [("BCRYPT_COST", "15"), ("HASH_WORKERS", "1"), ("HASH_MAX_WAIT_SECONDS", "1")];
    let telling = [("METRICS_ADDR", "127.0.0.1:0"), ("LOG_LEVEL", "debug")];
    let service = Service::with(Engine::Sqlite, &[&hashing[..], &telling].concat()).await;
    let answers = join_all((0..CLIENTS).map(|_| service.login("nobody@example.org"))).await;
    let refused = answers.iter().filter(|answer| answer.refusal() == (503, "overloaded")).count();
    assert!(refused > CLIENTS / 2, "{refused}");
    assert!(answers.iter().all(|answer| answer.status != 503 || answer.header("retry-after").is_some()));
    let counted = scrape(&service).await;
    for name in ["auth_hash_refused_total", r#"auth_http_requests_total{method="POST",route="/auth/login",status="503"}"#] {
        assert_eq!(value(&counted, name).to_string(), refused.to_string(), "{name}");
    }
    let lines = service.lines(refused, |line| line["target"] == "request" && line["status"] == 503).await;
    let told = lines.iter().filter(|line| line["level"] == "INFO").count();
    assert!((1..refused / 2).contains(&told), "{told} of {refused}");
    assert!(lines.iter().all(|line| line["level"] == "INFO" || line["level"] == "DEBUG"));
    let begun = service.lines(1, |line| line["level"] == "WARN").await;
    assert_eq!(begun.len(), 1, "{begun:?}");
}
