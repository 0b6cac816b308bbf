//! Mails that cannot be sent: no request fails of it, and none waits.

use serde_json::json;

use super::{ask_to_change, ask_to_verify, forget, mailbox};
use crate::service::{Engine, PASSWORD, Service, on_every_engine};

on_every_engine! {
    async fn a_mail_server_that_is_away_fails_no_request(engine) {
        let service = Service::with_mail(engine, &[("MAIL_URL", "smtp://127.0.0.1:1?tls=off")]).await;
        everything_is_answered(&service).await;
        service.logged("the mail server takes no mail; mails wait", 1).await;
        let settled = "SELECT COUNT(*) AS count FROM mail_outbox WHERE state IN ('sent', 'dead')";
        assert_eq!(service.database.number(settled), 0, "what was tried waits for its next attempt");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_takes_no_file_fails_no_request() {
    // Not even the superuser makes a folder there.
    let service = Service::with_mail(Engine::Sqlite, &[("MAIL_URL", "file:/proc/mails")]).await;
    everything_is_answered(&service).await;
    service.logged("the mail server takes no mail; mails wait", 1).await;
}

async fn everything_is_answered(service: &Service) {
    let tokens = service.register("ann@example.org").await;
    forget(service, "ann@example.org").await;
    ask_to_verify(service, "ann@example.org").await;
    ask_to_change(service, tokens.access(), "ann@new.example.org").await;
    assert_eq!(mailbox(service, tokens.access()).await.2, "ann@new.example.org");
    let body = json!({ "current_password": PASSWORD, "new_password": super::NEW });
    assert_eq!(service.post_as(tokens.access(), "/auth/password", Some(body)).await.status, 204);
    assert_eq!(service.get("/health/ready").await.status, 200);
    let body = json!({ "password": super::NEW });
    assert_eq!(service.delete_as(tokens.access(), "/auth/me", Some(body)).await.status, 204);
}
