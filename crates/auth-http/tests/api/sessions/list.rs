//! GET /auth/sessions, DELETE /auth/sessions/{id}

use reqwest::Method;
use serde_json::Value;

use crate::service::{Answer, Engine, Service, credentials, on_every_engine};

async fn login_with(service: &Service, agent: &str) -> Answer {
    let request = service.request(Method::POST, "/auth/login").header("User-Agent", agent).json(&credentials("ann@example.org"));
    Answer::of(request).await
}

async fn list(service: &Service, token: &str) -> Vec<Value> {
    let answer = service.get_as(token, "/auth/sessions").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["sessions"].as_array().unwrap().clone()
}

on_every_engine! {
    async fn one_sees_where_one_is_logged_in(engine) {
        let service = Service::start(engine).await;
        service.register("ann@example.org").await;
        service.register("bob@example.org").await;
        let phone = login_with(&service, "phone").await;
        let laptop = login_with(&service, &"l".repeat(300)).await;
        let sessions = list(&service, phone.access()).await;
        assert_eq!(sessions.len(), 3);
        assert_eq!((sessions[0]["user_agent"].as_str().unwrap().len(), &sessions[1]["user_agent"]), (256, &"phone".into()), "newest first");
        let current: Vec<_> = sessions.iter().map(|session| session["current"].as_bool().unwrap()).collect();
        assert_eq!(current, [false, true, false]);
        assert_eq!(sessions[1]["id"], crate::sessions::tokens::claims(phone.access())["sid"]);
        assert_eq!(sessions[1]["ip"], "127.0.0.1");
        for session in &sessions {
            let mut members: Vec<_> = session.as_object().unwrap().keys().cloned().collect();
            members.sort();
            assert_eq!(members, ["created_at", "current", "expires_at", "id", "ip", "last_used_at", "user_agent"]);
            assert_eq!(session["created_at"], session["last_used_at"]);
        }
        service.me(laptop.access()).await;
        assert_eq!(list(&service, phone.access()).await, sessions, "reading writes nothing");
        service.refresh(laptop.refresh()).await;
        let refreshed = &list(&service, phone.access()).await[0];
        assert!(refreshed["last_used_at"].as_str() > refreshed["created_at"].as_str(), "{refreshed}");
    }

    async fn one_ends_ones_own_sessions_and_nobody_elses(engine) {
        let service = Service::start(engine).await;
        let other_server = Service::on(service.database.clone(), &[]).await;
        let ann = service.register("ann@example.org").await;
        let phone = login_with(&service, "phone").await;
        let bob = service.register("bob@example.org").await;
        let path = |tokens: &Answer| format!("/auth/sessions/{}", crate::sessions::tokens::claims(tokens.access())["sid"].as_str().unwrap());
        assert_eq!(service.delete_as(bob.access(), &path(&phone), None).await.refusal(), (404, "not_found"));
        assert_eq!(service.me(phone.access()).await.status, 200);
        let ended = service.delete_as(ann.access(), &path(&phone), None).await;
        assert_eq!((ended.status, ended.body.is_null()), (204, true));
        for server in [&service, &other_server] {
            for refused in [server.me(phone.access()).await, server.get_as(phone.access(), "/auth/sessions").await, server.refresh(phone.refresh()).await] {
                assert_eq!(refused.refusal(), (401, "token_invalid"));
            }
        }
        assert_eq!(service.delete_as(ann.access(), &path(&phone), None).await.refusal(), (404, "not_found"));
        for nonsense in ["x", "00000000-0000-7000-8000-000000000000", "%ff"] {
            assert_eq!(service.delete_as(ann.access(), &format!("/auth/sessions/{nonsense}"), None).await.refusal(), (404, "not_found"));
        }
        assert_eq!(list(&service, ann.access()).await.len(), 1);
        assert_eq!(service.audited("session_ended", 1).await[0]["reason"], "ended_by_owner");
        // One's own current session, too.
        assert_eq!(service.delete_as(ann.access(), &path(&ann), None).await.status, 204);
        assert_eq!(service.me(ann.access()).await.refusal(), (401, "token_invalid"));
    }

    async fn the_least_recently_used_makes_room(engine) {
        let service = Service::with(engine, &[("SESSION_MAX_PER_USER", "3")]).await;
        let first = service.register("ann@example.org").await;
        let second = service.login("ann@example.org").await;
        service.login("ann@example.org").await;
        let refreshed = service.refresh(first.refresh()).await;
        let fourth = service.login("ann@example.org").await;
        assert_eq!(service.me(second.access()).await.refusal(), (401, "token_invalid"), "the second was used least recently");
        assert_eq!((service.me(refreshed.access()).await.status, list(&service, fourth.access()).await.len()), (200, 3));
        let ended = service.audited("session_ended", 1).await;
        assert_eq!((&ended[0]["reason"], &ended[0]["session_id"]), (&"session_limit".into(), &crate::sessions::tokens::claims(second.access())["sid"]));
    }
}

#[tokio::test]
async fn strangers_are_asked_for_a_token() {
    let service = Service::start(Engine::Sqlite).await;
    for (method, path) in [
        (Method::GET, "/auth/sessions"),
        (Method::DELETE, "/auth/sessions/x"),
        (Method::POST, "/auth/logout"),
        (Method::POST, "/auth/password"),
        (Method::DELETE, "/auth/me"),
    ] {
        for (token, code) in [(None, "token_missing"), (Some("nonsense"), "token_invalid")] {
            let body = (path == "/auth/password" || path == "/auth/me").then(|| serde_json::json!({}));
            assert_eq!(service.send(method.clone(), path, token, body).await.refusal(), (401, code), "{method} {path}");
        }
    }
}
