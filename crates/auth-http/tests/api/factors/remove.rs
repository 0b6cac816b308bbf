//! DELETE /auth/factors/{id}

use serde_json::json;

use super::{ids, is_done, is_no_code, is_stale, methods, password_alone, remove};
use crate::{
    service::{Service, on_every_engine, passkey},
    sessions::{reauthenticate::an_hour_ago, tokens::claims},
};

on_every_engine! {
    async fn with_the_last_factor_the_recovery_codes_go_and_a_password_is_enough(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let mut key = passkey();
        let access = service.add_passkey(&owner.access, &mut key).await.access().to_owned();
        let token = service.first_step("ann@example.org").await;
        is_done(&remove(&service, &access, &owner.app.id).await, "the first of two");
        assert_eq!(service.second_step(&token, &owner.codes[0]).await.refusal(), (401, "token_invalid"), "of before");
        assert_eq!(remove(&service, &access, &owner.app.id).await.refusal(), (404, "not_found"));
        let listed = service.factors(&access).await.body;
        assert_eq!((listed["factors"].as_array().unwrap().len(), &listed["recovery_codes_left"]), (1, &json!(10)));

        let asked = service.login("ann@example.org").await;
        assert_eq!(asked.body["factors"], json!(["passkey", "recovery_code"]));
        is_no_code(&service.second_step(asked.text("mfa_token"), &owner.app.code()).await, "the app is gone");
        assert_eq!(service.second_step(asked.text("mfa_token"), &owner.codes[1]).await.status, 200);

        let last = ids(&service, &access).await.remove(0);
        is_done(&remove(&service, &access, &last).await, "the last one");
        assert_eq!(service.factors(&access).await.body, json!({ "factors": [], "recovery_codes_left": 0 }));
        assert_eq!((service.database.count("recovery_codes"), service.database.count("passkeys")), (0, 0));
        let login = service.login("ann@example.org").await;
        assert_eq!((login.status, &claims(login.access())["acr"]), (200, &json!("aal1")));
        assert_eq!(service.login_by(&mut key).await.refusal(), (401, "passkey_invalid"));
        assert_eq!(methods(&service, "factor_removed", 2).await, ["totp", "passkey"]);
    }

    async fn sessions_go_on_and_codes_come_anew_with_the_next_first_factor(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let other = service.login_with("ann@example.org", &owner.app).await;
        is_done(&remove(&service, &owner.access, &owner.app.id).await, "the last one");
        for access in [&*owner.access, other.access()] {
            assert_eq!(service.me(access).await.status, 200);
        }
        let (app, codes, _) = service.add_app(&owner.access).await;
        assert!(codes.len() == 10 && codes.iter().all(|code| !owner.codes.contains(code)));
        assert_eq!(service.me(other.access()).await.refusal(), (401, "token_invalid"));
        let token = service.first_step("ann@example.org").await;
        for old in [&owner.codes[0], &owner.app.code()] {
            is_no_code(&service.second_step(&token, old).await, "of the former factor");
        }
        assert_eq!(service.second_step(&token, &app.code()).await.status, 200);
    }

    async fn only_ones_own_that_are_confirmed_can_be_removed(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let other = service.enrol("bob@example.org").await;
        let waiting = service.start_app(&owner.access).await;
        for (access, id) in [
            (&other.access, owner.app.id.as_str()),
            (&owner.access, &waiting.id),
            (&owner.access, "x"),
            (&owner.access, "00000000-0000-7000-8000-000000000000"),
        ] {
            assert_eq!(remove(&service, access, id).await.refusal(), (404, "not_found"), "{id}");
        }
        assert_eq!(service.factors(&owner.access).await.body["recovery_codes_left"], 10);
        let stranger = service.send(reqwest::Method::DELETE, &format!("/auth/factors/{}", owner.app.id), None, None).await;
        assert_eq!(stranger.refusal(), (401, "token_missing"));
    }

    async fn it_is_for_those_who_are_fresh(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let weak = password_alone(&service, &owner).await;
        is_stale(&remove(&service, weak.access(), &owner.app.id).await, Some("aal2"), "without a second factor");
        an_hour_ago(&service);
        is_stale(&remove(&service, weak.access(), &owner.app.id).await, Some("aal2"), "neither");
        is_stale(&remove(&service, &owner.access, &owner.app.id).await, None, "an hour ago");
        is_stale(&remove(&service, &owner.access, "x").await, None, "whatever it is");
        assert_eq!(ids(&service, &owner.access).await, [owner.app.id]);
    }

    async fn where_one_is_required_the_last_one_stays(engine) {
        let service = Service::with_factors(engine, &[("MFA", "required")]).await;
        let second = Service::with_factors_on(service.database.clone(), &[("MFA", "required")]).await;
        let owner = service.enrol("ann@example.org").await;
        assert_eq!(remove(&service, &owner.access, &owner.app.id).await.refusal(), (409, "last_factor"));
        let (app, _, access) = service.add_app(&owner.access).await;
        // Of two that each could go, one goes.
        let (one, other) = tokio::join!(remove(&service, &access, &owner.app.id), remove(&second, &access, &app.id));
        let mut outcomes = [one.status, other.status];
        outcomes.sort_unstable();
        assert_eq!(outcomes, [204, 409], "{} {}", one.body, other.body);
        let left = ids(&service, &access).await;
        assert_eq!(remove(&service, &access, &left[0]).await.refusal(), (409, "last_factor"));
        assert_eq!(service.factors(&access).await.body["recovery_codes_left"], 10);
        assert_eq!(service.login("ann@example.org").await.refusal(), (403, "second_factor_required"));
    }
}
