//! PATCH /auth/me

use reqwest::Method;
use serde_json::{Value, json};

use crate::service::{Answer, Service, eventually, on_every_engine};

async fn patch(service: &Service, access: &str, body: Value) -> Answer {
    service.send(Method::PATCH, "/auth/me", Some(access), Some(body)).await
}

on_every_engine! {
    async fn an_owner_changes_what_they_say_of_themselves(engine) {
        let service = Service::start(engine).await;
        let tokens = service.register("ann@example.org").await;
        let before = service.me(tokens.access()).await;
        for (profile, expected) in [
            (json!({ "name": "Ann", "links": { "a": 1, "b": [1, null] } }), json!({ "name": "Ann", "links": { "a": 1, "b": [1, null] } })),
            (json!({ "name": null, "links": { "a": null, "c": "é 😀" } }), json!({ "links": { "b": [1, null], "c": "é 😀" } })),
            (json!({ "links": "none", "__proto__": { "admin": true } }), json!({ "links": "none", "__proto__": { "admin": true } })),
            (json!({}), json!({ "links": "none", "__proto__": { "admin": true } })),
            (Value::Null, json!({})),
        ] {
            let changed = patch(&service, tokens.access(), json!({ "profile": profile })).await;
            assert_eq!((changed.status, &changed.body["profile"]), (200, &expected));
            assert_eq!(service.me(tokens.access()).await.body, changed.body);
        }
        let after = patch(&service, tokens.access(), json!({})).await;
        assert!(after.status == 200 && after.text("updated_at") > before.text("updated_at"));
        assert_eq!(service.refresh(tokens.refresh()).await.status, 200, "nothing ends by it");
        let told = service.audited("user_updated", 4).await;
        assert_eq!((told.len(), &told[0]["email"]), (4, &json!("ann@example.org")));
        let kept = "SELECT COUNT(*) AS count FROM audit_events WHERE members = 'profile' AND actor_type = 'user'";
        eventually(async || service.database.number(kept), |count| *count == 4).await;
    }

    async fn what_others_change_meanwhile_is_kept(engine) {
        let service = Service::start(engine).await;
        let other = Service::on(service.database.clone(), &[]).await;
        let tokens = service.register("ann@example.org").await;
        let (service, other) = (&service, &other);
        let access = tokens.access();
        let changes = (0..8).map(|number| async move {
            let server = if number % 2 == 0 { service } else { other };
            patch(server, access, json!({ "profile": { format!("m{number}"): number } })).await.status
        });
        let statuses = futures_util::future::join_all(changes).await;
        let done = statuses.iter().filter(|status| **status == 200).count();
        assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
        assert_eq!(service.me(access).await.body["profile"].as_object().unwrap().len(), done);
    }

    async fn what_breaks_a_rule_changes_nothing(engine) {
        let service = Service::start(engine).await;
        let tokens = service.register("ann@example.org").await;
        let deep = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }));
        for (body, faults) in [
            (json!({ "profile": { "a": "x".repeat(4096) } }), vec![("profile", "too_large")]),
            (json!({ "profile": deep(6) }), vec![("profile", "too_deep")]),
            (json!({ "profile": "text" }), vec![("profile", "wrong_type")]),
            (json!({ "profile": [] }), vec![("profile", "wrong_type")]),
            (json!({ "roles": ["admin"], "profile": {} }), vec![("roles", "unknown")]),
            (json!({ "attributes": {}, "email": "eve@example.org" }), vec![("attributes", "unknown"), ("email", "unknown")]),
            (json!([]), vec![("", "wrong_type")]),
        ] {
            assert_eq!(patch(&service, tokens.access(), body).await.faults(), faults);
        }
        assert_eq!(patch(&service, tokens.access(), json!({ "profile": deep(5) })).await.status, 200);
        let filled = patch(&service, tokens.access(), json!({ "profile": { "b": "x".repeat(4000) } })).await;
        assert_eq!(filled.status, 200);
        let over = patch(&service, tokens.access(), json!({ "profile": { "c": "x".repeat(200) } })).await;
        assert_eq!(over.faults(), [("profile", "too_large")], "what counts is what it would be");
        assert_eq!(service.me(tokens.access()).await.body, filled.body);
    }

    async fn a_patch_says_that_it_is_one_or_json(engine) {
        let service = Service::start(engine).await;
        let tokens = service.register("ann@example.org").await;
        for (media, status) in [
            ("application/merge-patch+json", 200),
            ("application/json; charset=utf-8", 200),
            ("application/json-patch+json", 415),
            ("text/plain", 415),
        ] {
            let request = service.request(Method::PATCH, "/auth/me").bearer_auth(tokens.access()).header("content-type", media);
            let answer = Answer::of(request.body(r#"{"profile":{"a":1}}"#)).await;
            assert_eq!(answer.status, status, "{media}");
        }
        let deletion = service.request(Method::DELETE, "/auth/me").bearer_auth(tokens.access());
        let deletion = deletion.header("content-type", "application/merge-patch+json").body("{}");
        assert_eq!(Answer::of(deletion).await.refusal(), (415, "unsupported_media_type"));
        assert_eq!(patch(&service, "x", json!({ "profile": {} })).await.refusal(), (401, "token_invalid"));
    }
}
