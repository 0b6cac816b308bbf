//! The budgets of the second step and of passkeys, and what a refused request costs.

use reqwest::Method;
use serde_json::json;

use crate::{
    service::{Engine, Service, on_every_engine, passkey},
    sessions::reauthenticate::again,
};

on_every_engine! {
    async fn the_login_paths_share_a_budget_and_beyond_it_nothing_happens(engine) {
        let before = Service::with_factors(engine, &[]).await;
        let (owner, mut key) = (before.enrol("ann@example.org").await, passkey());
        before.add_passkey(&owner.access, &mut key).await;
        let (token, shown) = (before.first_step("ann@example.org").await, before.show(&mut key).await);

        let limits = [("RATE_LIMIT_REQUESTS", "4"), ("RATE_LIMIT_SESSION_REQUESTS", "50"), ("RATE_LIMIT_WINDOW", "3600")];
        let service = Service::with_factors_on(before.database.clone(), &limits).await;
        let limit = |answer: &crate::service::Answer| answer.header("ratelimit-remaining").unwrap().to_owned();
        let mut remaining = vec![limit(&service.login("ann@example.org").await)];
        remaining.push(limit(&service.post("/auth/login/factor", json!({})).await));
        remaining.push(limit(&service.send(Method::POST, "/auth/passkeys/login/options", None, None).await));
        remaining.push(limit(&service.post("/auth/passkeys/login", json!({})).await));
        assert_eq!(remaining, ["3", "2", "1", "0"]);

        let tables = ["sessions", "one_time_tokens", "recovery_codes WHERE used_at IS NOT NULL"];
        let rows = || tables.map(|table| service.database.count(table));
        let (rows_before, body) = (rows(), json!({ "mfa_token": token, "code": owner.codes[0] }));
        for refused in [
            service.post("/auth/login/factor", body.clone()).await,
            service.post("/auth/log%69n/factor", body.clone()).await,
            service.post("/auth/login/factor", json!({ "mfa_token": token, "passkey": shown })).await,
            service.post("/auth/passkeys/login", shown.clone()).await,
            service.send(Method::POST, "/auth/passkeys/login/options", None, None).await,
        ] {
            assert_eq!(refused.refusal(), (429, "rate_limited"));
            assert!(refused.header("retry-after").is_some());
        }
        assert_eq!(rows(), rows_before);
        // Who has a session is not held up by that.
        let fresh = again(&service, &owner.access, json!({ "code": owner.app.code() })).await;
        assert_eq!((fresh.status, fresh.header("ratelimit-limit")), (200, Some("50")));
        assert_eq!(service.post_as(&owner.access, "/auth/passkeys/options", None).await.header("ratelimit-limit"), Some("50"));
        // All of it is as good as before.
        assert_eq!(before.post("/auth/login/factor", body).await.status, 200);
        assert_eq!(before.post("/auth/passkeys/login", shown).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn related_origins_cost_nothing_and_may_be_kept() {
    let service = Service::with_factors(Engine::Sqlite, &[("RATE_LIMIT_REQUESTS", "1"), ("RATE_LIMIT_WINDOW", "3600")]).await;
    for _ in 0..3 {
        let answer = service.get("/.well-known/webauthn").await;
        assert_eq!((answer.status, answer.header("ratelimit-limit")), (200, None));
    }
}
