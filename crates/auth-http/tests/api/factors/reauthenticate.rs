//! POST /auth/reauthenticate, and what demands a fresh authentication, where the account has a factor.

use reqwest::Method;
use serde_json::{Value, json};

use super::{is_done, is_stale, methods, password_alone, replace_codes};
use crate::{
    oauth::introspect::Client,
    service::{Answer, PASSWORD, Service, on_every_engine, passkey},
    sessions::{
        reauthenticate::{again, an_hour_ago},
        tokens::claims,
    },
};

const NEW: &str = "Another-Horse-8-Staple";

fn is_refused(answer: &Answer, what: &str) {
    assert_eq!((answer.refusal(), answer.header("www-authenticate")), ((403, "code_invalid"), None), "{what}");
}

on_every_engine! {
    async fn a_factor_makes_the_session_fresh_and_leaves_its_refresh_token(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let mut key = passkey();
        service.add_passkey(&owner.access, &mut key).await;
        let own = service.login_with("ann@example.org", &owner.app).await;
        let client = Client::add(&service);
        for (kind, amr) in [
            ("totp", json!(["pwd", "otp", "mfa"])),
            ("recovery_code", json!(["pwd", "otp", "mfa"])),
            ("passkey", json!(["pwd", "otp", "hwk", "user", "mfa"])),
        ] {
            let then = an_hour_ago(&service);
            is_stale(&replace_codes(&service, own.access()).await, None, kind);
            let body = match kind {
                "totp" => json!({ "code": owner.app.code() }),
                "recovery_code" => json!({ "code": owner.codes[0] }),
                _ => json!({ "passkey": service.show(&mut key).await }),
            };
            let answer = again(&service, own.access(), body).await;
            let names: Vec<_> = answer.body.as_object().unwrap().keys().cloned().collect();
            assert_eq!((answer.status, names), (200, ["access_token", "expires_in", "token_type"].map(String::from).to_vec()), "{kind}");
            let said = claims(answer.access());
            assert_eq!((&said["amr"], &said["acr"], &said["sid"]), (&amr, &json!("aal2"), &claims(own.access())["sid"]), "{kind}");
            assert!(said["auth_time"].as_i64().unwrap() > then + 3000, "{said}");
            let told = client.ask(&service, own.access()).await.body;
            assert_eq!((&told["amr"], &told["auth_time"]), (&amr, &said["auth_time"]), "an older token of the session");
            for access in [own.access(), answer.access()] {
                assert_eq!(service.post_as(access, "/auth/passkeys/options", None).await.status, 200, "{kind}");
            }
        }
        let refreshed = service.refresh(own.refresh()).await;
        assert_eq!((refreshed.status, &claims(refreshed.refresh())["gen"]), (200, &json!(2)), "it is the same generation still");
        assert_eq!(methods(&service, "reauthenticated", 3).await, ["totp", "recovery_code", "passkey"]);
        assert_eq!(service.audited("recovery_code_used", 1).await.len(), 1);
        assert_eq!(service.factors(own.access()).await.body["recovery_codes_left"], 9);
    }

    async fn a_password_alone_changes_nothing_and_is_not_looked_at(engine) {
        let service = Service::with_factors(engine, &[("LOGIN_FAILURES", "2")]).await;
        let owner = service.enrol("ann@example.org").await;
        let then = an_hour_ago(&service);
        for password in [PASSWORD, "wrong", "wrong", "wrong", PASSWORD] {
            is_stale(&again(&service, &owner.access, json!({ "password": password })).await, Some("aal2"), password);
        }
        assert_eq!(claims(service.refresh(&owner.refresh).await.access())["auth_time"], json!(then));
        assert_eq!(service.login("ann@example.org").await.refusal(), (403, "second_factor_required"), "nothing was counted");
        let lines = service.audited("reauthentication_refused", 5).await;
        assert!(lines.iter().all(|line| line["reason"] == "second_factor_missing"), "{lines:#?}");
    }

    async fn a_session_without_a_factor_gets_one_by_showing_it(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let weak = password_alone(&service, &owner).await;
        assert_eq!(claims(weak.access())["acr"], "aal1");
        is_stale(&again(&service, weak.access(), json!({ "password": PASSWORD })).await, Some("aal2"), "a password");
        let strong = again(&service, weak.access(), json!({ "code": owner.app.code() })).await;
        let said = claims(strong.access());
        assert_eq!((&said["amr"], &said["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));
        assert_eq!(replace_codes(&service, weak.access()).await.status, 200);
    }

    async fn what_is_wrong_is_refused_and_leaves_the_session_as_it_was(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let (owner, other) = (service.enrol("ann@example.org").await, service.enrol("bob@example.org").await);
        let (mut key, mut foreign) = (passkey(), passkey());
        service.add_passkey(&owner.access, &mut key).await;
        service.add_passkey(&other.access, &mut foreign).await;
        let then = an_hour_ago(&service);
        for code in ["", "x", &owner.app.wrong_code(), &other.codes[0], &owner.app.code_at(-4)] {
            is_refused(&again(&service, &owner.access, json!({ "code": code })).await, code);
        }
        let shown = service.show(&mut foreign).await;
        is_refused(&again(&service, &owner.access, json!({ "passkey": shown })).await, "another's passkey");
        let shown = service.show(&mut key).await;
        assert_eq!(service.post("/auth/passkeys/login", shown.clone()).await.status, 200);
        is_refused(&again(&service, &owner.access, json!({ "passkey": shown })).await, "a challenge that is used");
        let token = service.first_step("ann@example.org").await;
        let code = owner.app.code();
        assert_eq!(service.second_step(&token, &code).await.status, 200);
        is_refused(&again(&service, &owner.access, json!({ "code": code })).await, "a code that is used");
        assert_eq!(claims(service.refresh(&owner.refresh).await.access())["auth_time"], json!(then));
        // Who has no factor has none to show.
        let none = service.register("eve@example.org").await;
        is_refused(&again(&service, none.access(), json!({ "code": "123456" })).await, "no factor");
        let lines = service.audited("reauthentication_refused", 9).await;
        let reasons: Vec<_> = lines.iter().map(|line| line["reason"].as_str().unwrap()).collect();
        let expected = [&["wrong_code"; 5][..], &["wrong_passkey"; 2], &["code_used", "wrong_code"]].concat();
        assert_eq!(reasons, expected);
    }

    async fn one_code_makes_one_session_fresh_on_one_server(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(service.database.clone(), &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let own = service.login_with("ann@example.org", &owner.app).await;
        for code in [&owner.app.code(), &owner.codes[0]] {
            let sessions = [&*owner.access, own.access()];
            let attempts = (0..6).map(|number| again([&service, &second][number % 2], sessions[number / 3], json!({ "code": code })));
            let answers = futures_util::future::join_all(attempts).await;
            let done = answers.iter().filter(|answer| answer.status == 200).count();
            assert_eq!(done, 1, "{answers:#?}");
            answers.iter().filter(|answer| answer.status != 200).for_each(|answer| is_refused(answer, "used"));
            service.database.execute("UPDATE users SET wrong_codes = 0, wrong_code_at = NULL");
        }
    }

    async fn a_change_of_password_and_leaving_demand_it_of_those_with_a_factor_before_anything_else(engine) {
        let service = Service::with_factors(engine, &[("LOGIN_FAILURES", "2")]).await;
        let owner = service.enrol("ann@example.org").await;
        let none = service.register("bob@example.org").await;
        let weak = password_alone(&service, &owner).await;
        let change = |current: &str| json!({ "current_password": current, "new_password": NEW });
        let requests = || {
            [
                (Method::POST, "/auth/password", Some(change("wrong"))),
                (Method::POST, "/auth/password", Some(change("wrong"))),
                (Method::POST, "/auth/password", Some(change(PASSWORD))),
                (Method::POST, "/auth/password", Some(json!([]))),
                (Method::DELETE, "/auth/me", Some(json!({ "password": "wrong" }))),
                (Method::DELETE, "/auth/me", Some(json!({ "password": PASSWORD }))),
                (Method::DELETE, "/auth/me", Some(json!({ "password": 7 }))),
            ]
        };
        for (method, path, body) in requests() {
            let answer = service.send(method, path, Some(weak.access()), body.clone()).await;
            is_stale(&answer, Some("aal2"), &format!("{path} {body:?}"));
        }
        // The media type is told first, as everywhere.
        for (method, path) in [(Method::POST, "/auth/password"), (Method::DELETE, "/auth/me")] {
            let answer = service.send(method, path, Some(weak.access()), None).await;
            assert_eq!(answer.refusal(), (415, "unsupported_media_type"), "{path}");
        }
        an_hour_ago(&service);
        for (method, path, body) in requests() {
            let answer = service.send(method, path, Some(&owner.access), body.clone()).await;
            is_stale(&answer, None, &format!("{path} {body:?}"));
        }
        assert_eq!(service.login("ann@example.org").await.refusal(), (403, "second_factor_required"), "no password was judged");
        // Who has no factor is asked for the password alone, however old the session is.
        assert_eq!(service.post_as(none.access(), "/auth/password", Some(change(PASSWORD))).await.status, 204);
        an_hour_ago(&service);
        is_done(&service.delete_as(none.access(), "/auth/me", Some(json!({ "password": NEW }))).await, "no factor");

        assert_eq!(again(&service, &owner.access, json!({ "code": owner.app.code() })).await.status, 200);
        let refused = service.post_as(&owner.access, "/auth/password", Some(change("wrong"))).await;
        assert_eq!(refused.refusal(), (403, "password_mismatch"));
        assert_eq!(service.post_as(&owner.access, "/auth/password", Some(change(PASSWORD))).await.status, 204);
        is_done(&service.delete_as(&owner.access, "/auth/me", Some(json!({ "password": NEW }))).await, "fresh");
    }

    async fn a_change_of_password_keeps_the_factor_of_the_session(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let body: Value = json!({ "current_password": PASSWORD, "new_password": NEW });
        assert_eq!(service.post_as(&owner.access, "/auth/password", Some(body)).await.status, 204);
        let next = claims(service.refresh(&owner.refresh).await.access());
        assert_eq!((&next["amr"], &next["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));
        assert_eq!(replace_codes(&service, &owner.access).await.status, 200, "fresh, with a factor");
    }
}
