//! What resets, undo links and operators do to factors: nobody is stranded, and nobody gets in by one proof less.

use serde_json::{Value, json};

use super::{ids, is_done, is_no_code, remove, replace_codes};
use crate::service::{Answer, Letter, PASSWORD, Service, on_every_engine, passkey, texts};

const NEW: &str = "Another-Horse-8-Staple";

on_every_engine! {
    async fn a_reset_by_mail_is_no_second_factor(engine) {
        let service = Service::with_factors_and_mail(engine, &[]).await;
        let tokens = service.register_verified("ann@example.org").await;
        let (app, codes, _) = service.add_app(tokens.access()).await;
        let token = service.first_step("ann@example.org").await;
        reset(&service, "ann@example.org").await;
        assert_eq!(service.second_step(&token, &app.code()).await.refusal(), (401, "token_invalid"), "of the former password");
        let asked = login(&service, "ann@example.org").await;
        assert_eq!((asked.refusal(), &asked.body["factors"]), ((403, "second_factor_required"), &json!(["totp", "recovery_code"])));
        assert_eq!(service.second_step(asked.text("mfa_token"), &codes[0]).await.status, 200);
        let asked = login(&service, "ann@example.org").await;
        let begun = service.second_step(asked.text("mfa_token"), &app.code()).await;
        assert_eq!(service.factors(begun.access()).await.body["recovery_codes_left"], 9);
    }

    async fn a_reset_takes_away_what_the_first_registrant_of_an_address_left_there(engine) {
        let service = Service::with_factors_and_mail(engine, &[]).await;
        let squatter = service.register("ann@example.org").await;
        let (_, _, access) = service.add_app(squatter.access()).await;
        let mut key = passkey();
        service.add_passkey(&access, &mut key).await;
        service.start_app(&access).await;
        reset(&service, "ann@example.org").await;
        let owner = login(&service, "ann@example.org").await;
        assert_eq!(owner.status, 200, "nobody can be asked for a stranger's factor: {}", owner.body);
        assert_eq!(service.factors(owner.access()).await.body, json!({ "factors": [], "recovery_codes_left": 0 }));
        assert_eq!(service.login_by(&mut key).await.refusal(), (401, "passkey_invalid"));
        let tables = ["totp_factors", "passkeys", "recovery_codes"];
        assert!(service.database.counts(&tables).values().all(|count| *count == 0));
    }

    async fn an_undo_link_takes_away_what_was_added_since_and_leaves_what_was_there(engine) {
        let service = Service::with_factors_and_mail(engine, &[]).await;
        let tokens = service.register_verified("ann@example.org").await;
        let (app, codes, access) = service.add_app(tokens.access()).await;
        // A thief has the session.
        let mut key = passkey();
        let access = service.add_passkey(&access, &mut key).await.access().to_owned();
        let (other, _, access) = service.add_app(&access).await;
        let replaced = texts(&replace_codes(&service, &access).await.body["recovery_codes"]);
        undo(&service, "A passkey for auth.example.org was added").await;
        assert_eq!(service.me(&access).await.refusal(), (401, "token_invalid"));
        assert_eq!(service.login_by(&mut key).await.refusal(), (401, "passkey_invalid"));
        assert_eq!(service.login("ann@example.org").await.refusal(), (401, "invalid_credentials"), "the password is void");
        choose(&service, "ann@example.org").await;
        let asked = login(&service, "ann@example.org").await;
        assert_eq!(asked.refusal(), (403, "second_factor_required"));
        for code in [&other.code(), &replaced[0], &codes[0]] {
            is_no_code(&service.second_step(asked.text("mfa_token"), code).await, code);
        }
        let begun = service.second_step(asked.text("mfa_token"), &app.code()).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        assert_eq!(ids(&service, begun.access()).await, [app.id]);
    }

    async fn an_undo_link_of_the_first_factor_leaves_none(engine) {
        for policy in ["optional", "required"] {
            let service = Service::with_factors_and_mail(engine, &[("MFA", policy)]).await;
            let (tokens, letter) = service.register_with_mail("ann@example.org").await;
            let proof = json!({ "token": letter.token(), "password": PASSWORD });
            is_done(&service.post("/auth/email/verify", proof).await, policy);
            service.add_app(tokens.access()).await;
            undo(&service, "An authenticator app for auth.example.org was added").await;
            choose(&service, "ann@example.org").await;
            let begun = login(&service, "ann@example.org").await;
            assert_eq!(begun.status, 200, "{}", begun.body);
            assert_eq!(service.factors(begun.access()).await.body, json!({ "factors": [], "recovery_codes_left": 0 }));
            let expected = if policy == "required" { (403, "factor_required") } else { (200, "") };
            let sessions = service.get_as(begun.access(), "/auth/sessions").await;
            assert_eq!((sessions.status, sessions.body["code"].as_str().unwrap_or_default()), expected);
        }
    }

    async fn what_was_removed_stays_removed(engine) {
        let service = Service::with_factors_and_mail(engine, &[]).await;
        let tokens = service.register_verified("ann@example.org").await;
        let (app, _, access) = service.add_app(tokens.access()).await;
        is_done(&remove(&service, &access, &app.id).await, "by a thief");
        undo(&service, "An authenticator app for auth.example.org was removed").await;
        choose(&service, "ann@example.org").await;
        let begun = login(&service, "ann@example.org").await;
        assert_eq!(begun.status, 200, "who reads the mails gets in: {}", begun.body);
    }
}

async fn reset(service: &Service, email: &str) {
    let forgotten = service.post("/auth/password/forgot", json!({ "email": email })).await;
    assert_eq!(forgotten.status, 202);
    choose(service, email).await;
}

/// Chooses a password by the newest mail.
async fn choose(service: &Service, email: &str) {
    let letter = service.mails_to(email).await.pop().unwrap();
    assert_eq!(letter.subject, "Choose a new password for auth.example.org");
    let body: Value = json!({ "token": letter.token(), "new_password": NEW });
    is_done(&service.post("/auth/password/reset", body).await, "reset");
}

async fn login(service: &Service, email: &str) -> Answer {
    service.post("/auth/login", json!({ "email": email, "password": NEW })).await
}

/// Opens the undo link of the notice with this subject.
async fn undo(service: &Service, subject: &str) {
    let letters: Vec<Letter> = service.mails_to("ann@example.org").await;
    let notice = letters.iter().find(|letter| letter.subject == subject).unwrap_or_else(|| panic!("{letters:#?}"));
    is_done(&service.post("/auth/undo", json!({ "token": notice.token() })).await, subject);
}
