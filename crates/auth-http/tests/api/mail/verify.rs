//! POST /auth/email/verify

use serde_json::{Value, json};

use super::{NEW, is_done, is_no_proof, mailbox, operate, verify};
use crate::{
    oauth::introspect::Client,
    service::{Engine, PASSWORD, Service, on_every_engine},
    sessions::tokens::claims,
};

on_every_engine! {
    async fn whoever_reads_the_mail_and_owns_the_account_has_verified_it(engine) {
        let service = Service::with_mail(engine, &[]).await;
        tokio::join!(
            a_link_with_the_password(&service),
            a_code_with_the_password(&service),
            a_link_with_a_bearer_token(&service),
            a_code_with_a_bearer_token(&service),
        );
        service.audited("email_verified", 4).await;
        tokio::join!(
            a_proof_alone_is_not_enough(&service),
            a_wrong_password_leaves_the_proof_good(&service),
            the_bearer_has_to_own_the_account(&service),
            five_wrong_codes_void_the_code_and_not_the_link(&service),
            a_disabled_account_verifies_nothing(&service),
            an_expired_proof_is_none(&service),
        );
        let told = service.audited("proof_refused", 1).await;
        let reasons: Vec<_> = told.iter().map(|line| line["reason"].as_str().unwrap().split(' ').next().unwrap()).collect();
        for reason in ["spent", "other_account", "wrong_code", "unknown", "expired"] {
            assert!(reasons.contains(&reason), "{reason} is not among {reasons:?}");
        }
        let log = service.log_text();
        for letter in service.mails_to("link@example.org").await {
            assert!(!log.contains(letter.token()) && !log.contains(letter.code()));
        }
    }

    async fn everybody_is_told_whether_an_address_is_verified(engine) {
        let service = Service::with_mail(engine, &[]).await;
        let client = Client::add(&service);
        let (tokens, letter) = service.register_with_mail("ann@example.org").await;
        assert_eq!(mailbox(&service, tokens.access()).await, ("ann@example.org".to_owned(), false, Value::Null));
        assert_eq!(claims(tokens.access())["email_verified"], false);
        assert_eq!(client.ask(&service, tokens.access()).await.body["email_verified"], false);
        let body = json!({ "token": letter.token(), "password": PASSWORD });
        is_done(&verify(&service, body).await, "verify");
        assert!(mailbox(&service, tokens.access()).await.1);
        assert_eq!(client.ask(&service, tokens.access()).await.body["email_verified"], true, "as it is now");
        let refreshed = service.refresh(tokens.refresh()).await;
        assert_eq!(claims(refreshed.access())["email_verified"], true);
        let login = service.login("ann@example.org").await;
        assert_eq!(claims(login.access())["email_verified"], true);
    }
}

/// SQLite's is the engine whose files a test can read whole.
#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_kept_anywhere() {
    let service = Service::with_mail(Engine::Sqlite, &[]).await;
    let (_, letter) = service.register_with_mail("ann@example.org").await;
    service.outbox_is_empty().await;
    let is_in = |text: &str, content: &[u8]| content.windows(text.len()).any(|window| window == text.as_bytes());
    let files = std::fs::read_dir(service.database.folder()).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<_> = files.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap()).collect();
    assert!(kept.iter().any(|content| is_in("ann@example.org", content)));
    // The token's second part is a MAC; its first is the id of a row.
    for part in [letter.token(), &letter.token()[22..]] {
        assert!(!kept.iter().any(|content| is_in(part, content)) && !service.log_text().contains(part));
    }
}

async fn is_verified_once(service: &Service, access: &str, token: Option<&str>, body: &Value) {
    assert!(!mailbox(service, access).await.1);
    is_done(&service.send(reqwest::Method::POST, "/auth/email/verify", token, Some(body.clone())).await, "the first use");
    assert!(mailbox(service, access).await.1);
    is_no_proof(&service.send(reqwest::Method::POST, "/auth/email/verify", token, Some(body.clone())).await, "the second use");
}

async fn a_link_with_the_password(service: &Service) {
    let (tokens, letter) = service.register_with_mail("link@example.org").await;
    let body = json!({ "token": letter.token(), "password": PASSWORD });
    is_verified_once(service, tokens.access(), None, &body).await;
}

async fn a_code_with_the_password(service: &Service) {
    let (tokens, letter) = service.register_with_mail("code@example.org").await;
    let body = json!({ "email": " Code@Example.org", "code": letter.code(), "password": PASSWORD });
    is_verified_once(service, tokens.access(), None, &body).await;
}

async fn a_link_with_a_bearer_token(service: &Service) {
    let (tokens, letter) = service.register_with_mail("bearer@example.org").await;
    is_verified_once(service, tokens.access(), Some(tokens.access()), &json!({ "token": letter.token() })).await;
}

async fn a_code_with_a_bearer_token(service: &Service) {
    let (tokens, letter) = service.register_with_mail("typed@example.org").await;
    let body = json!({ "email": "typed@example.org", "code": letter.code() });
    is_verified_once(service, tokens.access(), Some(tokens.access()), &body).await;
}

async fn a_proof_alone_is_not_enough(service: &Service) {
    let (tokens, letter) = service.register_with_mail("alone@example.org").await;
    let bare = verify(service, json!({ "token": letter.token() })).await;
    assert_eq!(bare.faults(), [("password", "missing")]);
    let chosen = verify(service, json!({ "token": letter.token(), "new_password": NEW })).await;
    assert_eq!(chosen.faults(), [("password", "missing")], "a new password is for a registration alone");
    let two = verify(service, json!({ "token": letter.token(), "new_password": NEW, "password": PASSWORD })).await;
    assert_eq!(two.faults(), [("password", "exclusive")]);
    let stale = service.post_as("nonsense", "/auth/email/verify", Some(json!({ "token": letter.token() }))).await;
    assert_eq!(stale.refusal(), (401, "token_invalid"));
    is_verified_once(service, tokens.access(), None, &json!({ "token": letter.token(), "password": PASSWORD })).await;
    assert_eq!(service.login("alone@example.org").await.status, 200);
}

async fn a_wrong_password_leaves_the_proof_good(service: &Service) {
    let (tokens, letter) = service.register_with_mail("wrong@example.org").await;
    let attempt = async |password: &str| verify(service, json!({ "token": letter.token(), "password": password })).await;
    assert_eq!(attempt("wrong").await.refusal(), (403, "password_mismatch"));
    let typed = json!({ "email": "wrong@example.org", "code": letter.code(), "password": "wrong" });
    for _ in 0..6 {
        assert_eq!(verify(service, typed.clone()).await.refusal(), (403, "password_mismatch"), "the code was right");
    }
    is_verified_once(service, tokens.access(), None, &json!({ "token": letter.token(), "password": PASSWORD })).await;
    is_no_proof(&attempt("wrong").await, "it is told before any password is looked at");
}

async fn the_bearer_has_to_own_the_account(service: &Service) {
    let (tokens, letter) = service.register_with_mail("owner@example.org").await;
    let (other, _) = service.register_with_mail("other@example.org").await;
    let foreign = service.post_as(other.access(), "/auth/email/verify", Some(json!({ "token": letter.token() }))).await;
    is_no_proof(&foreign, "of another account");
    assert!(!mailbox(service, other.access()).await.1);
    is_verified_once(service, tokens.access(), Some(tokens.access()), &json!({ "token": letter.token() })).await;
}

async fn five_wrong_codes_void_the_code_and_not_the_link(service: &Service) {
    let (tokens, letter) = service.register_with_mail("guess@example.org").await;
    let typed = |code: &str| json!({ "email": "guess@example.org", "code": code, "password": PASSWORD });
    for code in ["", "1", "not a code", letter.wrong_code(), letter.wrong_code()] {
        is_no_proof(&verify(service, typed(code)).await, code);
    }
    is_no_proof(&verify(service, typed(letter.code())).await, "the right code comes too late");
    is_verified_once(service, tokens.access(), None, &json!({ "token": letter.token(), "password": PASSWORD })).await;
}

async fn a_disabled_account_verifies_nothing(service: &Service) {
    let (_, letter) = service.register_with_mail("gone@example.org").await;
    let attempt = async || verify(service, json!({ "token": letter.token(), "password": PASSWORD })).await;
    for measure in ["disable", "enable"] {
        tokio::task::block_in_place(|| operate(service, &["users", measure, "gone@example.org"]));
        is_no_proof(&attempt().await, measure);
    }
}

async fn an_expired_proof_is_none(service: &Service) {
    let (tokens, letter) = service.register_with_mail("late@example.org").await;
    super::expire(service, "late@example.org", "verify");
    let bearer = Some(tokens.access());
    for body in [json!({ "token": letter.token() }), json!({ "email": "late@example.org", "code": letter.code() })] {
        is_no_proof(&service.send(reqwest::Method::POST, "/auth/email/verify", bearer, Some(body)).await, "expired");
    }
    assert!(!mailbox(service, tokens.access()).await.1);
}
