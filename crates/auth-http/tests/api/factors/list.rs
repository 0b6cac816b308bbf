//! GET /auth/factors

use serde_json::json;

use crate::service::{Engine, Service, on_every_engine, passkey};

on_every_engine! {
    async fn it_lists_what_is_confirmed_and_counts_the_recovery_codes(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        let empty = json!({ "factors": [], "recovery_codes_left": 0 });
        assert_eq!(service.factors(tokens.access()).await.body, empty);
        service.start_app(tokens.access()).await;
        assert_eq!(service.factors(tokens.access()).await.body, empty, "one that waits for its first code is none yet");

        let (app, codes, access) = service.add_app(tokens.access()).await;
        let mut key = passkey();
        service.add_passkey(&access, &mut key).await;
        let listed = service.factors(&access).await.body;
        let factors = listed["factors"].as_array().unwrap();
        let names: Vec<_> = factors[0].as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["created_at", "id", "last_used_at", "name", "type"]);
        let shown: Vec<_> = factors.iter().map(|factor| (&factor["type"], &factor["name"], &factor["last_used_at"])).collect();
        let nothing = json!(null);
        assert_eq!(shown, [
            (&json!("totp"), &json!("Authenticator app"), &nothing),
            (&json!("passkey"), &json!("Passkey"), &nothing),
        ]);
        assert_eq!((&factors[0]["id"], &listed["recovery_codes_left"]), (&json!(app.id), &json!(10)));
        assert!(factors.iter().all(|factor| factor["created_at"].as_str().unwrap().ends_with('Z')), "{listed}");

        service.login_with("ann@example.org", &app).await;
        let token = service.first_step("ann@example.org").await;
        assert_eq!(service.second_step(&token, &codes[3]).await.status, 200);
        assert_eq!(service.login_by(&mut key).await.status, 200);
        let listed = service.factors(&access).await.body;
        assert_eq!(listed["recovery_codes_left"], 9);
        let factors = listed["factors"].as_array().unwrap();
        assert!(factors.iter().all(|factor| factor["last_used_at"].as_str().is_some_and(|time| time.ends_with('Z'))), "{listed}");
    }

    async fn nobody_sees_what_another_account_has(engine) {
        let service = Service::with_factors(engine, &[]).await;
        service.enrol("ann@example.org").await;
        let other = service.register("bob@example.org").await;
        assert_eq!(service.factors(other.access()).await.body["factors"], json!([]));
        assert_eq!(service.get("/auth/factors").await.refusal(), (401, "token_missing"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_not_fresh_may_look() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    let owner = service.enrol("ann@example.org").await;
    crate::sessions::reauthenticate::an_hour_ago(&service);
    assert_eq!(service.factors(&owner.access).await.body["recovery_codes_left"], 10);
}
