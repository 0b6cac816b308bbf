//! What the owner of an account is told of its factors.

use serde_json::{Value, json};

use super::{ids, is_done, remove, replace_codes};
use crate::{
    service::{App, Letter, PASSWORD, Service, on_every_engine, passkey, texts},
    sessions::reauthenticate::again,
};

/// A name that would be a link in a mail.
const NAME: &str = "https://evil.example.net/x";

on_every_engine! {
    async fn the_owner_is_told_of_every_change_in_words_of_the_server(engine) {
        let service = Service::with_factors_and_mail(engine, &[]).await;
        everything(&service).await;
        let mut told = service.mails_to("ann@example.org").await.split_off(1);
        told.sort_by_key(|letter| letter.subject.clone());
        let subjects: Vec<_> = told.iter().map(|letter| letter.subject.as_str()).collect();
        assert_eq!(subjects, [
            "A passkey for auth.example.org was added",
            "A passkey for auth.example.org was refused",
            "A passkey for auth.example.org was removed",
            "A recovery code for auth.example.org was used",
            "A recovery code for auth.example.org was used",
            "An authenticator app for auth.example.org was added",
            "An authenticator app for auth.example.org was removed",
            "Your recovery codes for auth.example.org were replaced",
        ]);
        for letter in &told {
            is_of_the_server(letter);
        }
    }

    async fn they_can_be_switched_off(engine) {
        let service = Service::with_factors_and_mail(engine, &[("SECURITY_NOTICES", "false")]).await;
        everything(&service).await;
        assert_eq!(service.mails_to("ann@example.org").await.len(), 1, "that of the registration");
        assert_eq!(service.audited("passkey_cloned", 1).await.len(), 1);
    }
}

/// Adds, uses, renames, replaces and removes, and shows a passkey whose counter has gone back.
async fn everything(service: &Service) {
    let tokens = service.register_verified("ann@example.org").await;
    let named = json!({ "name": NAME });
    let app = App::of(&service.post_as(tokens.access(), "/auth/factors/totp", Some(named)).await);
    let codes = texts(&service.confirm_app(tokens.access(), &app, &app.code()).await.body["recovery_codes"]);
    let mut key = passkey();
    key.counter = 7;
    let mut made = service.make(tokens.access(), &mut key).await;
    made["name"] = json!(NAME);
    assert_eq!(service.post_as(tokens.access(), "/auth/passkeys", Some(made)).await.status, 201);
    let token = service.first_step("ann@example.org").await;
    assert_eq!(service.second_step(&token, &codes[0]).await.status, 200);
    assert_eq!(again(service, tokens.access(), json!({ "code": codes[1] })).await.status, 200);
    assert_eq!(replace_codes(service, tokens.access()).await.status, 200);
    key.counter = 3;
    assert_eq!(service.login_by(&mut key).await.refusal(), (401, "passkey_invalid"));
    for id in ids(service, tokens.access()).await {
        is_done(&remove(service, tokens.access(), &id).await, &id);
    }
    let login: Value = json!({ "email": "ann@example.org", "password": PASSWORD });
    assert_eq!(service.post("/auth/login", login).await.status, 200);
}

fn is_of_the_server(letter: &Letter) {
    assert_eq!(letter.link().unwrap().0, "https://auth.example.org/pages/undo", "{}", letter.text);
    assert!(!letter.source.contains("evil"), "{}", letter.source);
    assert!(letter.text.contains("UTC") && letter.text.contains("127.0.0.0/24"), "{}", letter.text);
}
