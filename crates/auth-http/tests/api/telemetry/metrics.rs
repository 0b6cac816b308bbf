//! /metrics, as Prometheus scrapes it: a listener of its own; and that dashboard, alerts and guide name what is there.

use std::{collections::BTreeSet, fs, path::PathBuf};

use reqwest::{Client, Method};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    cli::mail::{FOLDER, NOWHERE},
    middleware::general::raw,
    service::{Answer, Engine, Hold, PASSWORD, Service, eventually, on_every_engine},
};

pub const ON: (&str, &str) = ("METRICS_ADDR", "127.0.0.1:0");

/// Where a server's metrics are.
async fn url_of(service: &Service) -> String {
    let line = service.lines(1, |line| line["message"].as_str().is_some_and(|text| text.starts_with("metrics at "))).await;
    line[0]["message"].as_str().unwrap().trim_start_matches("metrics at ").to_owned()
}

/// Everything there is to know, one sample a line.
pub async fn scrape(service: &Service) -> String {
    let answer = Answer::from_elsewhere(Client::new().get(url_of(service).await)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.body.as_str().unwrap().to_owned()
}

/// The value of a sample.
pub fn value(text: &str, sample: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {sample} in {text}")).parse().unwrap()
}

/// Where nobody shares budgets; in a build that can, there are metrics of it.
const NO_STORE: &[(&str, &str)] = if cfg!(feature = "redis") { &[("RATE_LIMIT_URL", "redis://127.0.0.1:1")] } else { &[] };

/// A server that has met everything it counts, but for what takes an overload.
async fn after_a_busy_day(engine: Engine) -> Service {
    let limits = [ON, ("RATE_LIMIT_REQUESTS", "12"), ("RATE_LIMIT_WINDOW", "3600")];
    let service = Service::with(engine, &[&limits[..], &FOLDER, NO_STORE].concat()).await;
    let first = service.register("ann@example.org").await;
    let second = service.login("ann@example.org").await;
    service.post("/auth/login", json!({ "email": "ann@example.org", "password": "wrong" })).await;
    let next = service.refresh(second.refresh()).await;
    service.refresh(next.refresh()).await;
    assert_eq!(service.refresh(second.refresh()).await.problem(), "token_reused");
    assert_eq!(service.me(first.access()).await.status, 200);
    assert_eq!(service.post_as(first.access(), "/auth/logout?scope=all", None).await.status, 204);
    service.send("BREW".parse().unwrap(), "/auth/me", None, None).await;
    service.send(Method::DELETE, "/auth/sessions/0193e7a2-0000-7000-8000-000000000000", None, None).await;
    service.get("/nowhere/at-all?token=hunter2").await;
    service.get("/another").await;
    assert_eq!(service.get("/auth/me").await.status, 429);
    service.get("/health").await;
    raw(&service, b"nonsense\r\n\r\n").await;
    service
}

on_every_engine! {
    async fn mails_are_counted(engine) {
        let service = Service::with(engine, &[&[ON][..], &FOLDER].concat()).await;
        service.register("ann@example.org").await;
        let is = |text: &String, sample, expected: f64| (value(text, sample) - expected).abs() < f64::EPSILON;
        let sent = r#"auth_mail_attempts_total{outcome="sent"}"#;
        eventually(async || scrape(&service).await, |text| is(text, sent, 1.0)).await;
        let away = Service::with(engine, &NOWHERE).await;
        away.register("ann@example.org").await;
        away.register("bob@example.org").await;
        let database = away.database.clone();
        drop(away);
        database.execute("UPDATE mail_outbox SET state = 'dead', done_at = created_at WHERE recipient = 'ann@example.org'");
        // A server counts what waits when it starts, and then now and then.
        let other = Service::on(database, &[&[ON][..], &NOWHERE].concat()).await;
        let counted = |text: &String| is(text, "auth_mail_outbox_waiting", 1.0) && is(text, "auth_mail_outbox_dead", 1.0);
        eventually(async || scrape(&other).await, counted).await;
    }

    async fn what_happened_is_counted(engine) {
        let service = after_a_busy_day(engine).await;
        let text = scrape(&service).await;
        for (sample, expected) in [
            (r#"auth_http_requests_total{method="POST",route="/auth/register",status="201"}"#, 1.0),
            (r#"auth_http_requests_total{method="POST",route="/auth/login",status="401"}"#, 1.0),
            (r#"auth_http_requests_total{method="POST",route="/auth/refresh",status="200"}"#, 2.0),
            (r#"auth_http_requests_total{method="GET",route="/auth/me",status="200"}"#, 1.0),
            (r#"auth_http_requests_total{method="GET",route="/auth/me",status="429"}"#, 1.0),
            (r#"auth_http_requests_total{method="other",route="/auth/me",status="405"}"#, 1.0),
            (r#"auth_http_requests_total{method="DELETE",route="/auth/sessions/{id}",status="401"}"#, 1.0),
            (r#"auth_http_requests_total{method="GET",route="unmatched",status="404"}"#, 2.0),
            (r#"auth_http_requests_total{method="GET",route="/health",status="200"}"#, 1.0),
            (r#"auth_http_request_duration_seconds_count{method="POST",route="/auth/login"}"#, 2.0),
            (r#"auth_http_refused_heads_total{status="400"}"#, 1.0),
            (r#"auth_logins_total{outcome="succeeded"}"#, 1.0),
            (r#"auth_logins_total{outcome="failed"}"#, 1.0),
            (r#"auth_logins_total{outcome="throttled"}"#, 0.0),
            (r#"auth_sessions_begun_total{by="register"}"#, 1.0),
            (r#"auth_sessions_begun_total{by="login"}"#, 1.0),
            (r#"auth_sessions_ended_total{reason="reuse"}"#, 1.0),
            (r#"auth_sessions_ended_total{reason="logout"}"#, 1.0),
            ("auth_sessions_reused_total", 1.0),
            ("auth_rate_limited_total", 1.0),
            (r#"auth_audit_events_total{event="token_refreshed"}"#, 2.0),
            ("auth_audit_refused_total", 0.0),
            (r#"auth_job_failures_total{name="prune"}"#, 0.0),
            (r#"auth_job_failures_total{name="signing_keys"}"#, 0.0),
            ("auth_hash_duration_seconds_count", 3.0),
            ("auth_hash_wait_seconds_count", 3.0),
            ("auth_hash_queue_depth", 0.0),
            ("auth_hash_running", 0.0),
            ("auth_hash_refused_total", 0.0),
            ("auth_http_connections_max", 15_000.0),
        ] {
            assert!((value(&text, sample) - expected).abs() < f64::EPSILON, "{sample}: {text}");
        }
        assert!(value(&text, "auth_database_pool_open") >= 1.0 && value(&text, "auth_database_wait_seconds_count") >= 5.0);
        assert!(value(&text, "auth_database_pool_size") >= 8.0, "one may be set aside for look-ups, and one for refreshes: {text}");
        assert!(value(&text, "auth_database_pool_in_use") <= 1.0, "but for housekeeping: {text}");
        assert!(value(&text, "auth_http_connections") >= 1.0 && value(&text, "auth_hash_workers") >= 1.0);
        let version = concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"");
        assert!(text.lines().any(|line| line.starts_with("auth_build_info{") && line.contains(version) && line.ends_with("} 1")));
        for secret in ["nowhere", "another", "BREW", "hunter2", "0193e7a2", "ann@"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

on_every_engine! {
    async fn who_leaves_before_the_answer_is_counted_and_what_they_asked_for_is_done(engine) {
        let service = Service::with(engine, &[ON]).await;
        let tokens = service.register("ann@example.org").await;
        let held = Hold::rows(&service.database);
        let body = json!({ "refresh_token": tokens.refresh() }).to_string();
        let head = "POST /auth/refresh HTTP/1.1\r\nHost: auth\r\nContent-Type: application/json";
        let mut client = TcpStream::connect(service.address()).await.unwrap();
        client.write_all(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
        held.waited_for(&service.database, 1).await;
        drop(client);
        let line = &service.lines(1, |line| line["route"] == "/auth/refresh").await[0];
        assert_eq!((&line["status"], &line["method"]), (&json!(499), &json!("POST")), "{line}");
        let sample = r#"auth_http_requests_total{method="POST",route="/auth/refresh",status="499"}"#;
        assert!((value(&scrape(&service).await, sample) - 1.0).abs() < f64::EPSILON);
        assert_eq!(service.audited("token_refreshed", 0).await.len(), 0, "still held up");
        drop(held);
        let done = &service.audited("token_refreshed", 1).await[0];
        assert_eq!(done["request_id"], line["request_id"], "{done}");
        // The answer that nobody took, once more.
        assert_eq!(service.refresh(tokens.refresh()).await.status, 200);
    }
}

#[tokio::test]
async fn who_leaves_while_their_password_waits_costs_no_hash() {
    // Nearly two seconds a hash: long enough for the others to come and go while the first is at work.
    let hashing = [("BCRYPT_COST", "15"), ("HASH_WORKERS", "1"), ("HASH_MAX_WAIT_SECONDS", "60")];
    let service = Service::with(Engine::Sqlite, &[ON, hashing[0], hashing[1], hashing[2]]).await;
    let body = json!({ "email": "nobody@example.org", "password": PASSWORD }).to_string();
    let at_work = async |running: f64, waiting: f64| {
        loop {
            let text = scrape(&service).await;
            let seen = [value(&text, "auth_hash_running"), value(&text, "auth_hash_queue_depth")];
            if seen == [running, waiting] {
                return text;
            }
        }
    };
    let mut clients = Vec::new();
    for waiting in [0.0, 1.0, 2.0, 3.0] {
        let mut client = service.login_in_flight(body.len()).await;
        client.write_all(body.as_bytes()).await.unwrap();
        clients.push(client);
        at_work(1.0, waiting).await;
    }
    let stays = clients.swap_remove(0);
    drop(clients);
    service.lines(3, |line| line["status"] == 499).await;
    let text = at_work(0.0, 0.0).await;
    assert!((value(&text, "auth_hash_duration_seconds_count") - 1.0).abs() < f64::EPSILON, "{text}");
    drop(stays);
    assert_eq!(service.audited("login_failed", 1).await.len(), 1, "nobody else has tried");
    assert!(!service.log_text().contains("a dependency is unavailable"));
}

#[tokio::test]
async fn a_listener_of_its_own_serves_nothing_else() {
    let service = Service::with(Engine::Sqlite, &[ON]).await;
    let url = url_of(&service).await;
    let (base, client) = (url.trim_end_matches("/metrics"), Client::new());
    for path in ["/", "/health", "/auth/me", "/metrics/", "/metrics/x", "//metrics"] {
        assert_eq!(Answer::from_elsewhere(client.get(format!("{base}{path}"))).await.status, 404, "{path}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let refused = Answer::from_elsewhere(client.request(method.clone(), &url)).await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET")), "{method}");
    }
    assert_eq!(Answer::from_elsewhere(client.get(format!("{url}?name[]=x"))).await.status, 200, "the query is not asked");
    assert_eq!(service.get("/metrics").await.status, 404, "not among what the public sees");
}

#[tokio::test]
async fn without_an_address_nobody_listens() {
    let service = Service::start(Engine::Sqlite).await;
    assert_eq!(service.get("/metrics").await.status, 404);
    assert!(!service.log_text().contains("metrics at"));
}

#[tokio::test]
async fn the_database_is_not_asked() {
    let service = Service::with(Engine::Sqlite, &[ON, ("DATABASE_POOL_SIZE", "1")]).await;
    service.register("ann@example.org").await;
    let waits = "auth_database_wait_seconds_count";
    let before = value(&scrape(&service).await, waits);
    for _ in 0..20 {
        scrape(&service).await;
    }
    // The server's own housekeeping may have, once or twice.
    let asked = value(&scrape(&service).await, waits) - before;
    assert!(asked < 20.0, "{asked} times");
}

#[tokio::test]
async fn who_stays_silent_keeps_nobody_out_for_long() {
    let service = Service::with(Engine::Sqlite, &[ON]).await;
    let url = url_of(&service).await;
    let address = url.trim_start_matches("http://").trim_end_matches("/metrics").to_owned();
    let mut silent = Vec::new();
    for _ in 0..17 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
        silent.push(stream);
    }
    // One more than there is room for: this waits until they are hung up on.
    assert_eq!(Answer::from_elsewhere(Client::new().get(&url)).await.status, 200);
    let mut left = Vec::new();
    silent[0].read_to_end(&mut left).await.unwrap_or_default();
    assert!(!left.starts_with(b"HTTP/1.1 200"), "{left:?}");
    assert_eq!(service.get("/health").await.status, 200);
}

/// Words that look like a metric of ours, without what histograms add.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("auth_"));
    let base =
        |word: &str| ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word).to_owned();
    words.map(base).collect()
}

fn file(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[tokio::test]
async fn dashboard_alerts_and_guide_name_what_is_exported() {
    let text = scrape(&after_a_busy_day(Engine::Sqlite).await).await;
    let exported: BTreeSet<_> =
        text.lines().filter_map(|line| Some(line.strip_prefix("# TYPE ")?.split_once(' ')?.0.to_owned())).collect();
    assert!(exported.len() > 20, "{exported:?}");
    for path in ["deploy/grafana/auth-server.json", "deploy/prometheus/alerts.yaml", "deploy/prometheus/alerts.test.yaml"] {
        // Not every build, and not every server, has limits to share.
        let named = named(&file(path));
        let unknown: Vec<_> = named.difference(&exported).filter(|name| !name.starts_with("auth_rate_limits_")).collect();
        assert!(unknown.is_empty(), "{path} asks for what is not there: {unknown:?}");
    }
    let guide = file("docs/operations.md");
    let rows = guide.lines().filter(|line| line.starts_with("| `auth_")).flat_map(named);
    let rows: BTreeSet<_> = rows.filter(|name| cfg!(feature = "redis") || !name.starts_with("auth_rate_limits_")).collect();
    assert_eq!(rows, exported, "the table in docs/operations.md");
    let alerts = file("deploy/prometheus/alerts.yaml");
    for alert in alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(guide.contains(&format!("### {alert}\n")), "{alert} is not explained");
        assert!(file("deploy/prometheus/alerts.test.yaml").contains(&format!("alertname: {alert}\n")), "{alert} is not tested");
    }
}
