//! POST /auth/login

use serde_json::json;

use crate::{
    service::{Answer, Engine, Service, credentials, on_every_engine},
    telemetry::metrics::{ON, scrape, value},
};

on_every_engine! {
    async fn the_right_password_begins_a_session(engine) {
        let service = Service::start(engine).await;
        let registered = service.register("ann@example.org").await;
        let login = service.login("ANN@example.org ").await;
        assert_eq!(login.status, 200);
        assert_ne!((login.access(), login.refresh()), (registered.access(), registered.refresh()));
        assert_eq!(service.me(login.access()).await.status, 200);
    }

    async fn a_refusal_never_says_why(engine) {
        let service = Service::start(engine).await;
        service.register("ann@example.org").await;
        service.register("bob@example.org").await;
        service.database.execute("UPDATE users SET disabled_at = created_at WHERE email = 'bob@example.org'");
        let attempt = async |email: &str, password: &str| {
            service.post("/auth/login", json!({ "email": email, "password": password })).await
        };
        let mut refusals: Vec<Answer> = vec![
            attempt("ann@example.org", "Wrong-Horse-7-Battery").await,
            attempt("nobody@example.org", "Wrong-Horse-7-Battery").await,
            service.login("bob@example.org").await,
        ];
        for impossible in ["", "x", "\u{0}", &"x".repeat(5000), &"é".repeat(2000)] {
            refusals.push(attempt("ann@example.org", impossible).await);
            refusals.push(attempt("nobody@example.org", impossible).await);
        }
        for refused in refusals {
            assert_eq!(refused.refusal(), (401, "invalid_credentials"));
            assert_eq!(refused.text("detail"), "Invalid credentials");
            let names: Vec<_> = refused.headers.keys().map(|name| name.as_str().to_owned()).collect();
            assert!(names.contains(&"www-authenticate".to_owned()) && refused.body.get("errors").is_none(), "{names:?}");
        }
    }

    /// As much work for each of them: the hasher's own, the decoy included, is of one cost.
    async fn every_refusal_costs_one_hash(engine) {
        let service = Service::with(engine, &[ON]).await;
        service.register("ann@example.org").await;
        service.register("bob@example.org").await;
        service.database.execute("UPDATE users SET disabled_at = created_at WHERE email = 'bob@example.org'");
        let hashes = async || value(&scrape(&service).await, "auth_hash_duration_seconds_count");
        for email in ["ann@example.org", "nobody@example.org", "bob@example.org"] {
            for password in ["Wrong-Horse-7-Battery", "", "x", "\u{0}", &"x".repeat(5000)] {
                let before = hashes().await;
                let refused = service.post("/auth/login", json!({ "email": email, "password": password })).await;
                assert_eq!(refused.refusal(), (401, "invalid_credentials"));
                assert!((hashes().await - before - 1.0).abs() < f64::EPSILON, "{email} {:.9}", password);
            }
        }
    }

    async fn a_hash_of_a_lower_cost_is_replaced(engine) {
        let service = Service::start(engine).await;
        service.register("ann@example.org").await;
        let stronger = Service::on(service.database.clone(), &[("BCRYPT_COST", "11")]).await;
        assert_eq!(stronger.login("ann@example.org").await.status, 200);
        // The new form starts with the new cost: with it out of the way, no account is left.
        service.database.execute("DELETE FROM sessions");
        service.database.execute("DELETE FROM users WHERE password_hash LIKE '$2b$11$%'");
        assert_eq!(service.login("ann@example.org").await.status, 401);
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_a_fault_of_the_body() {
    let service = Service::start(Engine::Sqlite).await;
    assert_eq!(service.post("/auth/login", credentials("nobody")).await.faults(), [("email", "invalid_email")]);
    assert_eq!(service.post("/auth/login", json!({})).await.faults(), [("email", "missing"), ("password", "missing")]);
}
