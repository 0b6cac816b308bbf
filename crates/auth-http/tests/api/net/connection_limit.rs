//! Many connections, most of them idle or slow: they end in time, and others are served meanwhile.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    service::{Engine, Service, TestDatabase, credentials, eventually},
    telemetry::metrics,
};

/// The server may have so many files open, and cannot raise that.
const FEW_FILES: [&str; 2] = ["prlimit", "--nofile=1024:1024"];

const ASK: &[u8] = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

pub async fn connect(service: &Service) -> TcpStream {
    TcpStream::connect(service.address()).await.unwrap()
}

/// Sends bytes and reads one answer; empty when the connection is closed instead.
async fn exchange(stream: &mut TcpStream, bytes: &[u8]) -> String {
    // A connection that has been closed already may refuse the bytes.
    drop(stream.write_all(bytes).await);
    let (mut answer, mut part) = (Vec::new(), [0; 2048]);
    // Every answer here is an object without another one in it.
    while !answer.ends_with(b"}") {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => break,
            Ok(read) => answer.extend_from_slice(&part[..read]),
        }
    }
    String::from_utf8(answer).unwrap()
}

pub async fn is_served(stream: &mut TcpStream) -> bool {
    exchange(stream, ASK).await.starts_with("HTTP/1.1 200 ")
}

/// Reads until the server closes: ends, and does not hang.
async fn ending(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_open_connections_leave_room_for_another() {
    const MANY: usize = 10_000;
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap();
    assert!(files > 11_000, "so many connections need as many open files; raise the hard limit: ulimit -Hn 20000");
    let patient = [("REQUEST_TIMEOUT_SECONDS", "120"), ("KEEP_ALIVE_SECONDS", "3600")];
    let service = Service::with(Engine::Sqlite, &patient).await;
    let mut open = Vec::new();
    for number in 0..MANY {
        let mut stream = connect(&service).await;
        // Some have not asked yet, some wait for the next question.
        assert!(number % 2 == 0 || is_served(&mut stream).await, "{number}");
        open.push(stream);
    }
    let tokens = service.register("ann@example.org").await;
    assert_eq!(service.me(tokens.access()).await.status, 200);
    eprintln!("{MANY} open connections: the server has {}", service.memory());
    for (number, stream) in open.iter_mut().enumerate() {
        assert!(is_served(stream).await, "{number} was closed");
    }
}

#[tokio::test]
async fn at_the_cap_the_longest_idle_connection_makes_room() {
    let patient = [("MAX_CONNECTIONS", "4"), ("REQUEST_TIMEOUT_SECONDS", "120"), ("KEEP_ALIVE_SECONDS", "3600")];
    let service = Service::with(Engine::Sqlite, &patient).await;
    let mut crowd = Vec::new();
    for _ in 0..4 {
        let mut stream = connect(&service).await;
        assert!(is_served(&mut stream).await);
        crowd.push(stream);
    }
    // The first has just asked again, so the second has waited longest.
    assert!(is_served(&mut crowd[0]).await);
    let mut newcomer = connect(&service).await;
    assert!(is_served(&mut newcomer).await);
    assert_eq!(ending(crowd.remove(1)).await, "");
    for stream in &mut crowd {
        assert!(is_served(stream).await);
    }
    assert_eq!(service.logged("MAX_CONNECTIONS is reached", 1).await, 1);
}

#[tokio::test]
async fn a_request_under_way_is_never_cut_for_a_newcomer() {
    // Hashing takes long enough to look meanwhile.
    let slow = [("BCRYPT_COST", "15"), ("HASH_WORKERS", "1"), ("HASH_MAX_WAIT_SECONDS", "60")];
    let service = Service::with(Engine::Sqlite, &[&[("MAX_CONNECTIONS", "2"), metrics::ON], &slow[..]].concat()).await;
    let body = credentials("ann@example.org").to_string();
    let mut at_work = Vec::new();
    for waiting in [0.0, 1.0] {
        let mut client = service.login_in_flight(body.len()).await;
        client.write_all(body.as_bytes()).await.unwrap();
        at_work.push(client);
        eventually(
            async || metrics::scrape(&service).await,
            |text| {
                let seen = ["auth_hash_running", "auth_hash_queue_depth"].map(|name| metrics::value(text, name));
                seen == [1.0, waiting]
            },
        )
        .await;
    }
    assert_eq!(exchange(&mut connect(&service).await, ASK).await, "", "there is no room");
    let mut first = at_work.remove(0);
    assert!(exchange(&mut first, b"").await.starts_with("HTTP/1.1 401 "));
    // Idle now, it makes room.
    assert!(is_served(&mut connect(&service).await).await);
    assert_eq!(ending(first).await, "");
    assert!(exchange(&mut at_work[0], b"").await.starts_with("HTTP/1.1 401 "));
}

/// Requests whose bodies never come: whatever the path, with a budget or without, and however the body is announced.
fn unfinished() -> Vec<String> {
    let asked = [
        "GET /health",
        "HEAD /health/ready",
        "POST /health",
        "GET /.well-known/jwks.json",
        "POST /.well-known/jwks.json",
        "GET /openapi.json",
        "GET /docs/swagger-ui-bundle.js",
        "POST /docs",
        "GET /oauth/revocations",
        "GET /auth/me",
        "DELETE /auth/me",
        "POST /auth/login",
        "POST /auth/logout",
        "PUT /nowhere",
        "OPTIONS /auth/login",
    ];
    let bodies = [
        "Content-Length: 5\r\n\r\n",
        "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
        "Content-Length: 5\r\n\r\n{",
        "Transfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3\r\n{",
    ];
    let head = |asked: &str, body: &str| format!("{asked} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{body}");
    let all = asked.iter().flat_map(|asked| bodies.iter().map(move |body| head(asked, body)));
    // One that is answered first, in the same breath.
    all.chain([format!("{}{}", String::from_utf8_lossy(ASK), head("POST /auth/login", bodies[3]))]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_never_come_lock_nobody_out() {
    const MOST: usize = 8;
    let patient = [("MAX_CONNECTIONS", "8"), ("REQUEST_TIMEOUT_SECONDS", "120"), ("RATE_LIMIT_REQUESTS", "100000")];
    let service = Service::with(Engine::Sqlite, &patient).await;
    for kind in unfinished() {
        let mut open = Vec::new();
        for _ in 0..MOST {
            let mut stream = connect(&service).await;
            stream.write_all(kind.as_bytes()).await.unwrap();
            open.push(stream);
        }
        for number in 0..MOST {
            let mut newcomer = connect(&service).await;
            // One that is still on its way in may push a first try out, and no more than that.
            let served = is_served(&mut newcomer).await || is_served(&mut connect(&service).await).await;
            assert!(served, "newcomer {number}: {kind:?}");
            open.push(newcomer);
        }
    }
}

#[tokio::test]
async fn who_asks_for_something_without_a_body_need_not_send_one() {
    let service = Service::with(Engine::Sqlite, &[("REQUEST_TIMEOUT_SECONDS", "120")]).await;
    for (asked, status) in [
        ("GET /health", 200),
        ("POST /health", 405),
        ("GET /.well-known/jwks.json", 200),
        ("POST /.well-known/jwks.json", 405),
        ("GET /openapi.json", 200),
        ("DELETE /docs", 405),
        ("GET /auth/me", 401),
        ("GET /nowhere", 404),
        ("OPTIONS /auth/me", 405),
    ] {
        for body in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
            let head = format!("{asked} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{body}\r\n\r\n");
            let mut stream = connect(&service).await;
            stream.write_all(head.as_bytes()).await.unwrap();
            let answer = ending(stream).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
            assert!(answer.contains("\r\nconnection: close\r\n"), "{head}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_flood_of_silent_connections_does_not_lock_others_out() {
    let patient = [("MAX_CONNECTIONS", "50"), ("REQUEST_TIMEOUT_SECONDS", "120")];
    let service = Service::with(Engine::Sqlite, &patient).await;
    let mut silent = Vec::new();
    for number in 0..1000 {
        let mut stream = connect(&service).await;
        stream.write_all(b"GET /hea").await.unwrap();
        silent.push(stream);
        if number % 100 == 99 {
            // Silent ones that were still on their way in may have pushed a first try out.
            eventually(async || is_served(&mut connect(&service).await).await, |served| *served).await;
        }
    }
    let closed = silent.drain(..800).map(ending);
    assert!(join_all(closed).await.iter().all(String::is_empty));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_slow_heads_and_bodies_end_in_time_and_others_are_served() {
    let service = Service::with(Engine::Sqlite, &[("REQUEST_TIMEOUT_SECONDS", "2")]).await;
    let login = "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let begun = [
        "GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ".to_owned(),
        format!("{login}Content-Length: 9000\r\n\r\n{{\"email\":\""),
        format!("{login}Transfer-Encoding: chunked\r\n\r\n2000\r\n{{\"email\":\""),
    ];
    let mut slow = Vec::new();
    for number in 0..300 {
        let stream = connect(&service).await;
        let (mut from, mut to) = stream.into_split();
        to.write_all(begun[number % begun.len()].as_bytes()).await.unwrap();
        // Never silent for long: a byte now and then, until the server has had enough.
        let trickle = tokio::spawn(async move {
            let mut pace = tokio::time::interval(Duration::from_millis(100));
            while to.write_all(b"x").await.is_ok() {
                pace.tick().await;
            }
        });
        slow.push(async move {
            let mut answer = Vec::new();
            drop(from.read_to_end(&mut answer).await);
            trickle.abort();
            String::from_utf8(answer).unwrap()
        });
    }
    let served = async {
        let tokens = service.register("ann@example.org").await;
        assert_eq!(service.me(tokens.access()).await.status, 200);
    };
    let (answers, ()) = tokio::join!(join_all(slow), served);
    for answer in answers {
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request_timeout"), "{answer}");
    }
}

#[tokio::test]
async fn idle_connections_are_closed_after_a_while() {
    let service = Service::with(Engine::Sqlite, &[("KEEP_ALIVE_SECONDS", "1")]).await;
    let mut idle = Vec::new();
    for _ in 0..100 {
        let mut stream = connect(&service).await;
        assert!(is_served(&mut stream).await);
        idle.push(ending(stream));
    }
    assert!(join_all(idle).await.iter().all(String::is_empty));
}

#[tokio::test]
async fn a_system_with_few_files_is_told_of() {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let service = Service::launched_by(&FEW_FILES, database, &[("MAX_CONNECTIONS", "1000000"), metrics::ON]).await;
    assert_eq!(service.logged("MAX_CONNECTIONS=1000000", 1).await, 1);
    let most = metrics::value(&metrics::scrape(&service).await, "auth_http_connections_max");
    assert!((most - 524.0).abs() < f64::EPSILON, "500 files are for other things: {most}");
    assert_eq!(service.get("/health").await.status, 200);
}
