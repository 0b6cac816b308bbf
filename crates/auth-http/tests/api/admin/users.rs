//! Making, showing and deleting accounts.

use reqwest::Method;
use serde_json::{Value, json};

use super::{administrator, by, client, give_role, make, patch, show, start};
use crate::service::{Answer, Engine, PASSWORD, Service, on_every_engine};

pub(super) const BCRYPT: &str = "$2b$10$WvvTPHKwdBJ3uk0Z37EMR.hLA2W6N9AEBhEgrAOljy2Ae5MtaSIUi";

on_every_engine! {
    async fn an_account_is_as_it_was_asked_for(engine) {
        let service = start(engine).await;
        let admin = administrator(&service, "ada@example.org").await;
        let body = json!({
            "email": " Ben@Example.org", "password": PASSWORD, "roles": ["staff", "editor", "staff"], "email_verified": true,
            "attributes": { "plan": "gold", "nested": { "a": [1, 2, { "b": null }] } }, "profile": { "name": "Ben \u{202e}\u{1f980}" },
            "ignored": 1
        });
        let made = service.post_as(&admin, "/admin/users", Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let id = made.text("id").to_owned();
        assert_eq!(made.header("location"), Some(&*format!("/admin/users/{id}")));
        for (member, value) in [
            ("email", json!("ben@example.org")),
            ("email_verified", json!(true)),
            ("disabled", json!(false)),
            ("roles", json!(["editor", "staff"])),
            ("profile", json!({ "name": "Ben \u{202e}\u{1f980}" })),
            ("attributes", json!({ "plan": "gold", "nested": { "a": [1, 2, { "b": null }] } })),
            ("has_password", json!(true)),
            ("factors", json!([])),
            ("identities", json!([])),
            ("last_login_at", Value::Null),
        ] {
            assert_eq!(made.body[member], value, "{member}");
        }
        let shown = show(&service, &admin, &id).await;
        assert_eq!((shown.status, &shown.body, shown.header("etag")), (200, &made.body, made.header("etag")));
        assert_eq!(service.login("ben@example.org").await.status, 200);
        assert!(show(&service, &admin, &id).await.body["last_login_at"].is_string());
        let again = service.post_as(&admin, "/admin/users", Some(json!({ "email": "BEN@example.org", "password": PASSWORD }))).await;
        assert_eq!(again.refusal(), (409, "email_taken"));
    }

    async fn an_account_that_is_deleted_is_gone_with_its_sessions(engine) {
        let service = start(engine).await;
        let admin = administrator(&service, "ada@example.org").await;
        let ben = service.register("ben@example.org").await;
        let id = service.me(ben.access()).await.text("id").to_owned();
        let gone = service.delete_as(&admin, &format!("/admin/users/{id}"), None).await;
        assert_eq!((gone.status, gone.body.is_null()), (204, true));
        assert_eq!(service.me(ben.access()).await.refusal(), (401, "token_invalid"));
        assert_eq!(show(&service, &admin, &id).await.refusal(), (404, "not_found"));
        assert_eq!(service.delete_as(&admin, &format!("/admin/users/{id}"), None).await.refusal(), (404, "not_found"));
        assert_eq!(service.register("ben@example.org").await.status, 201, "the address is free");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_may_come_with_the_hash_of_another_system() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let post = async |body: Value| service.post_as(&admin, "/admin/users", Some(body)).await;
    let made = post(json!({ "email": "ben@example.org", "password_hash": BCRYPT, "disabled": true })).await;
    assert_eq!(
        (made.status, &made.body["has_password"], &made.body["disabled"]),
        (201, &json!(true), &json!(true)),
        "{}",
        made.body
    );
    for hash in ["", "x", "plain", "$2b$99$x", "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b0dWA"] {
        let refused = post(json!({ "email": "cid@example.org", "password_hash": hash })).await;
        assert_eq!(refused.faults(), [("password_hash", "unknown_format")], "{hash}");
    }
    let both = post(json!({ "email": "cid@example.org", "password_hash": BCRYPT, "password": PASSWORD })).await;
    assert_eq!(both.faults(), [("password_hash", "not_both")]);
    let weak = post(json!({ "email": "cid@example.org", "password": "short" })).await;
    assert!(weak.faults().contains(&("password", "too_short")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_password_is_invited_where_mails_are_sent() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let id = make(&service, &admin, "ben@example.org").await;
    assert_eq!(show(&service, &admin, &id).await.body["has_password"], false);
    let letter = service.mail_to("ben@example.org", 1).await;
    let chosen = service.post("/auth/password/reset", json!({ "token": letter.token(), "new_password": PASSWORD })).await;
    assert_eq!(chosen.status, 204, "{}", chosen.body);
    assert_eq!(service.login("ben@example.org").await.status, 200);

    let mute = Service::with(Engine::Sqlite, &super::ON).await;
    let admin = administrator(&mute, "ada@example.org").await;
    let id = make(&mute, &admin, "ben@example.org").await;
    assert_eq!(show(&mute, &admin, &id).await.body["has_password"], false);
    let path = format!("/admin/users/{id}/password-reset");
    assert_eq!(mute.post_as(&admin, &path, None).await.refusal(), (404, "not_found"), "there is no mail to send");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let id = service.me(&admin).await.text("id").to_owned();
    for body in [json!({ "roles": null }), json!({ "roles": ["staff"] }), json!({ "disabled": true })] {
        assert_eq!(patch(&service, &admin, &id, body.clone()).await.refusal(), (409, "last_administrator"), "{body}");
    }
    let path = format!("/admin/users/{id}");
    assert_eq!(service.delete_as(&admin, &path, None).await.refusal(), (409, "last_administrator"));
    let other = administrator(&service, "eve@example.org").await;
    assert_eq!(service.delete_as(&other, &path, None).await.status, 204);
    assert_eq!(service.get_as(&admin, "/admin/users").await.refusal(), (401, "token_invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_the_role_may_nothing_any_more() {
    let service = start(Engine::Sqlite).await;
    let (admin, other) = (administrator(&service, "ada@example.org").await, administrator(&service, "eve@example.org").await);
    let id = service.me(&other).await.text("id").to_owned();
    let second = Service::on(service.database.clone(), &super::ON).await;
    assert_eq!(second.get_as(&other, "/admin/users").await.status, 200);
    assert_eq!(patch(&service, &admin, &id, json!({ "roles": [] })).await.status, 200);
    for server in [&service, &second] {
        assert_eq!(server.get_as(&other, "/admin/users").await.refusal(), (403, "insufficient_scope"));
        assert_eq!(server.me(&other).await.status, 200, "the session goes on");
    }
    give_role(&service.database, "eve@example.org", "admin");
    assert_eq!(second.get_as(&other, "/admin/users").await.status, 200, "at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_moves_with_what_can_be_changed_and_with_nothing_else() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let id = make(&service, &admin, "ben@example.org").await;
    let tag = async || show(&service, &admin, &id).await.header("etag").unwrap().to_owned();
    let mut before = tag().await;
    assert!(before.starts_with('"') && before.ends_with('"'), "{before} is strong");
    for body in [
        json!({ "roles": ["staff"] }),
        json!({ "profile": { "a": 1 } }),
        json!({ "attributes": { "a": 1 } }),
        json!({ "email_verified": true }),
        json!({ "disabled": true }),
        json!({ "email": "cid@example.org" }),
    ] {
        let patched = patch(&service, &admin, &id, body.clone()).await;
        assert_eq!(patched.status, 200, "{body}: {}", patched.body);
        let after = tag().await;
        assert_eq!(patched.header("etag"), Some(&*after), "{body}");
        assert_ne!(before, after, "{body}");
        before = after;
    }
    let enabled = patch(&service, &admin, &id, json!({ "disabled": false })).await;
    before = enabled.header("etag").unwrap().to_owned();
    let reset = service.command(&["users", "set-password", &id], PASSWORD);
    assert_eq!(reset.0, 0, "{reset:?}");
    assert_eq!(service.login("cid@example.org").await.status, 200);
    assert_eq!(tag().await, before, "neither another password nor a login");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_overwrites_what_they_have_not_read() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let id = make(&service, &admin, "ben@example.org").await;
    let path = format!("/admin/users/{id}");
    let stale = show(&service, &admin, &id).await.header("etag").unwrap().to_owned();
    let tag = patch(&service, &admin, &id, json!({ "roles": ["staff"] })).await.header("etag").unwrap().to_owned();
    let send = async |method: Method, tags: &[&str]| {
        let mut request = by(&service, method.clone(), &path, &admin);
        for tag in tags {
            request = request.header("if-match", *tag);
        }
        if method == Method::PATCH {
            request = request.json(&json!({ "profile": { "seen": tags.join(" ") } }));
        }
        Answer::of(request).await
    };
    let weak = format!("W/{tag}");
    for wrong in [
        &[&*stale][..],
        &[&*weak],
        &["\"x\", \"y\""],
        &[""],
        &["nonsense"],
        &["\"*\""],
        &[tag.trim_matches('"')],
        &[&*stale, "\"z\""],
    ] {
        for method in [Method::PATCH, Method::DELETE] {
            assert_eq!(send(method, wrong).await.refusal(), (412, "precondition_failed"), "{wrong:?}");
        }
    }
    let list = format!("\"x\", {stale} ,{tag}");
    let patched = send(Method::PATCH, &[&list]).await;
    assert_eq!(patched.status, 200, "{}", patched.body);
    let tag = patched.header("etag").unwrap().to_owned();
    assert_eq!(send(Method::PATCH, &["*"]).await.status, 200);
    let now = show(&service, &admin, &id).await.header("etag").unwrap().to_owned();
    assert_eq!(send(Method::DELETE, &[&tag]).await.refusal(), (412, "precondition_failed"));
    assert_eq!(send(Method::DELETE, &["\"x\"", &now]).await.status, 204);
    assert_eq!(send(Method::DELETE, &["*"]).await.refusal(), (404, "not_found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn patches_that_race_are_all_done_and_with_a_tag_only_one_is() {
    let service = start(Engine::Sqlite).await;
    let (_, writer) = client(&service, "admin:write").await;
    let admin = administrator(&service, "ada@example.org").await;
    let id = make(&service, &admin, "ben@example.org").await;
    let tag = show(&service, &admin, &id).await.header("etag").unwrap().to_owned();
    let path = format!("/admin/users/{id}");
    let race = async |tag: Option<&str>, round: &str| {
        let requests = (0..4).map(|number| {
            let body = json!({ "attributes": { format!("{round}{number}"): number } });
            let request = by(&service, Method::PATCH, &path, &writer).json(&body);
            Answer::of(tag.iter().fold(request, |request, tag| request.header("if-match", *tag)))
        });
        let answers = futures_util::future::join_all(requests).await;
        answers.iter().map(|answer| answer.status).filter(|status| *status == 200).count()
    };
    assert_eq!(race(Some(&tag), "tagged").await, 1);
    assert_eq!(race(None, "free").await, 4);
    let attributes = show(&service, &admin, &id).await.body["attributes"].as_object().unwrap().len();
    assert_eq!(attributes, 5);
}
