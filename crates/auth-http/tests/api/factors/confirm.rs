//! POST /auth/factors/totp/{id}/confirm

use serde_json::json;

use super::{is_no_code, methods};
use crate::{
    oauth::introspect::Client,
    service::{Engine, Service, on_every_engine, texts},
    sessions::{reauthenticate::an_hour_ago, tokens::claims},
};

on_every_engine! {
    async fn the_first_code_makes_it_a_factor_and_the_session_one_with_a_factor(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let other_server = Service::with_factors_on(service.database.clone(), &[]).await;
        let tokens = service.register("ann@example.org").await;
        let others = [service.login("ann@example.org").await, service.login("ann@example.org").await];
        let app = service.start_app(tokens.access()).await;
        let then = an_hour_ago(&service);
        let confirmed = service.confirm_app(tokens.access(), &app, &app.code()).await;
        assert_eq!(confirmed.status, 200, "it need not be fresh: {}", confirmed.body);
        let names: Vec<_> = confirmed.body.as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["access_token", "expires_in", "recovery_codes", "token_type"]);
        assert_eq!((confirmed.text("token_type"), &confirmed.body["expires_in"]), ("bearer", &json!(900)));

        let codes = texts(&confirmed.body["recovery_codes"]);
        let groups = |code: &String| code.split('-').map(str::len).collect::<Vec<_>>();
        assert!(codes.len() == 10 && codes.iter().all(|code| groups(code) == [6, 6, 6, 6]), "{codes:?}");
        assert_eq!(codes.iter().collect::<std::collections::BTreeSet<_>>().len(), 10);

        let said = claims(confirmed.access());
        assert_eq!((&said["amr"], &said["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));
        assert!(said["auth_time"].as_i64().unwrap() > then + 3000 && said["sid"] == claims(tokens.access())["sid"], "{said}");
        assert!(said.get("scope").is_none(), "{said}");
        let told = Client::add(&service).ask(&service, tokens.refresh()).await.body;
        assert_eq!((&told["amr"], &told["acr"], &told["auth_time"]), (&said["amr"], &said["acr"], &said["auth_time"]));

        for server in [&service, &other_server] {
            for other in &others {
                assert_eq!(server.me(other.access()).await.refusal(), (401, "token_invalid"));
                assert_eq!(server.refresh(other.refresh()).await.refusal(), (401, "token_invalid"));
            }
            for access in [tokens.access(), confirmed.access()] {
                assert_eq!(server.me(access).await.status, 200);
            }
        }
        let next = claims(service.refresh(tokens.refresh()).await.access());
        assert_eq!((&next["amr"], &next["acr"], &next["auth_time"]), (&said["amr"], &said["acr"], &said["auth_time"]));
        assert_eq!(methods(&service, "factor_added", 1).await, ["totp"]);
        let ended = service.audited("session_ended", 2).await;
        assert!(ended.len() == 2 && ended.iter().all(|event| event["reason"] == "factor_added"), "{ended:#?}");
    }

    async fn its_code_is_used_by_that(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        let app = service.start_app(tokens.access()).await;
        let code = app.code();
        assert_eq!(service.confirm_app(tokens.access(), &app, &code).await.status, 200);
        let token = service.first_step("ann@example.org").await;
        is_no_code(&service.second_step(&token, &code).await, "at a login");
        let again = json!({ "code": code });
        let refused = service.post_as(tokens.access(), "/auth/reauthenticate", Some(again)).await;
        assert_eq!((refused.refusal(), refused.header("www-authenticate")), ((403, "code_invalid"), None));
        assert_eq!(service.confirm_app(tokens.access(), &app, &app.code_at(1)).await.refusal(), (404, "not_found"));
        assert_eq!(service.second_step(&token, &app.code_at(1)).await.status, 200, "the next one counts");
        for line in [&service.audited("second_factor_refused", 1).await[0], &service.audited("reauthentication_refused", 1).await[0]] {
            assert_eq!(line["reason"], "code_used", "{line}");
        }
    }

    async fn wrong_codes_are_refused_and_not_counted(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        let (app, other) = (service.start_app(tokens.access()).await, service.enrol("bob@example.org").await);
        let wrong = app.wrong_code();
        for code in ["", "0", "12345", "1234567", "٠١٢٣٤٥", "abcdef", " ", &app.code_at(-3), &app.code_at(3), &other.app.code(), &other.codes[0]] {
            let refused = service.confirm_app(tokens.access(), &app, code).await;
            assert_eq!((refused.refusal(), refused.header("www-authenticate")), ((403, "code_invalid"), None), "{code:?}");
        }
        for _ in 0..5 {
            assert_eq!(service.confirm_app(tokens.access(), &app, &wrong).await.refusal(), (403, "code_invalid"));
        }
        assert_eq!(service.login("ann@example.org").await.status, 200, "nothing asks for it before");
        let code = app.code();
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        assert_eq!(service.confirm_app(tokens.access(), &app, &spaced).await.status, 200);
        service.let_codes_count_again();
        service.login_with("ann@example.org", &app).await;
        let refused = service.audited("factor_confirmation_refused", 16).await;
        assert!(refused.iter().all(|event| event["reason"] == "wrong_code" && event["methods"] == "totp"), "{refused:#?}");
    }

    async fn what_is_not_ones_own_is_not_there(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let (ann, bob) = (service.register("ann@example.org").await, service.register("bob@example.org").await);
        let app = service.start_app(ann.access()).await;
        assert_eq!(service.confirm_app(bob.access(), &app, &app.code()).await.refusal(), (404, "not_found"));
        for id in ["x", "00000000-0000-7000-8000-000000000000", "%00", &app.id.to_uppercase()] {
            let path = format!("/auth/factors/totp/{id}/confirm");
            let refused = service.post_as(ann.access(), &path, Some(json!({ "code": app.code() }))).await;
            assert_eq!(refused.refusal(), (404, "not_found"), "{id}");
        }
        let path = format!("/auth/factors/totp/{}/confirm", app.id);
        assert_eq!(service.post(&path, json!({ "code": app.code() })).await.refusal(), (401, "token_missing"));
        assert_eq!(service.post_as(ann.access(), &path, Some(json!({}))).await.faults(), [("code", "missing")]);
        assert_eq!(service.confirm_app(ann.access(), &app, &app.code()).await.status, 200);
    }

    async fn of_many_at_once_on_two_servers_one_confirms_it(engine) {
        let first = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(first.database.clone(), &[]).await;
        let tokens = first.register("ann@example.org").await;
        let app = first.start_app(tokens.access()).await;
        let code = app.code();
        let attempts = (0..8).map(|number| [&first, &second][number % 2].confirm_app(tokens.access(), &app, &code));
        let answers = futures_util::future::join_all(attempts).await;
        let confirmed: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(confirmed.len(), 1, "{answers:#?}");
        assert!(answers.iter().all(|answer| answer.status == 200 || answer.refusal() == (404, "not_found")), "{answers:#?}");
        assert_eq!(first.database.count("recovery_codes"), 10);
        let codes = texts(&confirmed[0].body["recovery_codes"]);
        let token = first.first_step("ann@example.org").await;
        assert_eq!(second.second_step(&token, &codes[9]).await.status, 200, "its codes are the ones that count");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_ended_confirms_nothing() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    let tokens = service.register("ann@example.org").await;
    let app = service.start_app(tokens.access()).await;
    assert_eq!(service.post_as(tokens.access(), "/auth/logout", None).await.status, 204);
    assert_eq!(service.confirm_app(tokens.access(), &app, &app.code()).await.refusal(), (401, "token_invalid"));
    let next = service.login("ann@example.org").await;
    assert_eq!(service.confirm_app(next.access(), &app, &app.code()).await.status, 200, "another session of the account does");
}
