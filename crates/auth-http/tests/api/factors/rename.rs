//! PATCH /auth/factors/{id}

use serde_json::json;

use super::{ids, is_done, is_stale, password_alone, rename};
use crate::{
    service::{Service, on_every_engine, passkey},
    sessions::reauthenticate::an_hour_ago,
};

on_every_engine! {
    async fn a_factor_has_the_name_that_its_owner_gives_it(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        service.add_passkey(&owner.access, &mut passkey()).await;
        let token = service.first_step("ann@example.org").await;
        for (id, name) in ids(&service, &owner.access).await.iter().zip(["My phone", "My laptop"]) {
            is_done(&rename(&service, &owner.access, id, json!(name)).await, name);
        }
        let listed = service.factors(&owner.access).await.body;
        assert_eq!((&listed["factors"][0]["name"], &listed["factors"][1]["name"]), (&json!("My phone"), &json!("My laptop")));
        assert_eq!(service.second_step(&token, &owner.app.code()).await.status, 200, "a name changes nothing else");
        assert_eq!(service.audited("factor_renamed", 2).await.len(), 2);
    }

    async fn only_ones_own_that_are_confirmed_can_be_named(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let other = service.register("bob@example.org").await;
        let waiting = service.start_app(&owner.access).await;
        for (access, id) in [
            (other.access(), owner.app.id.as_str()),
            (&*owner.access, &waiting.id),
            (&*owner.access, "x"),
            (&*owner.access, "00000000-0000-7000-8000-000000000000"),
        ] {
            assert_eq!(rename(&service, access, id, json!("x")).await.refusal(), (404, "not_found"), "{id}");
        }
        assert_eq!(rename(&service, &owner.access, "x", json!(7)).await.faults(), [("name", "wrong_type")]);
        assert_eq!(service.factors(&owner.access).await.body["factors"][0]["name"], "Authenticator app");
    }

    async fn it_is_for_those_who_are_fresh(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let weak = password_alone(&service, &owner).await;
        is_stale(&rename(&service, weak.access(), &owner.app.id, json!("x")).await, Some("aal2"), "without a second factor");
        an_hour_ago(&service);
        for (id, name) in [(owner.app.id.as_str(), json!("x")), ("x", json!("x")), (&owner.app.id, json!(7))] {
            is_stale(&rename(&service, &owner.access, id, name).await, None, id);
        }
        assert_eq!(service.factors(&owner.access).await.body["factors"][0]["name"], "Authenticator app");
    }
}
