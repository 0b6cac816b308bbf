//! `POST /oauth/token`.

use reqwest::Method;

use super::{post, refusal};
use crate::service::{Answer, Engine, PASSWORD, Service, on_every_engine};

async fn refresh(service: &Service, token: &str) -> Answer {
    post(service, "/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

on_every_engine! {
    async fn a_refresh_token_gets_the_next_pair_as_rfc_6749_has_it(engine) {
        let service = Service::start(engine).await;
        let first = service.register("ann@example.org").await;
        let second = refresh(&service, first.refresh()).await;
        assert_eq!((second.status, second.text("token_type")), (200, "Bearer"));
        assert_eq!((second.header("cache-control"), second.header("pragma")), (Some("no-store"), Some("no-cache")));
        assert_eq!(second.body["expires_in"], 900);
        assert_eq!(service.me(second.access()).await.status, 200);
        // It is one chain, whichever of the two routes moves it on.
        assert_eq!(service.refresh(second.refresh()).await.status, 200);
        service.audited("token_refreshed", 2).await;
    }

    async fn every_refused_token_is_an_invalid_grant(engine) {
        let service = Service::with(engine, &[("REFRESH_REUSE_SECONDS", "0")]).await;
        let tokens = service.register("ann@example.org").await;
        for token in ["nonsense", tokens.access()] {
            assert_eq!(refusal(&refresh(&service, token).await), (400, "invalid_grant"));
        }
        let next = refresh(&service, tokens.refresh()).await;
        assert_eq!(next.status, 200);
        let reused = refresh(&service, tokens.refresh()).await;
        assert_eq!(refusal(&reused), (400, "invalid_grant"));
        service.audited("token_reused", 1).await;
        assert_eq!(service.me(next.access()).await.refusal(), (401, "token_invalid"), "its session has ended");
        assert_eq!(refusal(&refresh(&service, next.refresh()).await), (400, "invalid_grant"));
    }
}

#[tokio::test]
async fn other_grants_and_forms_are_told_what_is_wrong() {
    let service = Service::start(Engine::Sqlite).await;
    let grant = ("grant_type", "refresh_token");
    for (form, code) in [
        (&[][..], "invalid_request"),
        (&[grant], "invalid_request"),
        (&[grant, ("refresh_token", "")], "invalid_request"),
        (&[grant, grant, ("refresh_token", "x")], "invalid_request"),
        (&[("grant_type", "authorization_code")], "unsupported_grant_type"),
    ] {
        assert_eq!(refusal(&post(&service, "/oauth/token", form).await), (400, code), "{form:?}");
    }
    let password = [("grant_type", "password"), ("username", "ann@example.org"), ("password", PASSWORD)];
    let refused = post(&service, "/oauth/token", &password).await;
    assert_eq!(refusal(&refused), (400, "unsupported_grant_type"));
    assert!(refused.text("error_description").contains("POST /auth/login"));
    let with_a_secret = [grant, ("refresh_token", "x"), ("client_id", "a"), ("client_secret", "b")];
    assert_eq!(refusal(&post(&service, "/oauth/token", &with_a_secret).await), (401, "invalid_client"));
    let basic = service.request(Method::POST, "/oauth/token").basic_auth("a", Some("b")).form(&[grant, ("refresh_token", "x")]);
    assert_eq!(refusal(&Answer::of(basic).await), (401, "invalid_client"));
}

#[tokio::test]
async fn what_the_layers_refuse_is_a_problem_as_everywhere() {
    let service = Service::with(Engine::Sqlite, &[("MAX_REQUEST_BODY_SIZE", "100")]).await;
    for path in ["/oauth/token", "/oauth/revoke"] {
        let json = service.post(path, serde_json::json!({ "grant_type": "refresh_token" })).await;
        assert_eq!(json.refusal(), (415, "unsupported_media_type"));
        assert!(json.text("detail").contains("x-www-form-urlencoded"));
        assert_eq!(service.send(Method::POST, path, None, None).await.refusal(), (415, "unsupported_media_type"));
        assert_eq!(post(&service, path, &[("token", &"x".repeat(200))]).await.refusal(), (413, "payload_too_large"));
    }
    let form = service.request(Method::POST, "/auth/refresh").form(&[("refresh_token", "x")]);
    assert_eq!(Answer::of(form).await.refusal(), (415, "unsupported_media_type"), "a form is for OAuth alone");
}
