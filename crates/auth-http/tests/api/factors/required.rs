//! `MFA=required`: a session without a second factor may only enrol one.

use std::collections::BTreeSet;

use auth_http::routes;
use reqwest::Method;
use serde_json::{Value, json};

use super::{is_stale, password_alone};
use crate::{
    oauth::introspect::Client,
    service::{Answer, Engine, PASSWORD, Service, on_every_engine, passkey},
    sessions::{
        reauthenticate::{again, an_hour_ago},
        tokens::claims,
    },
};

const REQUIRED: (&str, &str) = ("MFA", "required");

/// What becomes of a request with a token that is good for enrolment alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Allowed,
    Refused,
    /// It takes no bearer token, and looks at none.
    NoToken,
}

/// Every operation there is under `/auth` and `/oauth`.
const FATES: [(&str, &str, Fate); 35] = [
    ("POST", "/auth/register", Fate::NoToken),
    ("POST", "/auth/login", Fate::NoToken),
    ("POST", "/auth/login/factor", Fate::NoToken),
    ("POST", "/auth/refresh", Fate::NoToken),
    ("POST", "/auth/reauthenticate", Fate::Allowed),
    ("GET", "/auth/me", Fate::Allowed),
    ("PATCH", "/auth/me", Fate::Refused),
    ("DELETE", "/auth/me", Fate::Refused),
    ("GET", "/auth/me/export", Fate::Refused),
    ("POST", "/auth/password", Fate::Refused),
    ("POST", "/auth/logout", Fate::Allowed),
    ("GET", "/auth/sessions", Fate::Refused),
    ("DELETE", "/auth/sessions/{id}", Fate::Refused),
    ("GET", "/auth/factors", Fate::Allowed),
    ("POST", "/auth/factors/totp", Fate::Allowed),
    ("POST", "/auth/factors/totp/{id}/confirm", Fate::Allowed),
    ("POST", "/auth/factors/recovery-codes", Fate::Refused),
    ("PATCH", "/auth/factors/{id}", Fate::Refused),
    ("DELETE", "/auth/factors/{id}", Fate::Refused),
    ("POST", "/auth/passkeys/options", Fate::Allowed),
    ("POST", "/auth/passkeys", Fate::Allowed),
    ("POST", "/auth/passkeys/login/options", Fate::NoToken),
    ("POST", "/auth/passkeys/login", Fate::NoToken),
    ("POST", "/auth/email/verification", Fate::NoToken),
    ("POST", "/auth/email/verify", Fate::Refused),
    ("POST", "/auth/password/forgot", Fate::NoToken),
    ("POST", "/auth/password/reset", Fate::NoToken),
    ("POST", "/auth/email", Fate::Refused),
    ("POST", "/auth/email/confirm", Fate::Refused),
    ("POST", "/auth/undo", Fate::NoToken),
    // Forms, which are nobody's session.
    ("POST", "/oauth/token", Fate::NoToken),
    ("POST", "/oauth/revoke", Fate::NoToken),
    ("POST", "/oauth/introspect", Fate::NoToken),
    ("GET", "/oauth/revocations", Fate::NoToken),
    ("GET", "/.well-known/webauthn", Fate::NoToken),
];

/// What is no business of a session at all, or not of this table: that of `admin::callers` has every operation under `/admin`.
fn is_public(path: &str) -> bool {
    ["/admin", "/console", "/health", "/docs", "/openapi.json", "/pages", "/.well-known"]
        .iter()
        .any(|start| path.starts_with(start))
}

#[test]
fn every_endpoint_has_a_fate() {
    let routed = routes::endpoints().into_iter().flat_map(|endpoint| {
        let operations = endpoint.operations.into_iter();
        operations.map(move |operation| (operation.method.to_string(), endpoint.path.to_owned())).collect::<Vec<_>>()
    });
    let judged: BTreeSet<_> = FATES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    let left: Vec<_> = routed.filter(|operation| !judged.contains(operation) && !is_public(&operation.1)).collect();
    assert!(left.is_empty(), "{left:?}");
}

on_every_engine! {
    async fn a_session_without_a_factor_may_only_enrol_one(engine) {
        let service = Service::with_factors_and_mail(engine, &[REQUIRED]).await;
        let tokens = service.register("ann@example.org").await;
        assert_eq!((&claims(tokens.access())["scope"], &claims(tokens.access())["acr"]), (&json!("enrol"), &json!("aal1")));
        let client = Client::add(&service);
        for token in [tokens.access(), tokens.refresh()] {
            assert_eq!(client.ask(&service, token).await.body, json!({ "active": false }));
        }
        // The one that ends the session comes last.
        let (last, others): (Vec<_>, Vec<_>) = FATES.iter().partition(|(_, path, _)| *path == "/auth/logout");
        for (method, path, fate) in others.into_iter().chain(last) {
            let answer = ask(&service, method, path, tokens.access()).await;
            let what = format!("{method} {path}: {} {}", answer.status, answer.body);
            match fate {
                Fate::Refused => assert_eq!(answer.refusal(), (403, "factor_required"), "{what}"),
                Fate::Allowed | Fate::NoToken => assert!(answer.body["code"] != "factor_required", "{what}"),
            }
            if fate == Fate::Allowed {
                assert!(![401, 403].contains(&answer.status) || answer.problem() == "password_mismatch", "{what}");
            }
        }
        assert_eq!(service.me(tokens.access()).await.refusal(), (401, "token_invalid"), "it has logged out");
    }

    async fn it_becomes_a_full_session_by_enrolling(engine) {
        let service = Service::with_factors(engine, &[REQUIRED]).await;
        let client = Client::add(&service);
        for (email, is_app) in [("ann@example.org", true), ("bob@example.org", false)] {
            let tokens = service.register(email).await;
            let refreshed = service.refresh(tokens.refresh()).await;
            assert_eq!(claims(refreshed.access())["scope"], "enrol", "a refresh makes it no more");
            let full = if is_app {
                let app = service.start_app(refreshed.access()).await;
                service.confirm_app(refreshed.access(), &app, &app.code()).await
            } else {
                service.add_passkey(refreshed.access(), &mut passkey()).await
            };
            assert_eq!(full.body["recovery_codes"].as_array().unwrap().len(), 10);
            let said = claims(full.access());
            assert!(said.get("scope").is_none() && said["acr"] == "aal2", "{said}");
            assert_eq!(service.get_as(full.access(), "/auth/sessions").await.status, 200);
            // The session is judged here, and the token elsewhere.
            assert_eq!(service.get_as(refreshed.access(), "/auth/sessions").await.status, 200);
            assert_eq!(client.ask(&service, refreshed.access()).await.body, json!({ "active": false }), "it says enrol");
            for token in [full.access(), refreshed.refresh()] {
                assert_eq!(client.ask(&service, token).await.body["active"], true);
            }
            assert!(claims(service.refresh(refreshed.refresh()).await.access()).get("scope").is_none());
        }
    }

    async fn it_has_to_be_fresh_to_enrol_and_a_password_makes_it_so(engine) {
        let service = Service::with_factors(engine, &[REQUIRED]).await;
        let tokens = service.register("ann@example.org").await;
        an_hour_ago(&service);
        for path in ["/auth/factors/totp", "/auth/passkeys/options"] {
            is_stale(&service.post_as(tokens.access(), path, Some(json!({}))).await, None, path);
        }
        let fresh = again(&service, tokens.access(), json!({ "password": PASSWORD })).await;
        assert_eq!((fresh.status, &claims(fresh.access())["scope"]), (200, &json!("enrol")));
        service.add_app(fresh.access()).await;
    }

    async fn a_session_of_before_that_has_none_of_the_accounts_factors_shows_one(engine) {
        let service = Service::with_factors(engine, &[REQUIRED]).await;
        let owner = service.enrol("ann@example.org").await;
        let weak = password_alone(&service, &owner).await;
        assert_eq!(service.get_as(weak.access(), "/auth/sessions").await.refusal(), (403, "factor_required"));
        is_stale(&service.post_as(weak.access(), "/auth/factors/totp", Some(json!({}))).await, Some("aal2"), "to enrol another");
        let client = Client::add(&service);
        assert_eq!(client.ask(&service, weak.access()).await.body, json!({ "active": false }), "though its token does not say so");
        let strong = again(&service, weak.access(), json!({ "code": owner.app.code() })).await;
        assert_eq!(strong.status, 200);
        assert_eq!(service.get_as(weak.access(), "/auth/sessions").await.status, 200);
        assert_eq!(client.ask(&service, strong.access()).await.body["active"], true);
    }

    async fn whoever_has_lost_every_factor_starts_again(engine) {
        let service = Service::with_factors(engine, &[REQUIRED]).await;
        let owner = service.enrol("ann@example.org").await;
        let reset = crate::service::command(&service.database, &[&crate::service::WITH_FACTORS[..], &[REQUIRED]].concat(), &["users", "reset-factors", "ann@example.org"], "");
        assert_eq!(reset.0, 0, "{reset:?}");
        assert_eq!(service.me(&owner.access).await.refusal(), (401, "token_invalid"));
        let login = service.login("ann@example.org").await;
        assert_eq!((login.status, &claims(login.access())["scope"]), (200, &json!("enrol")));
        let (_, codes, access) = service.add_app(login.access()).await;
        assert_eq!((codes.len(), service.get_as(&access, "/auth/sessions").await.status), (10, 200));
    }
}

/// A request that says as little as it can, of the kind that the endpoint takes.
async fn ask(service: &Service, method: &str, path: &str, access: &str) -> Answer {
    let id = "00000000-0000-7000-8000-000000000000";
    let path = path.replace("{id}", id);
    let method: Method = method.parse().unwrap();
    if path.starts_with("/oauth") && method == Method::POST {
        return Answer::of(service.request(method, &path).bearer_auth(access).form(&[("x", "y")])).await;
    }
    let takes_a_body =
        !["/auth/logout", "/auth/passkeys/options", "/auth/passkeys/login/options", "/auth/factors/recovery-codes"]
            .contains(&path.as_str());
    let body: Option<Value> = (method != Method::GET && takes_a_body).then(|| json!({}));
    service.send(method, &path, Some(access), body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_is_no_permission_that_could_be_left_out() {
    let service = Service::with_factors(Engine::Sqlite, &[REQUIRED]).await;
    let tokens = service.register("ann@example.org").await;
    let mut said = claims(tokens.access());
    for scope in [Value::Null, json!(""), json!("full"), json!(["enrol"]), json!(7), json!("enrol enrol")] {
        said["scope"] = scope.clone();
        let signed = crate::sessions::tokens::sign(&said, crate::service::ACCESS_SECRET);
        assert_eq!(service.me(&signed).await.refusal(), (401, "token_invalid"), "{scope}");
    }
    said.as_object_mut().unwrap().remove("scope");
    let without = crate::sessions::tokens::sign(&said, crate::service::ACCESS_SECRET);
    assert_eq!(service.get_as(&without, "/auth/sessions").await.refusal(), (403, "factor_required"), "the session says it");
}
