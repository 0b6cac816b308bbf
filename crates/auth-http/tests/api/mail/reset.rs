//! POST /auth/password/reset

use serde_json::{Value, json};

use super::{NEW, ask_to_change, confirm, expire, forget, is_done, is_no_proof, login, mailbox, reset};
use crate::service::{Letter, Service, on_every_engine};

on_every_engine! {
    async fn whoever_reads_the_mail_chooses_the_password(engine) {
        let service = Service::with_mail(engine, &[]).await;
        let other_server = Service::with_mail_on(service.database.clone(), &[]).await;
        tokio::join!(
            every_session_ends(&service, &other_server),
            a_code_does_as_well(&service),
            a_refused_password_leaves_the_proof_good(&service),
            a_squatter_is_removed(&service),
            an_expired_proof_is_none(&service),
        );
        assert!(service.audited("password_reset", 3).await.iter().all(|event| event["outcome"] == "success"));
        let ended = service.audited("session_ended", 3).await;
        assert!(ended.iter().all(|event| event["reason"] == "password_reset"), "{ended:#?}");
    }
}

/// The mail for a new password of an account that has verified its address.
async fn forgotten(service: &Service, email: &str) -> Letter {
    forget(service, email).await;
    service.mail_to(email, 2).await
}

async fn every_session_ends(service: &Service, other_server: &Service) {
    let first = service.register_verified("ann@example.org").await;
    let second = service.login("ann@example.org").await;
    let letter = forgotten(service, "ann@example.org").await;
    is_done(&reset(other_server, letter.token(), NEW).await, "on another server");
    for server in [service, other_server] {
        for tokens in [&first, &second] {
            assert_eq!(server.me(tokens.access()).await.refusal(), (401, "token_invalid"), "at once");
            assert_eq!(server.refresh(tokens.refresh()).await.refusal(), (401, "token_invalid"));
        }
    }
    assert_eq!(service.login("ann@example.org").await.refusal(), (401, "invalid_credentials"));
    let signed_in = login(service, "ann@example.org", NEW).await;
    assert_eq!(signed_in.status, 200);
    is_no_proof(&reset(service, letter.token(), "Third-Horse-9-Staples").await, "the second use");
    let notice = service.mail_to("ann@example.org", 3).await;
    assert_eq!(notice.subject, "Your password for auth.example.org was changed");
    assert_eq!(notice.link().unwrap().0, "https://auth.example.org/pages/undo");
}

async fn a_code_does_as_well(service: &Service) {
    service.register_verified("code@example.org").await;
    let letter = forgotten(service, "code@example.org").await;
    let typed = |code: &str| json!({ "email": "Code@example.org", "code": code, "new_password": NEW });
    let attempt = async |body: Value| service.post("/auth/password/reset", body).await;
    for _ in 0..4 {
        is_no_proof(&attempt(typed(letter.wrong_code())).await, "a wrong code");
    }
    is_done(&attempt(typed(letter.code())).await, "the right code");
    is_no_proof(&attempt(typed(letter.code())).await, "the second use");
    assert_eq!(login(service, "code@example.org", NEW).await.status, 200);
}

async fn a_refused_password_leaves_the_proof_good(service: &Service) {
    service.register_verified("weak.horse@example.org").await;
    let letter = forgotten(service, "weak.horse@example.org").await;
    for (weak, fault) in [("short-7A", "too_short"), ("Password1234!", "too_common"), ("Weak.Horse-1996-x", "too_common")] {
        let refused = reset(service, letter.token(), weak).await;
        assert_eq!(refused.faults(), [("new_password", fault)], "{weak}");
    }
    let bare = service.post("/auth/password/reset", json!({ "token": letter.token() })).await;
    assert_eq!(bare.faults(), [("new_password", "missing")]);
    is_done(&reset(service, letter.token(), NEW).await, "a good one");
}

/// Somebody registered an address that is not theirs, and waits for its owner.
async fn a_squatter_is_removed(service: &Service) {
    let (squatter, _) = service.register_with_mail("victim@example.org").await;
    ask_to_change(service, squatter.access(), "squatter@example.org").await;
    let change = service.mail_to("squatter@example.org", 1).await;
    assert_eq!(mailbox(service, squatter.access()).await, ("victim@example.org".into(), false, json!("squatter@example.org")));
    forget(service, "victim@example.org").await;
    let letters = service.mails_to("victim@example.org").await;
    is_done(&reset(service, letters.last().unwrap().token(), NEW).await, "the owner");
    assert_eq!(service.me(squatter.access()).await.refusal(), (401, "token_invalid"));
    assert_eq!(service.refresh(squatter.refresh()).await.refusal(), (401, "token_invalid"));
    is_no_proof(&confirm(service, change.token()).await, "the squatter's change");
    let owner = login(service, "victim@example.org", NEW).await;
    assert_eq!(mailbox(service, owner.access()).await, ("victim@example.org".into(), true, Value::Null));
}

async fn an_expired_proof_is_none(service: &Service) {
    service.register_verified("late@example.org").await;
    let letter = forgotten(service, "late@example.org").await;
    expire(service, "late@example.org", "reset");
    is_no_proof(&reset(service, letter.token(), NEW).await, "by link");
    let typed = json!({ "email": "late@example.org", "code": letter.code(), "new_password": NEW });
    is_no_proof(&service.post("/auth/password/reset", typed).await, "by code");
    assert_eq!(service.login("late@example.org").await.status, 200);
}
