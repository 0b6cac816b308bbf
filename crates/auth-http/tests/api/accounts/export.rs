//! GET /auth/me/export

use serde_json::{Value, json};

use crate::service::{PASSWORD, Service, on_every_engine};

on_every_engine! {
    async fn an_owner_gets_everything_that_is_stored(engine) {
        let service = Service::with_factors_and_mail(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        service.command(&["users", "roles", "add", "ann@example.org", "editor"], "");
        service.command(&["users", "set-attribute", "ann@example.org", "plan", "\"gold\""], "");
        let export = service.get_as(&owner.access, "/auth/me/export").await;
        assert_eq!((export.status, export.header("content-type")), (200, Some("application/json")));
        assert_eq!(export.header("content-disposition"), Some(r#"attachment; filename="account.json""#));
        assert_eq!(export.header("cache-control"), Some("no-store"));
        let account = &export.body["account"];
        assert_eq!((&account["email"], &account["roles"]), (&json!("ann@example.org"), &json!(["editor"])));
        assert_eq!((&account["attributes"], &account["has_password"], &account["disabled"]), (&json!({ "plan": "gold" }), &json!(true), &json!(false)));
        assert!(account["last_login_at"].is_string() && account["created_at"].is_string());
        assert_eq!(export.body["factors"].as_array().unwrap().len(), 1);
        assert_eq!(export.body["recovery_codes_left"], 10);
        assert!(!export.body["sessions"].as_array().unwrap().is_empty() && !export.body["networks"].as_array().unwrap().is_empty());
        let proofs = export.body["proofs"].as_array().unwrap();
        assert!(proofs.iter().all(|proof| proof.as_object().unwrap().len() == 4), "{proofs:?}");
        let text = export.body.to_string();
        for secret in ["$2b$", "password_hash", "secret", "digest", &owner.codes[0]] {
            assert!(!text.contains(secret), "{secret}");
        }
        assert_eq!(service.audited("account_exported", 1).await[0]["email"], "ann@example.org");
    }

    async fn the_trail_is_whole_however_long_it_is(engine) {
        let service = Service::start(engine).await;
        let tokens = service.register("ann@example.org").await;
        let id = service.me(tokens.access()).await.text("id").to_owned();
        service.audited("user_registered", 1).await;
        let rows: Vec<_> = (0..1203).map(|number| format!(
            "('{}', '2026-01-01 00:00:00.{number:06}', 'login_failed', 'failure', '{id}', 'ann@example.org', 'r{number}')",
            format_args!("00000000-0000-7000-8000-{number:012}")
        )).collect();
        for rows in rows.chunks(400) {
            service.database.execute(&format!("INSERT INTO audit_events (id, occurred_at, event, outcome, user_id, email, request_id) VALUES {}", rows.join(", ")));
        }
        let export = service.get_as(tokens.access(), "/auth/me/export").await;
        let audit = export.body["audit"].as_array().unwrap();
        let failed: Vec<_> = audit.iter().filter(|event| event["event"] == "login_failed").map(|event| event["request_id"].clone()).collect();
        assert_eq!(failed, (0..1203).rev().map(|number| json!(format!("r{number}"))).collect::<Vec<Value>>());
    }

    async fn whoever_asks_has_to_be_fresh(engine) {
        let service = Service::with(engine, &[("FRESH_MINUTES", "1")]).await;
        let tokens = service.register("ann@example.org").await;
        assert_eq!(service.get_as(tokens.access(), "/auth/me/export").await.status, 200);
        service.database.execute("UPDATE sessions SET authenticated_at = '2026-01-01 00:00:00'");
        assert_eq!(service.get_as(tokens.access(), "/auth/me/export").await.refusal(), (401, "reauthentication_required"));
        let again = service.post_as(tokens.access(), "/auth/reauthenticate", Some(json!({ "password": PASSWORD }))).await;
        assert_eq!(service.get_as(again.access(), "/auth/me/export").await.status, 200);
        assert_eq!(service.get("/auth/me/export").await.refusal(), (401, "token_missing"));
    }
}
