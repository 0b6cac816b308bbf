//! What holds for every answer: headers, media types, methods, sizes, the shape of errors.

use reqwest::{Body, Method};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::service::{Answer, Engine, Service, credentials};

/// Sends bytes as they are and reads until the server closes.
pub async fn raw(service: &Service, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is as good as an end.
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let service = Service::start(Engine::Sqlite).await;
    for path in ["/health", "/auth/me", "/nowhere", "/auth/nowhere", "/%61uth/me"] {
        let answer = service.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!((answer.header("server"), answer.header("set-cookie")), (None, None), "{path}");
        assert_eq!(answer.header("x-request-id").unwrap().len(), 36, "{path}");
    }
}

#[tokio::test]
async fn a_sane_request_id_is_kept() {
    let service = Service::start(Engine::Sqlite).await;
    let with_id = async |id: &str| Answer::of(service.request(Method::GET, "/auth/me").header("X-Request-Id", id)).await;
    let kept = with_id("trace-1.a_B").await;
    assert_eq!((kept.header("x-request-id"), kept.text("request_id")), (Some("trace-1.a_B"), "trace-1.a_B"));
    assert_ne!(with_id("a b").await.header("x-request-id"), Some("a b"));
    assert_ne!(with_id(&"x".repeat(200)).await.header("x-request-id").unwrap().len(), 200);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_apart() {
    let service = Service::start(Engine::Sqlite).await;
    for path in ["/", "/nowhere", "/auth", "/auth/", "/auth/me/", "/auth/login/x", "/health/x", "/AUTH/ME", "/auth/%00", "/%ff"] {
        assert_eq!(service.get(path).await.refusal(), (404, "not_found"), "{path}");
    }
    for (method, path, allow) in [
        (Method::GET, "/auth/login", "POST"),
        (Method::PUT, "/auth/me", "GET, HEAD, PATCH, DELETE"),
        (Method::OPTIONS, "/auth/me", "GET, HEAD, PATCH, DELETE"),
        (Method::TRACE, "/auth/register", "POST"),
        (Method::POST, "/health", "GET, HEAD"),
        (Method::PATCH, "/auth/sessions/x", "DELETE"),
    ] {
        let refused = service.send(method.clone(), path, None, None).await;
        assert_eq!((refused.refusal(), refused.header("allow")), ((405, "method_not_allowed"), Some(allow)), "{method} {path}");
    }
    let head = service.send(Method::HEAD, "/health", None, None).await;
    assert_eq!((head.status, head.body.is_null()), (200, true));
}

#[tokio::test]
async fn only_json_is_taken() {
    let service = Service::start(Engine::Sqlite).await;
    let body = credentials("ann@example.org").to_string();
    let post = async |path: &str, headers: &[(&str, &str)]| {
        let request =
            headers.iter().fold(service.request(Method::POST, path), |request, (name, value)| request.header(*name, *value));
        Answer::of(request.body(body.clone())).await
    };
    let json = ("Content-Type", "application/json");
    for path in ["/auth/login", "/auth/logout", "/nowhere"] {
        for headers in [&[][..], &[("Content-Type", "text/plain")], &[("Content-Type", "application/x-www-form-urlencoded")]] {
            assert_eq!(post(path, headers).await.refusal(), (415, "unsupported_media_type"), "{path} {headers:?}");
        }
    }
    for encoding in ["gzip", "br", "identity"] {
        assert_eq!(post("/auth/login", &[json, ("Content-Encoding", encoding)]).await.status, 415, "{encoding}");
    }
    for parameters in ["; charset=utf-8", " ;charset=utf8", "; odd=1", ";charset=us-ascii"] {
        let media = format!("application/json{parameters}");
        assert_eq!(post("/auth/login", &[("Content-Type", &media)]).await.status, 401, "{media}");
    }
    for path in ["/auth/login", "/auth/register", "/auth/refresh", "/auth/password"] {
        for headers in [&[][..], &[("Content-Type", "text/plain")], &[json, ("Content-Encoding", "gzip")]] {
            let empty =
                headers.iter().fold(service.request(Method::POST, path), |request, (name, value)| request.header(*name, *value));
            assert_eq!(Answer::of(empty).await.refusal(), (415, "unsupported_media_type"), "{path} {headers:?}");
        }
    }
    let nothing = Answer::of(service.request(Method::POST, "/auth/login").header("Content-Type", "application/json")).await;
    assert_eq!(nothing.refusal(), (400, "malformed_request"));
}

#[tokio::test]
async fn what_is_no_json_is_malformed_and_what_has_another_shape_is_not() {
    let service = Service::start(Engine::Sqlite).await;
    let post = async |body: Vec<u8>| {
        Answer::of(service.request(Method::POST, "/auth/login").header("Content-Type", "application/json").body(body)).await
    };
    let nested = "[".repeat(5000);
    for body in [
        "{",
        "{}x",
        "nope",
        "{'a':1}",
        r#"{"email":"a","email":"b"}"#,
        r#"{"x":{"a":1,"a":1}}"#,
        "\u{feff}{}",
        r#"{"email":1e999}"#,
        r#"{"email":"\ud800"}"#,
        "NaN",
        &nested,
        "{\"email\":\"a\u{0}\"}",
    ] {
        assert_eq!(post(body.into()).await.refusal(), (400, "malformed_request"), "{body}");
    }
    assert_eq!(post(b"{\"email\":\"\xff\"}".to_vec()).await.refusal(), (400, "malformed_request"));
    for body in ["[]", "null", "7", "\"x\"", "true", r#"{"email":null,"password":{}}"#] {
        assert_eq!(post(body.into()).await.refusal(), (422, "validation_failed"), "{body}");
    }
    let more = json!({ "email": "ann@example.org", "password": "x", "admin": true, "extra": [1, 2] });
    assert_eq!(service.post("/auth/login", more).await.status, 401, "unknown members are ignored");
}

#[tokio::test]
async fn ambiguous_lengths_are_refused_and_the_connection_ends() {
    let service = Service::start(Engine::Sqlite).await;
    let body = credentials("ann@example.org").to_string();
    let length = format!("Content-Length: {}", body.len());
    let smuggled = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    for lengths in [
        format!("{length}\r\nContent-Length: 0"),
        format!("Content-Length: 0\r\n{length}"),
        format!("{length}\r\n{length}"),
        format!("{length}\r\nTransfer-Encoding: chunked"),
        format!("Transfer-Encoding: chunked\r\n{length}"),
        format!("Content-Length: {0}, {0}", body.len()),
        format!("Content-Length: +{}", body.len()),
    ] {
        let head = format!("POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{lengths}\r\n\r\n");
        let answer = raw(&service, format!("{head}{body}{smuggled}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("malformed_request"), "{lengths}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lengths}: what follows is no request: {answer}");
    }
}

#[tokio::test]
async fn a_body_has_a_limit_however_it_is_sent() {
    let service = Service::with(Engine::Sqlite, &[("MAX_REQUEST_BODY_SIZE", "100")]).await;
    let post = |path: &str| service.request(Method::POST, path).header("Content-Type", "application/json");
    let (fits, exceeds) = (format!("{{{}}}", " ".repeat(98)), format!("{{{}}}", " ".repeat(99)));
    assert_eq!(Answer::of(post("/auth/login").body(fits)).await.status, 422);
    for path in ["/auth/login", "/nowhere"] {
        assert_eq!(Answer::of(post(path).body(exceeds.clone())).await.refusal(), (413, "payload_too_large"), "{path}");
    }
    let announced =
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n";
    assert!(raw(&service, announced.as_bytes()).await.starts_with("HTTP/1.1 413 "));
    let chunk = "40\r\n".to_owned() + &" ".repeat(64) + "\r\n";
    let head = "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    // Never ended: the answer comes once the limit is passed, and the connection goes.
    let answer = raw(&service, format!("{head}{}", chunk.repeat(3)).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("payload_too_large"), "{answer}");
    let chunked =
        Answer::of(post("/auth/login").body(Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("{}")]))))
            .await;
    assert_eq!(chunked.status, 422);
}

#[tokio::test]
async fn a_late_head_or_body_ends_the_connection_wherever_it_stands() {
    let service = Service::with(Engine::Sqlite, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let first = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    let login = "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    for (warm_up, rest) in [
        ("", String::new()),
        ("", "GET /hea".to_owned()),
        (first, "GET /hea".to_owned()),
        ("", format!("{login}Transfer-Encoding: chunked\r\n\r\n")),
        ("", format!("{login}Transfer-Encoding: chunked\r\n\r\n5\r\nabc")),
        ("", format!("{login}Transfer-Encoding: chunked\r\n\r\n7fffffff\r\nabc")),
        (first, format!("{login}Content-Length: 9\r\n\r\n{{")),
    ] {
        let mut stream = TcpStream::connect(service.address()).await.unwrap();
        if !warm_up.is_empty() {
            stream.write_all(warm_up.as_bytes()).await.unwrap();
            let mut answer = [0; 4096];
            let read = stream.read(&mut answer).await.unwrap();
            assert!(answer[..read].starts_with(b"HTTP/1.1 200 "));
        }
        stream.write_all(rest.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Ends, and does not hang: that is what is tested.
        drop(stream.read_to_end(&mut answer).await);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request_timeout"), "{rest:?}: {answer}");
    }
}

#[tokio::test]
async fn a_head_that_is_pipelined_and_stops_is_late_as_well() {
    let service = Service::with(Engine::Sqlite, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    for rest in ["G", "GET /hea", "GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgr"] {
        let answers = raw(&service, format!("GET /health HTTP/1.1\r\nHost: x\r\n\r\n{rest}").as_bytes()).await;
        let (first, second) = answers.split_once("{\"status\":\"healthy\"}").unwrap();
        assert!(first.starts_with("HTTP/1.1 200 "), "{answers}");
        assert!(second.starts_with("HTTP/1.1 408 ") && second.contains("request_timeout"), "{rest}: {answers}");
    }
}

#[tokio::test]
async fn a_request_may_take_longer_than_its_head_had_time_for() {
    // Cost 15 keeps a core busy for longer than the second that a head has.
    let slow = [("REQUEST_TIMEOUT_SECONDS", "1"), ("BCRYPT_COST", "15")];
    let service = Service::with(Engine::Sqlite, &slow).await;
    let body = credentials("ann@example.org").to_string();
    for expect in ["", "Expect: 100-continue\r\n"] {
        let head = format!(
            "POST /auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{expect}\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(service.address()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        if !expect.is_empty() {
            let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
            stream.read_exact(&mut go_on).await.unwrap();
        }
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("invalid_credentials"), "{expect:?}: {answer}");
    }
}

#[tokio::test]
async fn what_the_server_library_refuses_looks_like_every_other_error() {
    let service = Service::with(Engine::Sqlite, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let huge = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(300_000));
    for (bytes, status, code) in [
        ("nonsense\r\n\r\n", 400, "malformed_request"),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "malformed_request"),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400, "malformed_request"),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "malformed_request",
        ),
        ("GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", 400, "malformed_request"),
        (&huge, 431, "headers_too_large"),
        // The rest never comes.
        ("GET / HTTP/1.1\r\nHos", 408, "request_timeout"),
        (
            "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
            408,
            "request_timeout",
        ),
    ] {
        let answer = raw(&service, bytes.as_bytes()).await;
        let shown = bytes.chars().take(80).collect::<String>();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{shown}: {answer}");
        assert!(
            answer.contains("application/problem+json") && answer.contains("x-content-type-options: nosniff"),
            "{shown}: {answer}"
        );
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((body["code"].as_str(), body["status"].as_i64()), (Some(code), Some(status)), "{shown}");
        assert!(head.contains(&format!("x-request-id: {}", body["request_id"].as_str().unwrap())), "{shown}: {head}");
    }
}
