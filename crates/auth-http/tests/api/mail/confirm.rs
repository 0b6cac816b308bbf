//! POST /auth/email/confirm

use serde_json::{Value, json};

use super::{ask_to_change, confirm, is_done, is_no_proof, mailbox, move_to};
use crate::{
    service::{Letter, PASSWORD, Service, credentials, on_every_engine},
    sessions::tokens::claims,
};

on_every_engine! {
    async fn whoever_reads_the_mail_of_the_new_address_moves_there(engine) {
        let service = Service::with_mail(engine, &[]).await;
        tokio::join!(
            sessions_stay_and_learn_the_address(&service),
            a_code_needs_the_bearer(&service),
            a_link_needs_none_but_the_right_one(&service),
            an_address_that_was_taken_meanwhile(&service),
            the_old_address_is_kept_for_three_days(&service),
        );
        assert!(service.audited("email_changed", 4).await.iter().all(|event| event["outcome"] == "success"));
    }
}

/// The mail that asks to confirm an address.
async fn asked(service: &Service, access: &str, email: &str) -> Letter {
    ask_to_change(service, access, email).await;
    service.mail_to(email, 1).await
}

async fn sessions_stay_and_learn_the_address(service: &Service) {
    let tokens = service.register_verified("ann@example.org").await;
    let other = service.login("ann@example.org").await;
    let letter = asked(service, tokens.access(), "ann@new.example.org").await;
    is_done(&confirm(service, letter.token()).await, "without a bearer token");
    is_no_proof(&confirm(service, letter.token()).await, "the second use");
    for session in [&tokens, &other] {
        assert_eq!(mailbox(service, session.access()).await, ("ann@new.example.org".into(), true, Value::Null));
        let next = service.refresh(session.refresh()).await;
        let said = claims(next.access());
        assert_eq!((&said["email"], &said["email_verified"]), (&json!("ann@new.example.org"), &json!(true)));
    }
    assert_eq!(service.login("ann@new.example.org").await.status, 200);
    assert_eq!(service.login("ann@example.org").await.refusal(), (401, "invalid_credentials"));
    let notice = service.mail_to("ann@example.org", 3).await;
    assert_eq!(notice.subject, "Your address for auth.example.org was changed");
    assert!(notice.text.contains("ann@new.example.org") && notice.link().unwrap().0.ends_with("/pages/undo"));
}

async fn a_code_needs_the_bearer(service: &Service) {
    // Its own address was never verified.
    let (tokens, _) = service.register_with_mail("bob@example.org").await;
    let (other, _) = service.register_with_mail("bobby@example.org").await;
    let letter = asked(service, tokens.access(), "bob@new.example.org").await;
    let body = json!({ "code": letter.code() });
    let bare = service.post("/auth/email/confirm", body.clone()).await;
    assert_eq!((bare.refusal(), bare.header("www-authenticate")), ((401, "token_missing"), Some("Bearer")));
    let attempt = async |token: &str, body: &Value| service.post_as(token, "/auth/email/confirm", Some(body.clone())).await;
    is_no_proof(&attempt(other.access(), &body).await, "of somebody who changes nothing");
    asked(service, other.access(), "bobby@new.example.org").await;
    is_no_proof(&attempt(other.access(), &body).await, "of somebody else's change");
    is_no_proof(&attempt(tokens.access(), &json!({ "code": letter.wrong_code() })).await, "a wrong code");
    is_done(&attempt(tokens.access(), &body).await, "the owner");
    is_no_proof(&attempt(tokens.access(), &body).await, "the second use");
    assert_eq!(mailbox(service, tokens.access()).await, ("bob@new.example.org".into(), true, Value::Null));
}

async fn a_link_needs_none_but_the_right_one(service: &Service) {
    let (tokens, _) = service.register_with_mail("eve@example.org").await;
    let (other, _) = service.register_with_mail("evelyn@example.org").await;
    let letter = asked(service, tokens.access(), "eve@new.example.org").await;
    let attempt = async |token: &str, body: Value| service.post_as(token, "/auth/email/confirm", Some(body)).await;
    is_no_proof(&attempt(other.access(), json!({ "token": letter.token() })).await, "another account");
    let both = json!({ "token": letter.token(), "code": letter.code() });
    assert_eq!(attempt(tokens.access(), both).await.faults(), [("token", "exclusive")]);
    assert_eq!(attempt(tokens.access(), json!({})).await.faults(), [("token", "missing")]);
    is_done(&attempt(tokens.access(), json!({ "token": letter.token() })).await, "the owner");
}

async fn an_address_that_was_taken_meanwhile(service: &Service) {
    let (tokens, _) = service.register_with_mail("slow@example.org").await;
    let letter = asked(service, tokens.access(), "wanted@example.org").await;
    let quick = service.register("wanted@example.org").await;
    let refused = confirm(service, letter.token()).await;
    assert_eq!(refused.refusal(), (409, "email_taken"));
    let typed = service.post_as(tokens.access(), "/auth/email/confirm", Some(json!({ "code": letter.code() }))).await;
    assert_eq!(typed.refusal(), (409, "email_taken"));
    assert_eq!(mailbox(service, tokens.access()).await.0, "slow@example.org");
    let deleted = service.delete_as(quick.access(), "/auth/me", Some(json!({ "password": PASSWORD }))).await;
    assert_eq!(deleted.status, 204);
    is_done(&confirm(service, letter.token()).await, "the proof was not spent, and the address is free again");
}

async fn the_old_address_is_kept_for_three_days(service: &Service) {
    let (tokens, _) = service.register_with_mail("kept@example.org").await;
    move_to(service, tokens.access(), "moved@example.org").await;
    assert_eq!(service.post("/auth/register", credentials("Kept@example.org")).await.refusal(), (409, "email_taken"));
    let (other, _) = service.register_with_mail("heir@example.org").await;
    ask_to_change(service, other.access(), "kept@example.org").await;
    let told = service.mails_to("kept@example.org").await.pop().unwrap();
    assert_eq!((told.subject.as_str(), told.link()), ("You already have an account with auth.example.org", None));
    // Its former owner alone may have it back before.
    service.forget_mails_to("kept@example.org");
    move_to(service, tokens.access(), "kept@example.org").await;
    service.forget_mails_to("moved@example.org");
    move_to(service, tokens.access(), "moved@example.org").await;
    assert_eq!(service.post("/auth/register", credentials("kept@example.org")).await.refusal(), (409, "email_taken"));
    super::expire(service, "kept@example.org", "undo");
    service.register("kept@example.org").await;
}
