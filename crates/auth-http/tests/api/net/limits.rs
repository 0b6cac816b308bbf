//! The rate limit.

use reqwest::Method;

use crate::service::{Answer, Engine, Service};

#[tokio::test]
async fn a_burst_passes_and_the_next_waits() {
    let service = Service::with(Engine::Sqlite, &[("RATE_LIMIT_REQUESTS", "3"), ("RATE_LIMIT_WINDOW", "3600")]).await;
    for remaining in ["2", "1", "0"] {
        let answer = service.get("/auth/me").await;
        assert_eq!(answer.refusal(), (401, "token_missing"));
        assert_eq!((answer.header("ratelimit-limit"), answer.header("ratelimit-remaining")), (Some("3"), Some(remaining)));
        let reset: u64 = answer.header("ratelimit-reset").unwrap().parse().unwrap();
        assert!((1..=3600).contains(&reset), "{reset}");
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("x-ratelimit")));
    }
    // Even what would be refused anyway.
    let request = service.request(Method::POST, "/auth/login").header("Content-Type", "text/plain").body("x");
    let refused = Answer::of(request).await;
    assert_eq!(refused.refusal(), (429, "rate_limited"));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=1200).contains(&wait), "{wait}");
    assert_eq!((refused.header("ratelimit-limit"), refused.header("ratelimit-remaining")), (Some("3"), Some("0")));
    assert_eq!(service.audited("rate_limited", 1).await[0]["client"], "127.0.0.1");
}

#[tokio::test]
async fn requests_with_a_token_can_have_a_budget_of_their_own() {
    let limits = [("RATE_LIMIT_REQUESTS", "1"), ("RATE_LIMIT_WINDOW", "3600"), ("RATE_LIMIT_SESSION_REQUESTS", "4")];
    let service = Service::with(Engine::Sqlite, &limits).await;
    let tokens = service.register("ann@example.org").await;
    assert_eq!(service.login("ann@example.org").await.status, 429);
    for remaining in ["3", "2", "1"] {
        let me = service.me(tokens.access()).await;
        assert_eq!(
            (me.status, me.header("ratelimit-limit"), me.header("ratelimit-remaining")),
            (200, Some("4"), Some(remaining))
        );
    }
    assert_eq!(service.refresh(tokens.refresh()).await.status, 200);
    assert_eq!(service.me(tokens.access()).await.refusal(), (429, "rate_limited"));
}

#[tokio::test]
async fn forwarded_addresses_count_behind_a_trusted_proxy_only() {
    let limits = [("RATE_LIMIT_REQUESTS", "1"), ("RATE_LIMIT_WINDOW", "3600")];
    let from = async |service: &Service, header: &str, address: &str| {
        Answer::of(service.request(Method::GET, "/auth/me").header(header, address)).await.status
    };
    let open = Service::with(Engine::Sqlite, &limits).await;
    assert_eq!(from(&open, "X-Forwarded-For", "1.1.1.1").await, 401);
    for header in ["X-Forwarded-For", "X-Real-IP", "Forwarded"] {
        assert_eq!(from(&open, header, "2.2.2.2").await, 429, "{header}");
    }
    // Said, but not each time.
    assert_eq!(open.logged("TRUSTED_PROXIES", 1).await, 1);
    let behind = Service::with(Engine::Sqlite, &[limits[0], limits[1], ("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    for (address, status) in
        [("1.1.1.1", 401), ("2.2.2.2", 401), ("9.9.9.9, 1.1.1.1", 429), ("2001:db8::1", 401), ("2001:db8::2", 429)]
    {
        assert_eq!(from(&behind, "X-Forwarded-For", address).await, status, "{address}");
    }
    // What the proxy does not write, it may have passed on: only one header is believed.
    for (header, value, status) in
        [("X-Real-IP", "3.3.3.3", 401), ("X-Real-IP", "4.4.4.4", 429), ("Forwarded", "for=5.5.5.5", 429)]
    {
        assert_eq!(from(&behind, header, value).await, status, "{header}: {value}");
    }
}

#[tokio::test]
async fn a_forwarded_address_counts_however_proxies_write_it() {
    let settings = [("RATE_LIMIT_REQUESTS", "1"), ("RATE_LIMIT_WINDOW", "3600"), ("TRUSTED_PROXIES", "::ffff:127.0.0.1")];
    let service = Service::with(Engine::Sqlite, &settings).await;
    let from =
        async |header: &str, value: &str| Answer::of(service.request(Method::GET, "/auth/me").header(header, value)).await.status;
    for (value, status) in [
        ("[2001:db8:1::1]", 401),
        ("[2001:db8:1::1]:443", 429),
        ("2001:db8:2::1%eth0", 401),
        ("\"[2001:db8:2::1]\"", 429),
        ("9.9.9.9, 1.1.1.1,", 401),
        ("1.1.1.1:4711", 429),
    ] {
        assert_eq!(from("X-Forwarded-For", value).await, status, "{value}");
    }
    service.lines(6, |line| line["target"] == "request").await;
    assert_eq!(service.logged("count as the proxy", 0).await, 0);
    // Nobody can tell these clients apart, and nobody forges an address among them.
    for (header, value, status) in [
        ("X-Forwarded-For", "9.9.9.9, unknown", 401),
        ("X-Forwarded-For", "8.8.8.8, _hidden", 429),
        ("X-Forwarded-For", "", 429),
        ("Forwarded", "for=7.7.7.7", 429),
    ] {
        assert_eq!(from(header, value).await, status, "{header}: {value}");
    }
    let warned = service.lines(1, |line| line["message"].as_str().is_some_and(|text| text.contains("count as the proxy"))).await;
    assert_eq!((warned.len(), &warned[0]["level"], &warned[0]["proxy"]), (1, &"WARN".into(), &"127.0.0.1".into()));
    assert!(!service.log_text().contains("_hidden"), "{}", service.log_text());
}

#[tokio::test]
async fn a_proxy_that_names_its_clients_in_another_header_is_told_of() {
    let service = Service::with(Engine::Sqlite, &[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    assert_eq!(service.get("/auth/me").await.status, 401);
    service.lines(1, |line| line["target"] == "request").await;
    assert_eq!(service.logged("count as the proxy", 0).await, 0, "a neighbour that speaks for itself");
    let request = service.request(Method::GET, "/auth/me").header("X-Real-IP", "1.1.1.1");
    assert_eq!(Answer::of(request).await.status, 401);
    assert_eq!(service.logged("count as the proxy", 1).await, 1);
}
