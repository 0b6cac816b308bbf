//! POST /auth/password

use serde_json::{Value, json};

use crate::service::{Engine, PASSWORD, Service, on_every_engine};

const NEW: &str = "Another-Horse-8-Battery";

fn change(current: &str, new: &str) -> Value {
    json!({ "current_password": current, "new_password": new })
}

on_every_engine! {
    async fn it_changes_the_password_and_ends_every_other_session(engine) {
        let service = Service::start(engine).await;
        let other_server = Service::on(service.database.clone(), &[]).await;
        let other = service.register("ann@example.org").await;
        let own = service.login("ann@example.org").await;
        let before = service.me(own.access()).await;
        let changed = service.post_as(own.access(), "/auth/password", Some(change(PASSWORD, NEW))).await;
        assert_eq!((changed.status, changed.body.is_null()), (204, true));
        for server in [&service, &other_server] {
            assert_eq!(server.me(other.access()).await.refusal(), (401, "token_invalid"));
            assert_eq!(server.refresh(other.refresh()).await.refusal(), (401, "token_invalid"));
            assert_eq!(server.me(own.access()).await.status, 200);
        }
        assert!(service.me(own.access()).await.text("updated_at") > before.text("updated_at"));
        assert_eq!(service.refresh(own.refresh()).await.status, 200);
        assert_eq!(service.login("ann@example.org").await.refusal(), (401, "invalid_credentials"));
        assert_eq!(service.post("/auth/login", json!({ "email": "ann@example.org", "password": NEW })).await.status, 200);
        assert_eq!(service.audited("password_changed", 1).await.len(), 1);
        assert_eq!(service.audited("session_ended", 1).await[0]["reason"], "password_changed");
    }

    async fn the_current_one_must_be_right_and_the_new_one_new(engine) {
        let service = Service::start(engine).await;
        let own = service.register("ann@example.org").await;
        let other = service.login("ann@example.org").await;
        let attempt = async |body: Value| service.post_as(own.access(), "/auth/password", Some(body)).await;
        assert_eq!(attempt(change("wrong", NEW)).await.refusal(), (403, "password_mismatch"));
        assert_eq!(attempt(change(PASSWORD, PASSWORD)).await.faults(), [("new_password", "unchanged")]);
        assert_eq!(attempt(change(PASSWORD, "Short-1")).await.faults(), [("new_password", "too_short")]);
        assert_eq!(attempt(json!({})).await.faults(), [("current_password", "missing"), ("new_password", "missing")]);
        assert_eq!((service.me(other.access()).await.status, service.login("ann@example.org").await.status), (200, 200));
        assert_eq!(service.audited("login_failed", 1).await[0]["reason"], "wrong_current_password");
        assert_eq!(service.audited("password_change_refused", 2).await[0]["reason"], "wrong_password");
    }

    async fn the_new_one_may_be_neither_common_nor_name_the_account(engine) {
        let service = Service::start(engine).await;
        let own = service.register("Ann.Smith+auth@example.org").await;
        let attempt = async |body: Value| service.post_as(own.access(), "/auth/password", Some(body)).await;
        for new in ["Password1234!", "Ann-Smith-1996", "Xx1-ann.smith+AUTH@example.org"] {
            assert_eq!(attempt(change(PASSWORD, new)).await.faults(), [("new_password", "too_common")], "{new}");
        }
        let faults = [("current_password", "missing"), ("new_password", "too_short"), ("new_password", "too_common")];
        assert_eq!(attempt(json!({ "new_password": "AnnSmith-1" })).await.faults(), faults);
        // The current one is any text: an account may have had it from before.
        assert_eq!(attempt(change("Password1234!", NEW)).await.refusal(), (403, "password_mismatch"));
        assert_eq!(attempt(change(PASSWORD, "Bob.Smith-1996")).await.status, 204);
    }
}

#[tokio::test]
async fn strangers_do_not_learn_what_a_body_should_look_like() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    service.post_as(tokens.access(), "/auth/logout", None).await;
    assert_eq!(service.post_as(tokens.access(), "/auth/password", Some(json!({}))).await.refusal(), (401, "token_invalid"));
}
