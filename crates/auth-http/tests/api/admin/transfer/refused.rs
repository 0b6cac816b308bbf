//! What a request costs that may not.

use super::{start, wire::Wire};
use crate::{
    admin::client,
    service::{Engine, Service},
};

/// Who may not: with which token, and what the answer is.
async fn strangers(service: &Service) -> [(String, &'static str); 4] {
    let person = service.register("person@example.org").await.access().to_owned();
    let (_, reader) = client(service, "admin:read,admin:export").await;
    [
        (String::new(), "HTTP/1.1 401 "),
        ("nonsense".to_owned(), "HTTP/1.1 401 "),
        (person, "HTTP/1.1 403 "),
        (reader, "HTTP/1.1 403 "),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_told_so_before_a_byte_of_the_body_is_sent() {
    let (service, _) = start(Engine::Sqlite, &[]).await;
    let strangers = strangers(&service).await;
    let before = tokio::task::block_in_place(|| service.database.counts(&["users", "sessions", "user_roles"]));
    for framing in
        ["Content-Length: 1000000000", "Transfer-Encoding: chunked", "Content-Length: 1000000000\r\nExpect: 100-continue"]
    {
        for (token, status) in &strangers {
            let mut wire = Wire::import(&service, token, framing).await;
            if framing.contains("Expect") {
                // The framework says so before anybody looks at a request; it holds for every path.
                wire.go_on().await;
            }
            let head = wire.head().await;
            assert!(head.starts_with(status), "{framing}: {head}");
        }
    }
    assert_eq!(tokio::task::block_in_place(|| service.database.counts(&["users", "sessions", "user_roles"])), before);
    assert!(service.events().iter().all(|event| event["event"] != "users_imported"));
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_and_exports_draw_on_the_budget_of_administrators() {
    let limits = [("RATE_LIMIT_ADMIN_REQUESTS", "4"), ("RATE_LIMIT_WINDOW", "3600")];
    let (service, token) = start(Engine::Sqlite, &limits).await;
    // Its token was the first of them.
    assert_eq!(super::send(&service, &token, "", "").await.header("ratelimit-remaining"), Some("2"));
    assert_eq!(service.get_as(&token, super::EXPORT).await.header("ratelimit-remaining"), Some("1"));
    assert_eq!(service.get(super::EXPORT).await.status, 401);
    assert_eq!(super::send(&service, &token, "", "").await.refusal(), (429, "rate_limited"));
}
