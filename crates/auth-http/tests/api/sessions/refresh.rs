//! POST /auth/refresh

use serde_json::json;

use crate::service::{Engine, Service, on_every_engine};

on_every_engine! {
    async fn it_rotates(engine) {
        let service = Service::start(engine).await;
        let first = service.register("ann@example.org").await;
        let second = service.refresh(first.refresh()).await;
        assert_eq!((second.status, &second.body["refresh_expires_in"]), (200, &json!(604_800)));
        assert_ne!(second.refresh(), first.refresh());
        assert_eq!(service.me(second.access()).await.status, 200);
        let third = service.refresh(second.refresh()).await;
        assert_eq!(third.status, 200);
        assert_eq!(crate::sessions::tokens::claims(third.refresh())["gen"], json!(3));
    }

    async fn a_lost_answer_is_given_again(engine) {
        let service = Service::start(engine).await;
        let first = service.register("ann@example.org").await;
        let answers = [service.refresh(first.refresh()).await, service.refresh(first.refresh()).await];
        let claims = answers.each_ref().map(|answer| crate::sessions::tokens::claims(answer.refresh()));
        for member in ["gen", "exp", "sid"] {
            assert_eq!(claims[0][member], claims[1][member], "{member}");
        }
        // Either of them goes on.
        assert_eq!(service.refresh(answers[1].refresh()).await.status, 200);
        assert_eq!(service.refresh(answers[0].refresh()).await.status, 200);
    }

    async fn an_older_token_ends_the_session(engine) {
        let service = Service::start(engine).await;
        let first = service.register("ann@example.org").await;
        let second = service.refresh(first.refresh()).await;
        let third = service.refresh(second.refresh()).await;
        let refused = service.refresh(first.refresh()).await;
        assert_eq!((refused.refusal(), refused.text("detail")), ((401, "token_reused"), "Invalid token"));
        for tokens in [&second, &third] {
            assert_eq!(service.refresh(tokens.refresh()).await.refusal(), (401, "token_invalid"));
            assert_eq!(service.me(tokens.access()).await.refusal(), (401, "token_invalid"));
        }
        assert_eq!(service.audited("token_reused", 1).await.len(), 1);
        assert_eq!(service.login("ann@example.org").await.status, 200);
    }

    async fn without_a_window_a_repeat_is_reuse(engine) {
        let service = Service::with(engine, &[("REFRESH_REUSE_SECONDS", "0")]).await;
        let first = service.register("ann@example.org").await;
        assert_eq!(service.refresh(first.refresh()).await.status, 200);
        assert_eq!(service.refresh(first.refresh()).await.refusal(), (401, "token_reused"));
    }

    async fn a_token_from_a_restored_backup_leaves_the_session_alone(engine) {
        let service = Service::start(engine).await;
        let first = service.register("ann@example.org").await;
        let second = service.refresh(first.refresh()).await;
        service.database.execute("UPDATE sessions SET generation = 1");
        assert_eq!(service.refresh(second.refresh()).await.refusal(), (401, "token_invalid"));
        assert_eq!(service.refresh(first.refresh()).await.status, 200);
    }

    async fn a_session_has_an_end_however_often_it_is_refreshed(engine) {
        let service = Service::with(engine, &[("SESSION_MAX_DAYS", "1")]).await;
        let first = service.register("ann@example.org").await;
        assert_eq!(first.body["refresh_expires_in"], json!(86_400));
        service.database.execute("UPDATE sessions SET expires_at = created_at");
        assert_eq!(service.refresh(first.refresh()).await.refusal(), (401, "token_invalid"));
        assert_eq!(service.me(first.access()).await.refusal(), (401, "token_invalid"));
    }
}

#[tokio::test]
async fn an_access_token_is_none() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    assert_eq!(service.refresh(tokens.access()).await.refusal(), (401, "token_invalid"));
    assert_eq!(service.me(tokens.refresh()).await.refusal(), (401, "token_invalid"));
    for nonsense in ["", "x", "a.b.c", &"x".repeat(9000)] {
        assert_eq!(service.refresh(nonsense).await.refusal(), (401, "token_invalid"));
    }
    assert_eq!(service.post("/auth/refresh", json!({ "refresh_token": 7 })).await.faults(), [("refresh_token", "wrong_type")]);
}
