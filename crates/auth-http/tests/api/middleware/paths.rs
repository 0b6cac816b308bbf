//! However a path is spelt, it counts, is checked and is recorded where its route is.

use crate::{
    middleware::general::raw,
    service::{Engine, Service},
};

/// Budgets that answers can be told apart by.
const LIMITS: [(&str, &str); 3] =
    [("RATE_LIMIT_REQUESTS", "500"), ("RATE_LIMIT_SESSION_REQUESTS", "700"), ("RATE_LIMIT_INTROSPECT_REQUESTS", "900")];

const FORM: &str = "application/x-www-form-urlencoded";

/// The target goes out as it is: client libraries would tidy it up.
async fn send(service: &Service, method: &str, target: &str, media: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {media}\r\n");
    raw(service, format!("{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).await
}

/// Status and the size of the budget that was drawn on.
async fn counted(service: &Service, method: &str, target: &str) -> (u16, Option<u32>) {
    let answer = send(service, method, target, "application/json", "").await;
    let limit = answer.lines().find_map(|line| line.strip_prefix("ratelimit-limit: "));
    (answer[9..12].parse().unwrap(), limit.map(|limit| limit.parse().unwrap()))
}

#[tokio::test]
async fn a_path_draws_on_the_budget_of_its_route() {
    let service = Service::with_factors(Engine::Sqlite, &LIMITS).await;
    for (method, target, expected) in [
        ("POST", "/auth/login", (400, Some(500))),
        ("POST", "/auth/log%69n", (400, Some(500))),
        ("POST", "/auth/%6c%6F%67%69%6E", (400, Some(500))),
        ("POST", "/%61uth/login?x=/health", (400, Some(500))),
        ("POST", "/auth/registe%72", (400, Some(500))),
        ("POST", "http://x/auth/log%69n", (400, Some(500))),
        ("GET", "/auth/log%69n", (405, Some(500))),
        ("OPTIONS", "/auth/log%69n", (405, Some(500))),
        ("POST", "/auth/login/factor", (400, Some(500))),
        ("POST", "/auth/log%69n/f%61ctor", (400, Some(500))),
        ("POST", "/auth/passkeys/login", (400, Some(500))),
        ("POST", "/auth/passkeys/log%69n?x=/auth/me", (400, Some(500))),
        ("POST", "/%61uth/passkeys/login/options", (200, Some(500))),
        ("POST", "http://x/auth/passkeys/login/option%73", (200, Some(500))),
        ("GET", "/auth/passkeys/log%69n/options", (405, Some(500))),
        ("POST", "/auth/passkeys/option%73", (401, Some(700))),
        ("POST", "/auth/factor%73/totp", (401, Some(700))),
        ("DELETE", "/auth/factors/%74otp", (405, Some(700))),
        ("DELETE", "/auth/factors/x", (401, Some(700))),
        ("GET", "/.well-known/web%61uthn", (200, None)),
        ("POST", "/auth/refres%68", (400, Some(700))),
        ("GET", "/auth/m%65", (401, Some(700))),
        ("DELETE", "/auth/session%73/%2e%2e", (401, Some(700))),
        ("GET", "/oauth/introspec%74", (405, Some(900))),
        ("GET", "/oauth/revocation%73?since=x", (422, Some(900))),
        ("GET", "/healt%68", (200, None)),
        ("GET", "/health/r%65ady", (200, None)),
        ("GET", "/.well-known/jwks%2Ejson", (200, None)),
        ("GET", "/doc%73/page%2ejs", (200, None)),
        ("GET", "http://x/openapi%2ejson", (200, None)),
    ] {
        assert_eq!(counted(&service, method, target).await, expected, "{method} {target}");
    }
}

#[tokio::test]
async fn what_is_no_route_draws_on_the_general_budget() {
    let service = Service::with_factors(Engine::Sqlite, &LIMITS).await;
    for target in [
        "//auth/login",
        "/auth/login/factor/",
        "/auth/login//factor",
        "/auth/login/Factor",
        "/auth/login%2Ffactor",
        "/auth/login/../login/factor",
        "/auth/passkeys/login/",
        "/auth/passkeys//login",
        "/auth/passkeys%2Flogin",
        "/auth/Passkeys/login",
        "/auth/passkeys/login/options/",
        "/auth/passkeys/options/../login",
        "/.well-known/webauthn/",
        "/auth//login",
        "/auth/login/",
        "/AUTH/LOGIN",
        "/auth/login;x=1",
        "/auth%2Flogin",
        "/auth%2flogin",
        "/auth/log%2569n",
        "/auth/./login",
        "/auth/x/../login",
        "/auth/%2e/login",
        "/auth/login%00",
        "/auth/login%20",
        "/auth/refresh/",
        "//auth/refresh",
        "/auth/Refresh",
        "/auth/nothing",
        "/auth/",
        "/oauth/introspect/",
        "/oauth/Introspect",
        "/oauth/revocations%2F",
        "/health/",
        "/health/anything",
        "/health/../auth/login",
        "/health%2F..",
        "/HEALTH",
        "/docs/",
        "/docs/../auth/login",
        "/docs/%2e%2e/auth/login",
        "/docs/a/b",
        "/.well-known/anything",
        "/.well-known/..%2fauth/login",
        "/.well-known/jwks.json/",
        "/openapi.json/",
        "*",
    ] {
        let method = if target == "*" { "OPTIONS" } else { "POST" };
        assert_eq!(counted(&service, method, target).await, (404, Some(500)), "{target}");
    }
}

#[tokio::test]
async fn what_is_switched_off_is_no_route() {
    let service = Service::with(Engine::Sqlite, &[&LIMITS[..], &[("API_DOCS", "false")]].concat()).await;
    for target in ["/docs", "/docs/page.js", "/openapi.json"] {
        assert_eq!(counted(&service, "GET", target).await, (404, Some(500)), "{target}");
    }
    for target in ["/console", "/console/main.js", "/admin/users"] {
        assert_eq!(counted(&service, "GET", target).await, (404, Some(500)), "{target}");
    }
    let service = Service::with(Engine::Sqlite, &[&LIMITS[..], &[("MFA", "off")]].concat()).await;
    for target in ["/auth/login/factor", "/auth/factors", "/auth/factors/totp", "/auth/passkeys", "/auth/passkeys/login"] {
        assert_eq!(counted(&service, "POST", target).await, (404, Some(500)), "{target}");
    }
}

#[tokio::test]
async fn a_body_is_of_the_media_type_of_its_route() {
    let service = Service::start(Engine::Sqlite).await;
    for target in ["/oauth/token", "/o%61uth/token", "/oauth/%74oken", "http://x/o%61uth/token"] {
        let answer = send(&service, "POST", target, FORM, "grant_type=password").await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("unsupported_grant_type"), "{target}: {answer}");
        assert!(send(&service, "POST", target, "application/json", "{}").await.starts_with("HTTP/1.1 415 "), "{target}");
    }
    for target in ["/auth/login", "/auth/log%69n", "/oauth/nothing", "/oauth/%2e%2e/auth/login"] {
        assert!(send(&service, "POST", target, FORM, "email=x").await.starts_with("HTTP/1.1 415 "), "{target}");
    }
}

#[tokio::test]
async fn an_answer_may_be_kept_where_its_route_says_so_whatever_the_spelling() {
    let service = Service::with(Engine::Sqlite, &[("ADMIN_API", "true")]).await;
    for (target, expected) in [
        ("/healt%68", "no-store"),
        ("/auth/m%65", "no-store"),
        ("/.well-known/jwks%2Ejson", "public, max-age=300"),
        ("/doc%73", "no-cache"),
        ("/docs/page%2ejs", "no-cache"),
        ("http://x/openapi%2ejson", "no-cache"),
        ("/consol%65", "no-store"),
        ("/console/main%2ejs", "no-cache"),
        ("/console/nothing", "no-store"),
        ("/console/", "no-store"),
        ("/console//main.js", "no-store"),
        ("/Console/main.js", "no-store"),
        ("/console/%2e%2e/admin/users", "no-store"),
        ("/docs/nothing", "no-store"),
        ("/docs/", "no-store"),
        ("//openapi.json", "no-store"),
        ("/openapi.json/", "no-store"),
        ("/docs/%2e%2e/auth/me", "no-store"),
        ("/oauth/revocation%73?since=x", "no-store"),
    ] {
        let answer = send(&service, "GET", target, "application/json", "").await;
        let keep: Vec<_> = answer.lines().filter_map(|line| line.strip_prefix("cache-control: ")).collect();
        assert_eq!(keep, [expected], "{target}");
    }
}

#[tokio::test]
async fn the_log_has_the_route_whatever_the_spelling() {
    let service = Service::with(Engine::Sqlite, &[("LOG_LEVEL", "debug")]).await;
    let spelt = ["/auth/log%69n", "/auth/session%73/x", "/healt%68", "//auth/login"];
    for target in spelt {
        send(&service, "POST", target, "application/json", "").await;
    }
    let lines = service.lines(spelt.len(), |line| line["target"] == "request").await;
    let routes: Vec<_> = lines.iter().map(|line| (line["route"].as_str().unwrap(), line["level"].as_str().unwrap())).collect();
    assert_eq!(routes, [("/auth/login", "INFO"), ("/auth/sessions/{id}", "INFO"), ("/health", "DEBUG"), ("unmatched", "INFO")]);
}
