//! `MFA=off`, a server without a key for secrets, and one without a domain for passkeys.

use reqwest::Method;
use serde_json::json;

use super::{ids, is_done, is_no_code, is_stale, remove};
use crate::{
    service::{ENCRYPTION, ORIGIN, PASSWORD, Service, on_every_engine, passkey, texts},
    sessions::{
        reauthenticate::{again, an_hour_ago},
        tokens::claims,
    },
};

const OFF: (&str, &str) = ("MFA", "off");
const APPS: [(Method, &str); 2] =
    [(Method::POST, "/auth/factors/totp"), (Method::POST, "/auth/factors/totp/00000000-0000-7000-8000-000000000000/confirm")];
const FACTORS: [(Method, &str); 5] = [
    (Method::GET, "/auth/factors"),
    (Method::POST, "/auth/factors/recovery-codes"),
    (Method::PATCH, "/auth/factors/00000000-0000-7000-8000-000000000000"),
    (Method::DELETE, "/auth/factors/00000000-0000-7000-8000-000000000000"),
    (Method::POST, "/auth/login/factor"),
];
const PASSKEYS: [(Method, &str); 5] = [
    (Method::POST, "/auth/passkeys/options"),
    (Method::POST, "/auth/passkeys"),
    (Method::POST, "/auth/passkeys/login/options"),
    (Method::POST, "/auth/passkeys/login"),
    (Method::GET, "/.well-known/webauthn"),
];

async fn are_not_there(service: &Service, access: &str, paths: &[(Method, &str)]) {
    for (method, path) in paths {
        let body = (*method != Method::GET).then(|| json!({}));
        let answer = service.send(method.clone(), path, Some(access), body).await;
        assert_eq!(answer.refusal(), (404, "not_found"), "{method} {path}");
        let other = service.send(Method::PUT, path, Some(access), Some(json!({}))).await;
        assert_eq!(other.refusal(), (404, "not_found"), "{path} is no path at all");
    }
}

on_every_engine! {
    async fn off_asks_for_no_factor_and_keeps_what_is_stored(engine) {
        let before = Service::with_factors(engine, &[]).await;
        let owner = before.enrol("ann@example.org").await;
        let mut key = passkey();
        before.add_passkey(&owner.access, &mut key).await;
        let service = Service::with_factors_on(before.database.clone(), &[OFF]).await;
        assert!(service.logged("factor", 1).await >= 1, "it says so at the start");
        let login = service.login("ann@example.org").await;
        let said = claims(login.access());
        assert_eq!((login.status, &said["amr"], &said["acr"]), (200, &json!(["pwd"]), &json!("aal1")));
        are_not_there(&service, login.access(), &APPS).await;
        are_not_there(&service, login.access(), &FACTORS).await;

        // Freshness is a password's alone, and a change of password and leaving need none.
        assert_eq!(service.post_as(login.access(), "/auth/passkeys/options", None).await.status, 200);
        an_hour_ago(&service);
        let stale = service.post_as(login.access(), "/auth/passkeys/options", None).await;
        is_stale(&stale, None, "an hour ago");
        let refused = service.delete_as(login.access(), "/auth/me", Some(json!({ "password": "wrong" }))).await;
        assert_eq!(refused.refusal(), (403, "password_mismatch"));
        assert_eq!(again(&service, login.access(), json!({ "password": PASSWORD })).await.status, 200);
        assert_eq!(service.post_as(login.access(), "/auth/passkeys/options", None).await.status, 200);

        // Passkeys stay.
        let by_passkey = service.login_by(&mut key).await;
        assert_eq!((by_passkey.status, &claims(by_passkey.access())["acr"]), (200, &json!("aal2")));
        let mut another = passkey();
        let added = service.add_passkey(login.access(), &mut another).await;
        assert_eq!(added.body["recovery_codes"], json!([]), "it is not the first");
        assert_eq!(service.login_by(&mut another).await.status, 200);

        let listed = before.factors(added.access()).await.body;
        assert_eq!((listed["factors"].as_array().unwrap().len(), &listed["recovery_codes_left"]), (3, &json!(10)));
        before.login_with("ann@example.org", &owner.app).await;
    }

    async fn off_lets_a_passkey_be_the_first_factor(engine) {
        let service = Service::with_factors(engine, &[OFF]).await;
        let tokens = service.register("ann@example.org").await;
        let added = service.add_passkey(tokens.access(), &mut passkey()).await;
        assert_eq!(texts(&added.body["recovery_codes"]).len(), 10);
        assert_eq!(service.login("ann@example.org").await.status, 200);
        let on = Service::with_factors_on(service.database.clone(), &[]).await;
        assert_eq!(on.login("ann@example.org").await.body["factors"], json!(["passkey", "recovery_code"]));
    }

    async fn without_a_key_for_secrets_there_are_no_apps(engine) {
        let service = Service::with(engine, &[("PUBLIC_URL", ORIGIN)]).await;
        let tokens = service.register("ann@example.org").await;
        for (method, path) in APPS {
            let answer = service.send(method, path, Some(tokens.access()), Some(json!({}))).await;
            assert_eq!(answer.refusal(), (404, "not_found"), "{path}");
        }
        for method in [Method::PATCH, Method::DELETE, Method::GET] {
            // Not taken for the id of a factor.
            let answer = service.send(method, "/auth/factors/totp", Some(tokens.access()), Some(json!({ "name": "x" }))).await;
            assert_eq!(answer.refusal(), (404, "not_found"));
        }
        let mut key = passkey();
        let added = service.add_passkey(tokens.access(), &mut key).await;
        let asked = service.login("ann@example.org").await;
        assert_eq!(asked.body["factors"], json!(["passkey", "recovery_code"]));
        let code = texts(&added.body["recovery_codes"]).remove(0);
        assert_eq!(service.second_step(asked.text("mfa_token"), &code).await.status, 200);
        let id = ids(&service, added.access()).await.remove(0);
        is_done(&remove(&service, added.access(), &id).await, "it is gone");
    }

    async fn without_a_key_no_server_starts_that_would_fall_back_to_a_password(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        service.start_app(tokens.access()).await;
        let start = |overrides: &[(&str, &str)]| crate::service::command(&service.database, overrides, &["check"], "");
        assert_eq!(start(&[("PUBLIC_URL", ORIGIN)]).0, 0, "one that waits stands in nobody's way");
        service.add_app(tokens.access()).await;
        let (code, _, fault) = start(&[("PUBLIC_URL", ORIGIN)]);
        assert!(code != 0 && fault.contains("KEY_ENCRYPTION_KEY"), "{code} {fault}");
        let (code, _, fault) = start(&[("MFA", "required")]);
        assert!(code != 0 && fault.contains("KEY_ENCRYPTION_KEY"), "{code} {fault}");
    }

    async fn without_a_domain_there_are_no_passkeys(engine) {
        for url in ["http://127.0.0.1:8000", "http://[::1]:8000"] {
            let service = Service::with(engine, &[ENCRYPTION, ("PUBLIC_URL", url)]).await;
            let owner = service.enrol("ann@example.org").await;
            are_not_there(&service, &owner.access, &PASSKEYS).await;
            let asked = service.login("ann@example.org").await;
            assert_eq!(asked.body["factors"], json!(["totp", "recovery_code"]));
            // What would have been taken is a wrong one.
            let shown = json!({ "challenge_id": "x", "credential": { "rawId": "AA", "response": { "clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA" } } });
            is_no_code(&service.post("/auth/login/factor", json!({ "mfa_token": asked.text("mfa_token"), "passkey": shown })).await, url);
        }
    }
}
