//! The language of a mail.

use reqwest::Method;
use serde_json::json;

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
    async fn a_mail_that_was_asked_for_is_in_the_language_of_the_request(engine) {
        let service = Service::with_mail(engine, &[("MAIL_LANGUAGE", "de")]).await;
        let ask = async |language: &str, path: &str, body| {
            Answer::of(service.request(Method::POST, path).header("Accept-Language", language).json(&body)).await
        };
        // Registered in French: that is how notices come until a login in another.
        let body = json!({ "email": "ann@example.org", "password": PASSWORD });
        let tokens = ask("fr", "/auth/register", body).await;
        for (language, subject) in LANGUAGES {
            service.forget_mails_to("ann@example.org");
            assert_eq!(ask(language, "/auth/password/forgot", json!({ "email": "ann@example.org" })).await.status, 202);
            let letter = service.mails_to("ann@example.org").await.pop().unwrap();
            assert_eq!(letter.subject, subject, "{language}");
            assert!(letter.source.contains("quoted-printable") && letter.source.is_ascii(), "{}", letter.source);
        }
        let body = json!({ "current_password": PASSWORD, "new_password": NEW });
        let changed = service.request(Method::POST, "/auth/password").header("Accept-Language", "zh");
        assert_eq!(Answer::of(changed.bearer_auth(tokens.access()).json(&body)).await.status, 204);
        let notice = service.mails_to("ann@example.org").await.pop().unwrap();
        assert!(notice.subject.starts_with("Votre mot de passe"), "{}", notice.subject);
    }
}
