//! POST /auth/password/forgot

use serde_json::json;

use super::{NEW, forget, is_done, is_no_proof, operate, reset};
use crate::service::{PASSWORD, Service, on_every_engine};

on_every_engine! {
    async fn whoever_forgot_a_password_gets_a_mail(engine) {
        let service = Service::with_mail(engine, &[]).await;
        tokio::join!(
            an_account_gets_a_link_and_a_code(&service),
            a_disabled_account_gets_none(&service),
            a_change_of_password_voids_it(&service),
            nobody_gets_none(&service),
        );
        let told = service.audited("reset_requested", 4).await;
        assert!(told.iter().any(|event| event["email"] == "nobody@example.org"), "{told:#?}");
    }
}

async fn an_account_gets_a_link_and_a_code(service: &Service) {
    service.register_with_mail("ann@example.org").await;
    forget(service, "ANN@example.org ").await;
    let first = service.mail_to("ann@example.org", 2).await;
    assert_eq!(first.subject, "Choose a new password for auth.example.org");
    assert_eq!(first.link().unwrap().0, "https://auth.example.org/pages/reset");
    assert!(first.source.contains("Auto-Submitted: auto-generated"));
    service.forget_mails_to("ann@example.org");
    forget(service, "ann@example.org").await;
    let second = service.mail_to("ann@example.org", 3).await;
    is_no_proof(&reset(service, first.token(), NEW).await, "the older one");
    assert_eq!(service.login("ann@example.org").await.status, 200, "asking has changed nothing");
    is_done(&reset(service, second.token(), NEW).await, "the newer one");
}

async fn a_disabled_account_gets_none(service: &Service) {
    service.register_with_mail("eve@example.org").await;
    tokio::task::block_in_place(|| operate(service, &["users", "disable", "eve@example.org"]));
    forget(service, "eve@example.org").await;
    assert_eq!(service.mails_to("eve@example.org").await.len(), 1, "the one of its registration");
}

async fn a_change_of_password_voids_it(service: &Service) {
    let tokens = service.register_verified("bob@example.org").await;
    forget(service, "bob@example.org").await;
    let letter = service.mail_to("bob@example.org", 2).await;
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    assert_eq!(service.post_as(tokens.access(), "/auth/password", Some(body)).await.status, 204);
    is_no_proof(&reset(service, letter.token(), "Third-Horse-9-Staples").await, "of the former password");
}

async fn nobody_gets_none(service: &Service) {
    forget(service, "nobody@example.org").await;
    assert!(service.mails_to("nobody@example.org").await.is_empty());
}
