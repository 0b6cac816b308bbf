//! POST /auth/undo

use serde_json::{Value, json};

use super::{NEW, ask_to_change, confirm, forget, is_done, is_no_proof, login, mailbox, move_to, operate, reset, undo};
use crate::service::{Letter, PASSWORD, Service, on_every_engine};

on_every_engine! {
    async fn whoever_reads_a_notice_takes_the_account_back(engine) {
        let service = Service::with_mail(engine, &[]).await;
        tokio::join!(
            an_address_is_put_back_and_the_password_void(&service),
            other_proofs_are_void(&service),
            an_older_link_works_after_a_younger(&service),
            a_younger_link_does_not_work_after_an_older(&service),
            a_disabled_account_stays_disabled(&service),
            deletion_is_final(&service),
            an_expired_link_is_none(&service),
        );
        service.audited("undone", 5).await;
        let ended = service.audited("session_ended", 5).await;
        assert!(ended.iter().any(|event| event["reason"] == "undone"), "{ended:#?}");
    }
}

async fn change_password(service: &Service, access: &str, new: &str) {
    let body = json!({ "current_password": PASSWORD, "new_password": new });
    assert_eq!(service.post_as(access, "/auth/password", Some(body)).await.status, 204);
}

/// The mails to an address that carry an undo link, oldest first.
async fn notices(service: &Service, email: &str) -> Vec<Letter> {
    let letters = service.mails_to(email).await.into_iter();
    letters.filter(|letter| letter.link().is_some_and(|(page, _)| page.ends_with("/pages/undo"))).collect()
}

async fn an_address_is_put_back_and_the_password_void(service: &Service) {
    let tokens = service.register_verified("ann@example.org").await;
    // A thief has the session and the password.
    let thief = service.login("ann@example.org").await;
    move_to(service, thief.access(), "ann@thief.example.org").await;
    let changed = notices(service, "ann@example.org").await.pop().unwrap();
    assert_eq!(changed.subject, "Your address for auth.example.org was changed");
    is_done(&undo(service, changed.token()).await, "the first use");
    is_no_proof(&undo(service, changed.token()).await, "the second use");
    for session in [&tokens, &thief] {
        assert_eq!(service.me(session.access()).await.refusal(), (401, "token_invalid"));
        assert_eq!(service.refresh(session.refresh()).await.refusal(), (401, "token_invalid"));
    }
    for email in ["ann@example.org", "ann@thief.example.org"] {
        assert_eq!(service.login(email).await.refusal(), (401, "invalid_credentials"), "{email}");
    }
    let letter = service.mails_to("ann@example.org").await.pop().unwrap();
    assert_eq!(letter.subject, "Choose a new password for auth.example.org");
    is_done(&reset(service, letter.token(), NEW).await, "reset");
    let owner = login(service, "ann@example.org", NEW).await;
    assert_eq!(mailbox(service, owner.access()).await, ("ann@example.org".into(), true, Value::Null));
    let of_the_thief = notices(service, "ann@thief.example.org").await;
    assert!(of_the_thief.is_empty(), "{of_the_thief:#?}");
}

async fn other_proofs_are_void(service: &Service) {
    let tokens = service.register_verified("bob@example.org").await;
    ask_to_change(service, tokens.access(), "bob@thief.example.org").await;
    let change = service.mail_to("bob@thief.example.org", 1).await;
    forget(service, "bob@example.org").await;
    let letters = service.mails_to("bob@example.org").await;
    let by_page = |page: &str| letters.iter().find(|letter| letter.link().unwrap().0.ends_with(page)).unwrap();
    let (requested, forgotten) = (by_page("/pages/undo"), by_page("/pages/reset"));
    is_done(&undo(service, requested.token()).await, "undo");
    is_no_proof(&confirm(service, change.token()).await, "the change");
    is_no_proof(&reset(service, forgotten.token(), NEW).await, "the older reset");
    let letters = service.mails_to("bob@example.org").await;
    assert_eq!(letters.len(), 4, "its mail goes out however many there were");
    is_done(&reset(service, letters[3].token(), NEW).await, "the mail of the undo");
}

/// Two changes of password: an older link, and a younger one.
async fn two_notices(service: &Service, email: &str) -> (Letter, Letter) {
    let tokens = service.register_verified(email).await;
    change_password(service, tokens.access(), NEW).await;
    forget(service, email).await;
    let forgotten = service.mails_to(email).await.pop().unwrap();
    is_done(&reset(service, forgotten.token(), PASSWORD).await, email);
    let both: [Letter; 2] = notices(service, email).await.try_into().unwrap();
    both.into()
}

async fn an_older_link_works_after_a_younger(service: &Service) {
    let (older, younger) = two_notices(service, "eve@example.org").await;
    is_done(&undo(service, younger.token()).await, "the younger");
    is_done(&undo(service, older.token()).await, "the older");
    // And addresses: back to the second, then to the first.
    let tokens = service.register_verified("a@eve.example.org").await;
    for email in ["b@eve.example.org", "c@eve.example.org"] {
        move_to(service, tokens.access(), email).await;
    }
    let of_b = notices(service, "b@eve.example.org").await.pop().unwrap();
    let of_a = notices(service, "a@eve.example.org").await.pop().unwrap();
    for (letter, back) in [(of_b, "b@eve.example.org"), (of_a, "a@eve.example.org")] {
        is_done(&undo(service, letter.token()).await, back);
        let reset_mail = service.mails_to(back).await.pop().unwrap();
        is_done(&reset(service, reset_mail.token(), PASSWORD).await, back);
        assert_eq!(service.login(back).await.status, 200, "{back}");
    }
}

async fn a_younger_link_does_not_work_after_an_older(service: &Service) {
    let (older, younger) = two_notices(service, "dan@example.org").await;
    is_done(&undo(service, older.token()).await, "the older");
    is_no_proof(&undo(service, younger.token()).await, "the younger");
}

async fn a_disabled_account_stays_disabled(service: &Service) {
    let tokens = service.register_verified("dis@example.org").await;
    move_to(service, tokens.access(), "dis@new.example.org").await;
    tokio::task::block_in_place(|| operate(service, &["users", "disable", "dis@new.example.org"]));
    let letter = notices(service, "dis@example.org").await.pop().unwrap();
    is_done(&undo(service, letter.token()).await, "the link works");
    let letters = service.mails_to("dis@example.org").await;
    assert!(!letters.iter().any(|letter| letter.subject.starts_with("Choose a new password")), "no mail: it is disabled");
    let (_, shown, _) = tokio::task::block_in_place(|| service.command(&["users", "show", "dis@example.org"], ""));
    assert!(shown.contains("disabled"), "{shown}");
    assert_eq!(service.login("dis@example.org").await.refusal(), (401, "invalid_credentials"));
}

async fn deletion_is_final(service: &Service) {
    let tokens = service.register_verified("del@example.org").await;
    change_password(service, tokens.access(), NEW).await;
    let letter = notices(service, "del@example.org").await.pop().unwrap();
    let deleted = service.delete_as(tokens.access(), "/auth/me", Some(json!({ "password": NEW }))).await;
    assert_eq!(deleted.status, 204);
    is_no_proof(&undo(service, letter.token()).await, "deleted");
    service.register("del@example.org").await;
    is_no_proof(&undo(service, letter.token()).await, "another account");
}

async fn an_expired_link_is_none(service: &Service) {
    let tokens = service.register_verified("late@example.org").await;
    change_password(service, tokens.access(), NEW).await;
    let letter = notices(service, "late@example.org").await.pop().unwrap();
    super::expire(service, "late@example.org", "undo");
    is_no_proof(&undo(service, letter.token()).await, "three days later");
    assert_eq!(service.me(tokens.access()).await.status, 200);
}
