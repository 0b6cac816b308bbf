//! Which browsers' pages may call.

use reqwest::Method;

use crate::service::{Answer, Engine, Service, credentials};

const APP: &str = "https://app.example.org";

/// What a page asks to send, tracing libraries included (W3C Trace Context and Baggage).
const ASKED: &str = "baggage,content-type,authorization,traceparent,tracestate,x-requested-with,x-request-id";

async fn service() -> Service {
    let limits = [
        ("ALLOWED_ORIGINS", "https://app.example.org, http://localhost:3000, capacitor://localhost, chrome-extension://abc"),
        ("RATE_LIMIT_REQUESTS", "3"),
        ("RATE_LIMIT_WINDOW", "3600"),
    ];
    Service::with(Engine::Sqlite, &limits).await
}

async fn preflight(service: &Service, origin: &str) -> Answer {
    let request = service
        .request(Method::OPTIONS, "/auth/login")
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", ASKED);
    Answer::of(request).await
}

async fn from(service: &Service, origin: &str) -> Answer {
    Answer::of(service.request(Method::POST, "/auth/login").header("Origin", origin).json(&credentials("ann@example.org"))).await
}

#[tokio::test]
async fn a_listed_page_may_call() {
    let service = service().await;
    // More than the rate limit has: preflights are not counted.
    for _ in 0..5 {
        let allowed = preflight(&service, APP).await;
        assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, Some(APP)));
        assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(allowed.header("access-control-max-age"), Some("3600"));
        assert!(allowed.header("vary").unwrap().contains("Origin"));
    }
    for origin in [APP, "http://localhost:3000", "capacitor://localhost", "chrome-extension://abc"] {
        let allowed = preflight(&service, origin).await;
        assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, Some(origin)));
    }
    for origin in [APP, "capacitor://localhost"] {
        let answer = from(&service, origin).await;
        assert_eq!(
            (answer.refusal(), answer.header("access-control-allow-origin")),
            ((401, "invalid_credentials"), Some(origin))
        );
        let exposed = answer.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
        for name in ["x-request-id", "retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
            assert!(exposed.contains(name), "{exposed}");
        }
    }
    service.get("/auth/me").await;
    let limited = from(&service, APP).await;
    assert_eq!(
        (limited.refusal(), limited.header("access-control-allow-origin")),
        ((429, "rate_limited"), Some(APP)),
        "a page can read it"
    );
}

#[tokio::test]
async fn a_listed_page_may_use_every_method_that_an_endpoint_takes() {
    let service = service().await;
    for endpoint in auth_http::routes::endpoints() {
        for operation in endpoint.operations {
            let request = service
                .request(Method::OPTIONS, endpoint.path)
                .header("Origin", APP)
                .header("Access-Control-Request-Method", operation.method.as_str())
                .header("Access-Control-Request-Headers", ASKED);
            let allowed = Answer::of(request).await;
            let what = format!("{} {}", operation.method, endpoint.path);
            assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, Some(APP)), "{what}");
            let methods = allowed.header("access-control-allow-methods").unwrap();
            assert!(methods.split(", ").any(|method| method == operation.method.as_str()), "{what}: {methods}");
        }
    }
}

#[tokio::test]
async fn another_page_may_not() {
    let service = service().await;
    for origin in [
        "https://evil.example",
        "https://app.example.org.evil.example",
        "http://app.example.org",
        "null",
        "https://app.example.org:444",
        "capacitor://evil",
        "capacitor://localhost:1",
        "ionic://localhost",
        "chrome-extension://abcd",
        "null://",
        "",
    ] {
        let answer = preflight(&service, origin).await;
        assert_eq!(
            (answer.refusal(), answer.header("access-control-allow-origin")),
            ((403, "origin_not_allowed"), None),
            "{origin}"
        );
    }
    let answer = from(&service, "https://evil.example").await;
    assert_eq!((answer.refusal(), answer.header("access-control-allow-origin")), ((403, "origin_not_allowed"), None));
}

#[tokio::test]
async fn without_a_list_origins_do_not_matter() {
    let service = Service::start(Engine::Sqlite).await;
    let answer = from(&service, "https://evil.example").await;
    assert_eq!((answer.refusal(), answer.header("access-control-allow-origin")), ((401, "invalid_credentials"), None));
    assert_eq!(preflight(&service, APP).await.refusal(), (405, "method_not_allowed"));
}
