//! POST /auth/register and /auth/login where an address has to be verified first.

use std::sync::Arc;

use serde_json::json;

use super::{NEW, ask_to_change, is_done, is_no_proof, login, mailbox, move_to, verify};
use crate::service::{Answer, PASSWORD, Service, TestDatabase, credentials, on_every_engine};

const REQUIRED: (&str, &str) = ("EMAIL_VERIFICATION", "required");

on_every_engine! {
    async fn there_is_no_account_before_its_mailbox_is_proven(engine) {
        let service = Service::with_mail(engine, &[REQUIRED]).await;
        tokio::join!(
            a_registration_becomes_an_account_by_its_password(&service),
            whoever_proves_the_mailbox_may_choose_the_password(&service),
            the_newest_registration_counts(&service),
            a_suppressed_registration_changes_nothing(&service),
            a_taken_address_is_answered_alike(&service),
        );
        assert_eq!(service.events().iter().filter(|event| event["event"] == "registration_refused").count(), 0);
    }

    async fn accounts_from_before_are_asked_to_verify(engine) {
        let database = Arc::new(TestDatabase::create(engine));
        let before = Service::on(database.clone(), &[]).await;
        let tokens = before.register("ann@example.org").await;
        let service = Service::with_mail_on(database, &[REQUIRED]).await;
        assert_eq!(login(&service, "ann@example.org", "wrong").await.refusal(), (401, "invalid_credentials"));
        assert_eq!(service.login("ann@example.org").await.refusal(), (403, "email_unverified"));
        let letter = service.mail_to("ann@example.org", 1).await;
        assert_eq!(service.login("ann@example.org").await.refusal(), (403, "email_unverified"), "and no other mail");
        // Its sessions go on until they end.
        let next = service.refresh(tokens.refresh()).await;
        assert!(!mailbox(&service, next.access()).await.1);
        is_done(&verify(&service, json!({ "token": letter.token(), "password": PASSWORD })).await, "verify");
        assert_eq!(service.login("ann@example.org").await.status, 200);
        assert_eq!(service.audited("login_failed", 3).await[1]["reason"], "email_unverified");
    }
}

async fn registered(service: &Service, email: &str, password: &str) {
    is_sent(&service.post("/auth/register", json!({ "email": email, "password": password })).await);
}

fn is_sent(answer: &Answer) {
    assert_eq!((answer.status, &answer.body), (202, &json!({ "status": "verification_sent" })));
}

async fn a_registration_becomes_an_account_by_its_password(service: &Service) {
    registered(service, "ann@example.org", PASSWORD).await;
    let letter = service.mail_to("ann@example.org", 1).await;
    let look = "SELECT COUNT(*) AS count FROM users WHERE email = 'ann@example.org'";
    assert_eq!(service.database.number(look), 0);
    assert_eq!(service.login("ann@example.org").await.refusal(), (401, "invalid_credentials"));
    let attempt = async |password: &str| verify(service, json!({ "token": letter.token(), "password": password })).await;
    assert_eq!(verify(service, json!({ "token": letter.token() })).await.faults(), [("password", "missing")]);
    assert_eq!(attempt("wrong").await.refusal(), (403, "password_mismatch"));
    is_done(&attempt(PASSWORD).await, "its password");
    is_no_proof(&attempt(PASSWORD).await, "the second use");
    let tokens = service.login("ann@example.org").await;
    assert!(mailbox(service, tokens.access()).await.1);
}

/// Somebody registered an address that is not theirs; its owner clicks, and chooses.
async fn whoever_proves_the_mailbox_may_choose_the_password(service: &Service) {
    registered(service, "victim@example.org", PASSWORD).await;
    let letter = service.mail_to("victim@example.org", 1).await;
    let attempt = async |password: &str| verify(service, json!({ "token": letter.token(), "new_password": password })).await;
    assert_eq!(attempt("short-7A").await.faults(), [("new_password", "too_short")]);
    assert_eq!(attempt("Victim@example.org-1").await.faults(), [("new_password", "too_common")]);
    is_done(&attempt(NEW).await, "a good one");
    assert_eq!(service.login("victim@example.org").await.refusal(), (401, "invalid_credentials"), "the registrant's");
    assert_eq!(login(service, "victim@example.org", NEW).await.status, 200);
}

async fn the_newest_registration_counts(service: &Service) {
    registered(service, "twice@example.org", PASSWORD).await;
    let first = service.mail_to("twice@example.org", 1).await;
    service.forget_mails_to("twice@example.org");
    registered(service, "twice@example.org", NEW).await;
    let second = service.mail_to("twice@example.org", 2).await;
    is_no_proof(&verify(service, json!({ "token": first.token(), "password": PASSWORD })).await, "the older");
    let typed = |password: &str| json!({ "email": "twice@example.org", "code": second.code(), "password": password });
    assert_eq!(verify(service, typed(PASSWORD)).await.refusal(), (403, "password_mismatch"), "the older password");
    is_done(&verify(service, typed(NEW)).await, "the newer");
    assert_eq!(login(service, "twice@example.org", NEW).await.status, 200);
}

async fn a_suppressed_registration_changes_nothing(service: &Service) {
    registered(service, "calm@example.org", PASSWORD).await;
    let letter = service.mail_to("calm@example.org", 1).await;
    registered(service, "calm@example.org", NEW).await;
    assert_eq!(service.mails_to("calm@example.org").await.len(), 1);
    let with = |password: &str| json!({ "token": letter.token(), "password": password });
    assert_eq!(verify(service, with(NEW)).await.refusal(), (403, "password_mismatch"));
    is_done(&verify(service, with(PASSWORD)).await, "the first one's");
}

async fn a_taken_address_is_answered_alike(service: &Service) {
    registered(service, "taken@example.org", PASSWORD).await;
    let letter = service.mail_to("taken@example.org", 1).await;
    is_done(&verify(service, json!({ "token": letter.token(), "password": PASSWORD })).await, "verify");
    let told = async |email: &str| {
        service.forget_mails_to(email);
        registered(service, email, NEW).await;
        let told = service.mails_to(email).await.pop().unwrap();
        assert_eq!((told.subject.as_str(), told.link()), ("You already have an account with auth.example.org", None));
    };
    told("taken@example.org").await;
    // The proof that nobody has.
    let unseen = json!({ "email": "taken@example.org", "code": "00000000", "new_password": NEW });
    is_no_proof(&verify(service, unseen).await, "no code was sent");
    let tokens = service.login("taken@example.org").await;
    assert_eq!(tokens.status, 200, "its password is what it was");
    // An address that is kept for an account is taken as well.
    move_to(service, tokens.access(), "taken@new.example.org").await;
    told("taken@example.org").await;
    is_sent(&service.post("/auth/register", credentials("free@example.org")).await);
    ask_to_change(service, tokens.access(), "free@example.org").await;
}
