//! Patches: what they change, and what ends by it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ON, administrator, by, me, patch, show, start};
use crate::service::{Answer, Engine, Service, on_every_engine};

on_every_engine! {
    async fn what_is_not_said_stays(engine) {
        let service = start(engine).await;
        let admin = administrator(&service, "ada@example.org").await;
        let ben = service.register("ben@example.org").await;
        let id = me(&service, ben.access()).await;
        let steps = [
            (json!({}), "roles", json!([])),
            (json!({ "roles": ["staff", "admin.eu", "staff"] }), "roles", json!(["admin.eu", "staff"])),
            (json!({ "profile": { "name": "Ben", "pets": { "cat": 1, "dog": 2 } } }), "profile", json!({ "name": "Ben", "pets": { "cat": 1, "dog": 2 } })),
            (json!({ "profile": { "name": null, "pets": { "dog": null } } }), "profile", json!({ "pets": { "cat": 1 } })),
            (json!({ "profile": { "pets": ["none"] } }), "profile", json!({ "pets": ["none"] })),
            (json!({ "attributes": { "__proto__": { "polluted": true }, "constructor": 1 } }), "attributes", json!({ "__proto__": { "polluted": true }, "constructor": 1 })),
            (json!({ "profile": null }), "profile", json!({})),
            (json!({ "roles": null }), "roles", json!([])),
            (json!({ "email_verified": true }), "email_verified", json!(true)),
            (json!({ "email": "Cid@Example.org" }), "email", json!("cid@example.org")),
        ];
        for (body, member, expected) in steps {
            let answer = patch(&service, &admin, &id, body.clone()).await;
            assert_eq!((answer.status, &answer.body[member]), (200, &expected), "{body}: {}", answer.body);
        }
        let attributes = show(&service, &admin, &id).await.body["attributes"].clone();
        assert_eq!(attributes["constructor"], 1, "what other patches did not name is there");
        assert_eq!(service.me(ben.access()).await.status, 200, "nothing of this ends a session");
    }

    async fn who_is_disabled_is_out_at_once(engine) {
        let service = start(engine).await;
        let second = Service::on(service.database.clone(), &ON).await;
        let admin = administrator(&service, "ada@example.org").await;
        let ben = service.register("ben@example.org").await;
        let id = me(&service, ben.access()).await;
        assert_eq!(second.me(ben.access()).await.status, 200);
        assert_eq!(patch(&service, &admin, &id, json!({ "disabled": true })).await.body["disabled"], true);
        for server in [&service, &second] {
            assert_eq!(server.me(ben.access()).await.refusal(), (401, "token_invalid"));
            assert_eq!(server.login("ben@example.org").await.refusal(), (401, "invalid_credentials"));
        }
        assert_eq!(patch(&second, &admin, &id, json!({ "disabled": false })).await.body["disabled"], false);
        assert_eq!(service.login("ben@example.org").await.status, 200);
        assert_eq!(service.refresh(ben.refresh()).await.status, 401, "a session that has ended stays so");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_is_told_to_the_one_before() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let (ben, _verification) = service.register_with_mail("ben@example.org").await;
    service.register("taken@example.org").await;
    let id = me(&service, ben.access()).await;
    assert_eq!(patch(&service, &admin, &id, json!({ "email": "taken@example.org" })).await.refusal(), (409, "email_taken"));
    assert_eq!(patch(&service, &admin, &id, json!({ "email": "cid@example.org" })).await.status, 200);
    assert!(service.mail_to("ben@example.org", 2).await.text.contains("cid@example.org"));
    assert_eq!(service.login("cid@example.org").await.status, 200);
    assert_eq!(service.me(ben.access()).await.text("email"), "cid@example.org", "the session goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_is_a_merge_patch_or_plain_json() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let path = format!("/admin/users/{}", me(&service, &admin).await);
    let send = async |media: Option<&str>| {
        let request = by(&service, Method::PATCH, &path, &admin).body(r#"{"profile":{"a":1}}"#);
        Answer::of(media.iter().fold(request, |request, media| request.header("content-type", *media))).await
    };
    for media in ["application/merge-patch+json", "application/json", "Application/Merge-Patch+JSON; charset=utf-8"] {
        assert_eq!(send(Some(media)).await.status, 200, "{media}");
    }
    for media in [None, Some("application/json-patch+json"), Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        assert_eq!(send(media).await.refusal(), (415, "unsupported_media_type"), "{media:?}");
    }
    let created = by(&service, Method::POST, "/admin/users", &admin).header("content-type", "application/merge-patch+json");
    assert_eq!(Answer::of(created.body("{}")).await.refusal(), (415, "unsupported_media_type"), "only a patch is one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_of_the_wrong_shape_changes_nothing() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let id = me(&service, service.register("ben@example.org").await.access()).await;
    let before = show(&service, &admin, &id).await.body;
    let deep = json!({ "a": { "b": { "c": { "d": { "e": {} } } } } });
    let many: Vec<_> = (0..33).map(|number| format!("role{number}")).collect();
    for (body, field, code) in [
        (json!({ "email": null }), "email", "wrong_type"),
        (json!({ "email": 1 }), "email", "wrong_type"),
        (json!({ "email": "nobody" }), "email", "invalid_email"),
        (json!({ "disabled": null }), "disabled", "wrong_type"),
        (json!({ "disabled": "true" }), "disabled", "wrong_type"),
        (json!({ "email_verified": null }), "email_verified", "wrong_type"),
        (json!({ "email_verified": 1 }), "email_verified", "wrong_type"),
        (json!({ "roles": "admin" }), "roles", "wrong_type"),
        (json!({ "roles": [1] }), "roles", "wrong_type"),
        (json!({ "roles": ["Admin"] }), "roles", "invalid_role"),
        (json!({ "roles": [""] }), "roles", "invalid_role"),
        (json!({ "roles": many }), "roles", "too_many"),
        (json!({ "profile": [] }), "profile", "wrong_type"),
        (json!({ "profile": "x" }), "profile", "wrong_type"),
        (json!({ "profile": deep }), "profile", "too_deep"),
        (json!({ "attributes": { "a": "x".repeat(4096) } }), "attributes", "too_large"),
        (json!({ "id": id }), "id", "unknown"),
        (json!({ "password": "x" }), "password", "unknown"),
        (json!({ "__proto__": { "disabled": true } }), "__proto__", "unknown"),
        (json!([]), "", "wrong_type"),
        (Value::Null, "", "wrong_type"),
    ] {
        let refused = patch(&service, &admin, &id, body.clone()).await;
        assert_eq!(refused.faults(), [(field, code)], "{body}");
    }
    let all = json!({ "email": 1, "roles": 1, "disabled": 1, "email_verified": 1, "x": 1 });
    assert_eq!(patch(&service, &admin, &id, all).await.faults().len(), 5, "every fault at once");
    let raw = async |body: String| {
        Answer::of(
            by(&service, Method::PATCH, &format!("/admin/users/{id}"), &admin)
                .header("content-type", "application/json")
                .body(body),
        )
        .await
    };
    for body in [
        String::new(),
        "{".to_owned(),
        r#"{"disabled":true,"disabled":false}"#.to_owned(),
        "[".repeat(5000),
        "{\"a\":".repeat(200),
    ] {
        assert_eq!(raw(body.clone()).await.refusal(), (400, "malformed_request"), "{}", body.get(..9).unwrap_or(&body));
    }
    assert_eq!(raw(format!(r#"{{"profile":{{"a":"{}"}}}}"#, "x".repeat(20_000))).await.refusal(), (413, "payload_too_large"));
    assert_eq!(show(&service, &admin, &id).await.body, before);
}
