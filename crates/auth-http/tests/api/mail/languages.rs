//! The language of a mail.

use reqwest::Method;
use serde_json::{Value, json};

use super::NEW;
use crate::service::{Answer, PASSWORD, Service, on_every_engine};

/// What a request asks for, and what the mail for a new password is called then.
const LANGUAGES: [(&str, &str); 6] = [
    ("de-AT,en;q=0.5", "Wählen Sie ein neues Passwort für auth.example.org"),
    ("it, fr-CH;q=0.9, en;q=0.8", "Choisissez un nouveau mot de passe pour auth.example.org"),
    ("es", "Elija una contraseña nueva para auth.example.org"),
    ("zh-CN", "请为 auth.example.org 设置新密码"),
    ("en", "Choose a new password for auth.example.org"),
    ("it", "Wählen Sie ein neues Passwort für auth.example.org"),
];

on_every_engine! {
    async fn a_mail_is_in_the_language_of_whoever_it_is_for(engine) {
        let overrides = [("MAIL_LANGUAGE", "de"), ("TRUSTED_PROXIES", "127.0.0.0/8")];
        let service = Service::with_mail(engine, &overrides).await;
        tokio::join!(what_was_asked_for_as_the_request_has_it(&service), a_notice_as_the_owner_last_had_it(&service));
    }
}

async fn ask(service: &Service, client: &str, language: &str, path: &str, body: Value) -> Answer {
    let request = service.request(Method::POST, path).header("X-Forwarded-For", client);
    Answer::of(request.header("Accept-Language", language).json(&body)).await
}

async fn what_was_asked_for_as_the_request_has_it(service: &Service) {
    for (number, (language, _)) in LANGUAGES.into_iter().enumerate() {
        let email = format!("ann{number}@example.org");
        service.register(&email).await;
        assert_eq!(ask(service, "203.0.113.7", language, "/auth/password/forgot", json!({ "email": email })).await.status, 202);
    }
    for (number, (language, subject)) in LANGUAGES.into_iter().enumerate() {
        let letter = service.mail_to(&format!("ann{number}@example.org"), 2).await;
        assert_eq!(letter.subject, subject, "{language}");
        assert!(letter.source.contains("quoted-printable") && letter.source.is_ascii(), "{}", letter.source);
    }
}

async fn a_notice_as_the_owner_last_had_it(service: &Service) {
    let credentials = json!({ "email": "eve@example.org", "password": PASSWORD });
    let (home, elsewhere) = ("203.0.113.7", "198.51.100.7");
    assert_eq!(ask(service, home, "en", "/auth/register", credentials.clone()).await.status, 201);
    let tokens = ask(service, home, "fr", "/auth/login", credentials.clone()).await;
    assert_eq!(tokens.status, 200, "from a network that is known");
    assert_eq!(ask(service, elsewhere, "zh", "/auth/login", credentials).await.status, 200, "from one that is not");
    let notice = service.mail_to("eve@example.org", 2).await;
    assert!(notice.subject.starts_with("Nouvelle connexion"), "{}", notice.subject);
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    let changed = service.request(Method::POST, "/auth/password").header("Accept-Language", "es");
    assert_eq!(Answer::of(changed.bearer_auth(tokens.access()).json(&body)).await.status, 204);
    let notice = service.mail_to("eve@example.org", 3).await;
    assert!(notice.subject.starts_with("Votre mot de passe"), "{}", notice.subject);
}
