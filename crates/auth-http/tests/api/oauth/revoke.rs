//! `POST /oauth/revoke`.

use super::{post, refusal};
use crate::service::{Service, on_every_engine};

on_every_engine! {
    async fn a_token_of_either_kind_ends_its_session_and_no_other(engine) {
        let service = Service::start(engine).await;
        let kept = service.register("ann@example.org").await;
        for hint in ["refresh_token", "access_token", "nonsense"] {
            let tokens = service.login("ann@example.org").await;
            for token in [tokens.refresh(), tokens.access()] {
                let answer = post(&service, "/oauth/revoke", &[("token", token), ("token_type_hint", hint)]).await;
                assert_eq!((answer.status, answer.body.is_null()), (200, true));
                assert_eq!(service.me(tokens.access()).await.refusal(), (401, "token_invalid"));
                assert_eq!(service.refresh(tokens.refresh()).await.refusal(), (401, "token_invalid"));
            }
        }
        let tokens = service.login("ann@example.org").await;
        assert_eq!(post(&service, "/oauth/revoke", &[("token", tokens.access())]).await.status, 200);
        assert_eq!(service.me(tokens.access()).await.refusal(), (401, "token_invalid"));
        assert_eq!(service.me(kept.access()).await.status, 200);
        let lines = service.audited("session_ended", 4).await;
        assert!(lines.len() == 4 && lines.iter().all(|line| line["reason"] == "token_revoked"), "{lines:#?}");
    }

    async fn what_is_no_token_is_no_error(engine) {
        let service = Service::start(engine).await;
        for token in ["nonsense", "a.b.c", "\u{e4}"] {
            let answer = post(&service, "/oauth/revoke", &[("token", token)]).await;
            assert_eq!((answer.status, answer.body.is_null()), (200, true), "{token}");
        }
        assert_eq!(refusal(&post(&service, "/oauth/revoke", &[("token_type_hint", "access_token")]).await), (400, "invalid_request"));
        let with_a_secret = [("token", "x"), ("client_id", "a"), ("client_secret", "b")];
        assert_eq!(refusal(&post(&service, "/oauth/revoke", &with_a_secret).await), (401, "invalid_client"));
    }
}
