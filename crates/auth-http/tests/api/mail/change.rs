//! POST /auth/email

use reqwest::Method;
use serde_json::{Value, json};

use super::{NEW, ask_to_change, confirm, is_no_proof, mailbox};
use crate::service::{PASSWORD, Service, on_every_engine};

on_every_engine! {
    async fn whoever_is_fresh_asks_for_another_address(engine) {
        let service = Service::with_mail(engine, &[]).await;
        tokio::join!(
            a_proof_goes_there_and_a_notice_to_the_present_one(&service),
            a_taken_address_is_answered_alike_and_gets_no_proof(&service),
            the_newest_counts(&service),
            a_change_of_password_voids_it(&service),
            the_caller_has_to_be_fresh(&service),
            an_address_that_is_none_is_refused(&service),
        );
        assert!(service.audited("email_change_requested", 5).await.iter().all(|event| event["outcome"] == "success"));
    }
}

async fn a_proof_goes_there_and_a_notice_to_the_present_one(service: &Service) {
    let tokens = service.register_verified("ann@example.org").await;
    ask_to_change(service, tokens.access(), " Ann@New.example.org").await;
    assert_eq!(mailbox(service, tokens.access()).await, ("ann@example.org".into(), true, json!("ann@new.example.org")));
    let (letter, notice) = tokio::join!(service.mail_to("ann@new.example.org", 1), service.mail_to("ann@example.org", 2));
    assert_eq!(letter.subject, "Confirm your new address for auth.example.org");
    assert_eq!((letter.link().unwrap().0, letter.code().len()), ("https://auth.example.org/pages/email", 8));
    assert_eq!(notice.subject, "New address requested for auth.example.org");
    assert_eq!(notice.link().unwrap().0, "https://auth.example.org/pages/undo");
    assert!(notice.text.contains("ann@new.example.org"), "{}", notice.text);
    super::expire(service, "ann@new.example.org", "change");
    is_no_proof(&confirm(service, letter.token()).await, "expired");
}

async fn a_taken_address_is_answered_alike_and_gets_no_proof(service: &Service) {
    let (_, _) = service.register_with_mail("taken@example.org").await;
    let tokens = service.register_verified("bob@example.org").await;
    ask_to_change(service, tokens.access(), "Taken@example.org").await;
    assert_eq!(mailbox(service, tokens.access()).await.2, "taken@example.org");
    let (told, notice) = tokio::join!(service.mail_to("taken@example.org", 2), service.mail_to("bob@example.org", 2));
    assert_eq!((told.subject.as_str(), told.link()), ("You already have an account with auth.example.org", None));
    assert_eq!(notice.subject, "New address requested for auth.example.org");
    assert!(!told.text.lines().any(|line| line.len() == 8 && line.parse::<u32>().is_ok()), "no code: {}", told.text);
}

async fn the_newest_counts(service: &Service) {
    let tokens = service.register_verified("eve@example.org").await;
    for address in ["eve1@example.org", "eve2@example.org"] {
        ask_to_change(service, tokens.access(), address).await;
    }
    let (first, second) = (service.mails_to("eve1@example.org").await, service.mail_to("eve2@example.org", 1).await);
    for older in first {
        is_no_proof(&confirm(service, older.token()).await, "the older one");
    }
    assert_eq!(confirm(service, second.token()).await.status, 204);
    assert_eq!(mailbox(service, tokens.access()).await, ("eve2@example.org".into(), true, Value::Null));
}

async fn a_change_of_password_voids_it(service: &Service) {
    let tokens = service.register_verified("dan@example.org").await;
    ask_to_change(service, tokens.access(), "dan@new.example.org").await;
    let letter = service.mail_to("dan@new.example.org", 1).await;
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    assert_eq!(service.post_as(tokens.access(), "/auth/password", Some(body)).await.status, 204);
    is_no_proof(&confirm(service, letter.token()).await, "void");
    assert_eq!(mailbox(service, tokens.access()).await.2, Value::Null, "nothing is pending any more");
}

async fn the_caller_has_to_be_fresh(service: &Service) {
    let tokens = service.register("old@example.org").await;
    service.database.execute(
        "UPDATE sessions SET authenticated_at = '2026-01-01 00:00:00' \
         WHERE user_id = (SELECT id FROM users WHERE email = 'old@example.org')",
    );
    for body in [json!({ "new_email": "old@new.example.org" }), json!({}), json!({ "new_email": "none" })] {
        let stale = service.post_as(tokens.access(), "/auth/email", Some(body)).await;
        assert_eq!(stale.refusal(), (401, "reauthentication_required"), "before anything else");
        let challenge = r#"Bearer error="insufficient_user_authentication", max_age="600""#;
        assert_eq!(stale.header("www-authenticate"), Some(challenge));
    }
    assert!(service.mails_to("old@new.example.org").await.is_empty());
    let fresh = service.post_as(tokens.access(), "/auth/reauthenticate", Some(json!({ "password": PASSWORD }))).await;
    ask_to_change(service, fresh.access(), "old@new.example.org").await;
    let bare = service.post("/auth/email", json!({ "new_email": "old@new.example.org" })).await;
    assert_eq!(bare.refusal(), (401, "token_missing"));
}

async fn an_address_that_is_none_is_refused(service: &Service) {
    let tokens = service.register("ned@example.org").await;
    let attempt = async |body: Value| service.send(Method::POST, "/auth/email", Some(tokens.access()), Some(body)).await;
    assert_eq!(attempt(json!({})).await.faults(), [("new_email", "missing")]);
    assert_eq!(attempt(json!({ "new_email": "none" })).await.faults(), [("new_email", "invalid_email")]);
    assert_eq!(attempt(json!({ "new_email": "NED@example.org" })).await.faults(), [("new_email", "unchanged")]);
    assert_eq!(mailbox(service, tokens.access()).await.2, Value::Null);
}
