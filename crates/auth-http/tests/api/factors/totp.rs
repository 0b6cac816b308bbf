//! POST /auth/factors/totp

use serde_json::json;

use super::{ids, is_done, is_stale, methods, password_alone, remove, rename};
use crate::{
    service::{App, Engine, Service, on_every_engine},
    sessions::reauthenticate::an_hour_ago,
};

const PATH: &str = "/auth/factors/totp";

on_every_engine! {
    async fn it_shows_a_secret_once_in_three_ways(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        let started = service.post_as(tokens.access(), PATH, Some(json!({ "name": "Ann's phone" }))).await;
        assert_eq!((started.status, started.header("cache-control")), (201, Some("no-store")));
        let names: Vec<_> = started.body.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["id", "qr", "secret", "uri"]);
        let secret = started.text("secret");
        assert!(secret.len() == 32 && secret.bytes().all(|byte| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".contains(&byte)), "{secret}");
        let uri = url::Url::parse(started.text("uri")).unwrap();
        assert_eq!((uri.scheme(), uri.host_str()), ("otpauth", Some("totp")));
        let label = uri.path().replace("%40", "@").replace("%3A", ":");
        assert!(label.starts_with("/auth.example.org:") && label.ends_with("ann@example.org"), "{label}");
        let parameters: Vec<_> = uri.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        assert!(parameters.contains(&("secret".to_owned(), secret.to_owned())), "{parameters:?}");
        assert!(parameters.contains(&("issuer".to_owned(), "auth.example.org".to_owned())), "{parameters:?}");
        assert!(started.text("qr").starts_with("<svg ") && started.text("qr").ends_with("</svg>"));

        let app = App::of(&started);
        assert_eq!(service.confirm_app(tokens.access(), &app, &app.code()).await.status, 200);
        assert_eq!(service.factors(tokens.access()).await.body["factors"][0]["name"], "Ann's phone");
        assert_eq!(methods(&service, "factor_enrolment_started", 1).await, ["totp"]);
    }

    async fn a_second_one_takes_the_place_of_the_one_that_waits(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        let (first, second) = (service.start_app(tokens.access()).await, service.start_app(tokens.access()).await);
        assert_ne!(first.id, second.id);
        assert_eq!(service.database.count("totp_factors"), 1);
        assert_eq!(service.confirm_app(tokens.access(), &first, &first.code()).await.refusal(), (404, "not_found"));
        assert_eq!(service.confirm_app(tokens.access(), &second, &first.code()).await.refusal(), (403, "code_invalid"));
        assert_eq!(service.confirm_app(tokens.access(), &second, &second.code()).await.status, 200);
        assert_eq!(service.login("ann@example.org").await.refusal(), (403, "second_factor_required"));
    }

    async fn an_account_has_five_at_most(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let mut access = owner.access;
        for _ in 1..5 {
            let (_, codes, next) = service.add_app(&access).await;
            assert!(codes.is_empty(), "they come with the first one alone");
            access = next;
        }
        assert_eq!(service.post_as(&access, PATH, Some(json!({}))).await.refusal(), (409, "factor_limit"));
        let last = ids(&service, &access).await.pop().unwrap();
        is_done(&remove(&service, &access, &last).await, "one less");
        let waiting = service.start_app(&access).await;
        assert_eq!(ids(&service, &access).await.len(), 4);
        assert_eq!(service.confirm_app(&access, &waiting, &waiting.code()).await.status, 200);
        service.register("bob@example.org").await;
        assert_eq!(service.database.count("totp_factors"), 5);
    }

    async fn it_is_for_those_who_are_fresh(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let old = service.register("bob@example.org").await;
        an_hour_ago(&service);
        for body in [json!({}), json!({ "name": 7 }), json!([])] {
            for access in [&*owner.access, old.access()] {
                is_stale(&service.post_as(access, PATH, Some(body.clone())).await, None, &body.to_string());
            }
        }
        // Nothing of the request is looked at, not even whether it has a body of a kind.
        is_stale(&service.post_as(old.access(), PATH, None).await, None, "without a body");
        let weak = password_alone(&service, &owner).await;
        is_stale(&service.post_as(weak.access(), PATH, Some(json!({}))).await, Some("aal2"), "without a second factor");
        assert_eq!(service.database.count("totp_factors"), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_has_up_to_64_characters_and_no_controls() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    let owner = service.enrol("ann@example.org").await;
    let id = ids(&service, &owner.access).await.remove(0);
    let (longest, longer) = ("é".repeat(64), "é".repeat(65));
    for (name, fault) in [
        (json!(""), "too_short"),
        (json!(" \t "), "too_short"),
        (json!(longer), "too_long"),
        (json!("a\u{0}b"), "control_character"),
        (json!("a\nb"), "control_character"),
        (json!("a\u{7f}"), "control_character"),
        (json!("a\u{85}b"), "control_character"),
        (json!(7), "wrong_type"),
        (json!(["a"]), "wrong_type"),
        (json!({ "a": 1 }), "wrong_type"),
    ] {
        let started = service.post_as(&owner.access, PATH, Some(json!({ "name": name }))).await;
        let renamed = rename(&service, &owner.access, &id, name.clone()).await;
        for answer in [started, renamed] {
            assert_eq!(answer.faults(), [("name", fault)], "{name}");
        }
    }
    for (name, kept) in [(longest.as_str(), longest.as_str()), (" x ", "x"), ("<b>李\u{1f980}", "<b>李\u{1f980}")] {
        assert_eq!(service.post_as(&owner.access, PATH, Some(json!({ "name": name }))).await.status, 201, "{name}");
        is_done(&rename(&service, &owner.access, &id, json!(name)).await, name);
        assert_eq!(service.factors(&owner.access).await.body["factors"][0]["name"], kept);
    }
    for body in [json!({ "name": null }), json!({ "other": {} })] {
        assert_eq!(service.post_as(&owner.access, PATH, Some(body)).await.status, 201, "it is not needed");
    }
    assert_eq!(rename(&service, &owner.access, &id, json!(null)).await.faults(), [("name", "wrong_type")]);
}
