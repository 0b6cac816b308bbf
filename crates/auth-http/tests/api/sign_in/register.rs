//! POST /auth/register

use serde_json::json;

use crate::service::{Engine, PASSWORD, Service, credentials, on_every_engine};

on_every_engine! {
    async fn an_address_registers_once(engine) {
        let service = Service::start(engine).await;
        let registered = service.post("/auth/register", credentials("ann@example.org")).await;
        assert_eq!(registered.status, 201);
        assert_eq!(registered.text("token_type"), "bearer");
        assert_eq!((&registered.body["expires_in"], &registered.body["refresh_expires_in"]), (&json!(900), &json!(604_800)));
        for spelling in ["ann@example.org", "ANN@Example.ORG", "  ann@example.org "] {
            let refused = service.post("/auth/register", credentials(spelling)).await;
            assert_eq!(refused.refusal(), (409, "email_taken"), "{spelling}");
            assert_eq!(refused.text("detail"), "Registration failed");
        }
    }

    async fn the_new_account_is_signed_in(engine) {
        let service = Service::start(engine).await;
        let registered = service.register("  Ann.Example@Example.ORG ").await;
        let me = service.me(registered.access()).await;
        assert_eq!((me.status, me.text("email")), (200, "ann.example@example.org"));
        assert_eq!(service.refresh(registered.refresh()).await.status, 200);
    }

    async fn accents_make_another_account(engine) {
        let service = Service::start(engine).await;
        service.register("josé@x.org").await;
        service.register("jose@x.org").await;
        service.register("jöse@x.org").await;
        assert_eq!(service.post("/auth/register", credentials("JOSÉ@X.ORG")).await.status, 409);
        let me = service.me(service.login("José@x.org").await.access()).await;
        assert_eq!(me.text("email"), "josé@x.org");
    }

    async fn a_password_that_many_have_or_that_names_its_account_is_refused(engine) {
        let service = Service::start(engine).await;
        let body = |email: &str, password: &str| json!({ "email": email, "password": password });
        for password in ["Password123!", "Password1234!", "P@ssw0rd2024!", "qWERTY-123456", "1qaz@WSX3edc"] {
            let refused = service.post("/auth/register", body("user@example.com", password)).await;
            assert_eq!(refused.faults(), [("password", "too_common")], "{password}");
        }
        for (email, password) in [
            ("ann@example.org", "Xx1-ann@example.org"),
            ("Ann.Smith@example.org", "Ann-Smith-1996"),
            ("ann.smith+auth@example.org", "9-ANN.SMITH-horses"),
        ] {
            let refused = service.post("/auth/register", body(email, password)).await;
            assert_eq!(refused.faults(), [("password", "too_common")], "{password}");
            assert!(refused.body["errors"][0]["message"].as_str().unwrap().contains("address"));
        }
        assert_eq!(service.database.count("users"), 0);
        // Login never asks: what is tried there is any text.
        let login = service.post("/auth/login", body("user@example.com", "Password1234!")).await;
        assert_eq!(login.refusal(), (401, "invalid_credentials"));
        for (email, password) in [
            ("user@example.com", "SecurePass123!"),
            ("ann@example.org", "Planning-7-horses"),
            ("bob@example.org", "Correct horse battery staple 1!"),
        ] {
            assert_eq!(service.post("/auth/register", body(email, password)).await.status, 201, "{password}");
            assert_eq!(service.post("/auth/login", body(email, password)).await.status, 200, "{password}");
        }
    }

    async fn a_password_of_any_width_counts_to_its_last_character(engine) {
        let service = Service::start(engine).await;
        // 71 bytes fit plain bcrypt; 72 and 128 four-byte characters do not.
        for (number, length) in [71, 72, 73, 100].into_iter().enumerate() {
            let password = format!("Aa1-{}", "x".repeat(length - 4));
            let email = format!("long{number}@example.org");
            let body = json!({ "email": email, "password": password });
            assert_eq!(service.post("/auth/register", body.clone()).await.status, 201, "{length}");
            assert_eq!(service.post("/auth/login", body).await.status, 200, "{length}");
            for other in [&password[..length - 1], &format!("{password}x"), &format!("{}y", &password[..length - 1])] {
                let wrong = service.post("/auth/login", json!({ "email": email, "password": other })).await;
                assert_eq!(wrong.refusal(), (401, "invalid_credentials"), "{length} {other}");
            }
        }
        let wide = format!("Aa1-{}", "🦀".repeat(124));
        let body = json!({ "email": "wide@example.org", "password": wide });
        assert_eq!(service.post("/auth/register", body.clone()).await.status, 201);
        assert_eq!(service.post("/auth/login", body).await.status, 200);
    }
}

#[tokio::test]
async fn every_broken_rule_is_told_at_once() {
    let service = Service::start(Engine::Sqlite).await;
    let refused = service.post("/auth/register", json!({ "email": "nobody", "password": "\u{0}" })).await;
    assert_eq!(
        refused.faults(),
        [
            ("email", "invalid_email"),
            ("password", "too_short"),
            ("password", "control_character"),
            ("password", "no_uppercase"),
            ("password", "no_lowercase"),
            ("password", "no_digit"),
            ("password", "no_special"),
        ]
    );
    let named = json!({ "password": "Anna-Smith", "email": "anna@example.org" });
    let refused = service.post("/auth/register", named).await;
    assert_eq!(refused.faults(), [("password", "too_short"), ("password", "no_digit"), ("password", "too_common")]);
    let common = json!({ "email": "nobody", "password": "Password1234!" });
    let refused = service.post("/auth/register", common).await;
    assert_eq!(refused.faults(), [("email", "invalid_email"), ("password", "too_common")]);
    let refused = service.post("/auth/register", json!({ "email": 7 })).await;
    assert_eq!(refused.faults(), [("email", "wrong_type"), ("password", "missing")]);
    let long = json!({ "email": format!("{}@example.org", "a".repeat(250)), "password": "Aa1-".repeat(33) });
    assert_eq!(service.post("/auth/register", long).await.faults(), [("email", "too_long"), ("password", "too_long")]);
}

#[tokio::test]
async fn nothing_submitted_is_echoed_or_logged() {
    let service = Service::start(Engine::Sqlite).await;
    let secret = "sEcReT7";
    let refused = service.post("/auth/register", json!({ "email": "ann@example.org", "password": secret })).await;
    assert!(refused.status == 422 && !refused.body.to_string().contains(secret), "{}", refused.body);
    let registered = service.register("ann@example.org").await;
    service.login("ann@example.org").await;
    service.refresh(registered.refresh()).await;
    service.audited("token_refreshed", 1).await;
    let log = service.log_text();
    for secret in [secret, PASSWORD, registered.access(), registered.refresh(), "$2b$"] {
        assert!(!log.contains(secret), "{secret} in the log");
    }
}

#[tokio::test]
async fn the_policy_can_be_length_alone() {
    let service = Service::with(Engine::Sqlite, &[("PASSWORD_POLICY", "length"), ("PASSWORD_MIN_LENGTH", "8")]).await;
    let body = |password: &str| json!({ "email": "ann@example.org", "password": password });
    assert_eq!(service.post("/auth/register", body("seven77")).await.faults(), [("password", "too_short")]);
    for common in ["password", "PassWord", "iloveyou", "12345678", "1q2w3e4r"] {
        assert_eq!(service.post("/auth/register", body(common)).await.faults(), [("password", "too_common")], "{common}");
    }
    assert_eq!(service.post("/auth/register", body("eight888")).await.status, 201);
}
