//! GET /auth/me

use reqwest::Method;
use serde_json::json;

use crate::service::{Answer, Engine, Service, on_every_engine};

on_every_engine! {
    async fn it_shows_the_account_and_nothing_more(engine) {
        let service = Service::start(engine).await;
        let me = service.me(service.register("ann@example.org").await.access()).await;
        assert_eq!(me.status, 200);
        let mut members: Vec<_> = me.body.as_object().unwrap().keys().cloned().collect();
        members.sort();
        assert_eq!(members, ["created_at", "email", "email_verified", "id", "profile", "roles", "updated_at"]);
        assert_eq!((&me.body["email_verified"], &me.body["roles"], &me.body["profile"]), (&json!(false), &json!([]), &json!({})));
        assert_eq!(me.text("id").as_bytes()[14], b'7', "a UUIDv7: {}", me.text("id"));
        assert!(me.text("created_at").ends_with('Z'), "{}", me.text("created_at"));
    }

    async fn a_disabled_or_deleted_account_is_refused_at_once(engine) {
        let service = Service::start(engine).await;
        let (ann, bob) = (service.register("ann@example.org").await, service.register("bob@example.org").await);
        service.database.execute("UPDATE users SET disabled_at = created_at WHERE email = 'ann@example.org'");
        service.database.execute("DELETE FROM users WHERE email = 'bob@example.org'");
        for tokens in [ann, bob] {
            assert_eq!(service.me(tokens.access()).await.refusal(), (401, "token_invalid"));
            assert_eq!(service.refresh(tokens.refresh()).await.refusal(), (401, "token_invalid"));
        }
    }
}

#[tokio::test]
async fn without_a_token_one_is_asked_for() {
    let service = Service::start(Engine::Sqlite).await;
    let missing = service.get("/auth/me").await;
    assert_eq!(missing.refusal(), (401, "token_missing"));
    assert_eq!(missing.header("www-authenticate"), Some("Bearer"));
    for value in ["Basic YTpi", "Bearer", "Bearer ", "Bearer a b", "Bearer nonsense", "bearer nonsense", "token x"] {
        let refused = Answer::of(service.request(Method::GET, "/auth/me").header("Authorization", value)).await;
        assert_eq!(refused.status, 401, "{value}");
        assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"), "{value}");
    }
}

/// RFC 6750 section 2.3 and ASVS 14.2.1: addresses are logged and kept in histories.
#[tokio::test]
async fn a_token_anywhere_but_in_its_header_counts_for_nothing() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    let access = tokens.access();
    for path in ["/auth/me", "/auth/sessions"] {
        for query in ["access_token", "token", "bearer", "Authorization"] {
            assert_eq!(service.get(&format!("{path}?{query}={access}")).await.refusal(), (401, "token_missing"), "{query}");
        }
        let by_cookie = service.request(Method::GET, path).header("Cookie", format!("access_token={access}"));
        assert_eq!(Answer::of(by_cookie).await.refusal(), (401, "token_missing"), "{path}");
    }
    let ended = service.send(Method::POST, &format!("/auth/logout?access_token={access}"), None, None).await;
    assert_eq!(ended.refusal(), (401, "token_missing"));
    let body = Some(serde_json::json!({}));
    let refreshed = service.send(Method::POST, &format!("/auth/refresh?refresh_token={}", tokens.refresh()), None, body).await;
    assert_eq!(refreshed.faults(), [("refresh_token", "missing")]);
    assert_eq!(service.me(access).await.status, 200);
}

#[tokio::test]
async fn the_scheme_may_be_written_in_any_case() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    for scheme in ["bearer", "BEARER", "BeArEr", "Bearer  "] {
        let request = service.request(Method::GET, "/auth/me").header("Authorization", format!("{scheme} {}", tokens.access()));
        assert_eq!(Answer::of(request).await.status, 200, "{scheme}");
    }
}
