//! POST /auth/passkeys/login

use auth_domain::factors::{one_time_token::OneTimeToken, ports::OneTimeTokenCodec};
use auth_infra::{
    one_time_tokens::HmacOneTimeTokens,
    webauthn::authenticator::{BACKED_UP, BACKUP_ELIGIBLE, PRESENT, VERIFIED, VirtualAuthenticator},
};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{is_refused, login, reasons};
use crate::{
    factors::methods,
    oauth::introspect::Client,
    service::{Answer, Engine, REFRESH_SECRET, Service, on_every_engine, passkey},
    sessions::tokens::claims,
};

/// An account with a passkey.
async fn enrolled(service: &Service, email: &str) -> VirtualAuthenticator {
    let tokens = service.register(email).await;
    let mut key = passkey();
    service.add_passkey(tokens.access(), &mut key).await;
    key
}

/// What is wrong with an authenticator.
type Change = fn(&mut VirtualAuthenticator);

on_every_engine! {
    async fn it_needs_no_password_and_is_two_factors(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(service.database.clone(), &[]).await;
        let mut key = enrolled(&service, "ann@example.org").await;
        let shown = service.show(&mut key).await;
        let begun = login(&second, shown).await;
        assert_eq!((begun.status, begun.header("cache-control")), (200, Some("no-store")));
        let said = claims(begun.access());
        assert_eq!((&said["amr"], &said["acr"], &said["email"]), (&json!(["hwk", "user", "mfa"]), &json!("aal2"), &json!("ann@example.org")));
        assert!(said.get("scope").is_none() && (said["iat"].as_i64().unwrap() - said["auth_time"].as_i64().unwrap()).abs() <= 1, "{said}");
        let told = Client::add(&service).ask(&service, begun.refresh()).await.body;
        assert_eq!((&told["amr"], &told["acr"], &told["auth_time"]), (&said["amr"], &said["acr"], &said["auth_time"]));
        assert_eq!(service.post_as(begun.access(), "/auth/passkeys/options", None).await.status, 200, "it is fresh");
        let next = claims(service.refresh(begun.refresh()).await.access());
        assert_eq!((&next["amr"], &next["acr"]), (&said["amr"], &said["acr"]));
        assert_eq!(methods(&service, "factor_added", 1).await, ["passkey"]);
        assert_eq!(methods(&second, "login_succeeded", 1).await, ["passkey"]);
    }

    async fn it_is_a_full_session_where_a_factor_is_required(engine) {
        let service = Service::with_factors(engine, &[("MFA", "required")]).await;
        let mut key = enrolled(&service, "ann@example.org").await;
        let begun = service.login_by(&mut key).await;
        assert_eq!(service.get_as(begun.access(), "/auth/sessions").await.status, 200);
    }

    async fn whatever_is_wrong_is_answered_alike(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let mut key = enrolled(&service, "ann@example.org").await;
        let handle = key.user_handle.clone();
        let mut other = enrolled(&service, "bob@example.org").await;
        let mut refusals = Vec::new();
        let changes: [(&str, Change); 7] = [
            ("another page", |key| key.origin = "https://evil.example.net".to_owned()),
            ("another relying party", |key| key.relying_party = "example.org".to_owned()),
            ("its user was not verified", |key| key.flags = PRESENT),
            ("its user was not there", |key| key.flags = VERIFIED),
            ("it can be backed up all of a sudden", |key| key.flags |= BACKUP_ELIGIBLE),
            ("no user handle", |key| key.user_handle = None),
            ("an empty one", |key| key.user_handle = Some(Vec::new())),
        ];
        for (what, change) in changes {
            let (flags, relying_party, origin) = (key.flags, key.relying_party.clone(), key.origin.clone());
            change(&mut key);
            let answer = service.login_by(&mut key).await;
            is_refused(&answer, what);
            refusals.push(answer);
            (key.flags, key.relying_party, key.origin, key.user_handle) = (flags, relying_party, origin, handle.clone());
        }
        other.user_handle = handle.clone();
        refusals.push(service.login_by(&mut other).await);
        let mut unknown = passkey();
        unknown.user_handle = handle.clone();
        refusals.push(service.login_by(&mut unknown).await);
        unknown.id = key.id.clone();
        refusals.push(service.login_by(&mut unknown).await);
        let nothing = json!({ "rawId": "", "response": { "clientDataJSON": "", "authenticatorData": "", "signature": "" } });
        refusals.push(login(&service, json!({ "challenge_id": service.challenge().await.0, "credential": nothing })).await);
        refusals.push(login(&service, json!({ "challenge_id": "x", "credential": nothing })).await);
        for refused in &refusals {
            is_refused(refused, "whatever it is");
            assert_eq!(refused.text("detail"), refusals[0].text("detail"));
        }
        assert_eq!(service.login_by(&mut key).await.status, 200, "as it was");
        let expected = [
            "wrong_origin", "wrong_relying_party", "user_not_verified", "user_not_verified", "backup_state",
            "unknown_credential", "unknown_credential", "unknown_credential", "unknown_credential", "wrong_signature",
            "unknown_credential", "challenge",
        ];
        assert_eq!(reasons(&service, expected.len()).await, expected);
    }

    async fn a_challenge_counts_once_good_or_bad_and_for_five_minutes(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(service.database.clone(), &[]).await;
        let mut key = enrolled(&service, "ann@example.org").await;
        let shown = service.show(&mut key).await;
        let mut spoilt = shown.clone();
        spoilt["credential"]["response"]["signature"] = json!("AAAA");
        is_refused(&login(&second, spoilt).await, "a wrong signature");
        is_refused(&login(&service, shown).await, "which has used the challenge up");

        let shown = service.show(&mut key).await;
        let attempts = (0..8).map(|number| login([&service, &second][number % 2], shown.clone()));
        let answers = futures_util::future::join_all(attempts).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:#?}");

        let codec = HmacOneTimeTokens::new(REFRESH_SECRET.as_bytes()).unwrap();
        for (minutes, is_good) in [(-1, false), (0, false), (4, true)] {
            let mut shown = service.show(&mut key).await;
            let token = codec.decode(shown["challenge_id"].as_str().unwrap()).unwrap();
            let moved = token.expires_at - TimeDelta::minutes(5) + TimeDelta::minutes(minutes);
            shown["challenge_id"] = json!(codec.encode(&OneTimeToken { expires_at: moved, ..token }));
            let answer = login(&service, shown).await;
            if is_good { assert_eq!(answer.status, 200) } else { is_refused(&answer, "expired") }
        }
        let secret = ("JWT_REFRESH_SECRET_KEY", "another-secret-of-the-tests-0123456789abcdef");
        let stranger = Service::with_factors_on(service.database.clone(), &[secret]).await;
        is_refused(&login(&stranger, service.show(&mut key).await).await, "of a server with another secret");
    }

    async fn a_counter_has_to_grow_unless_there_is_none(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        let mut key = passkey();
        key.counter = 5;
        service.add_passkey(tokens.access(), &mut key).await;
        for (counter, is_good) in [(5, false), (6, true), (6, false), (0, false), (1, false), (u32::MAX - 1, true), (7, false)] {
            key.counter = counter;
            let answer = service.login_by(&mut key).await;
            if is_good { assert_eq!(answer.status, 200, "{counter}") } else { is_refused(&answer, &counter.to_string()) }
        }
        let mut none = passkey();
        service.add_passkey(tokens.access(), &mut none).await;
        for _ in 0..2 {
            assert_eq!(service.login_by(&mut none).await.status, 200);
        }
        none.counter = 1;
        assert_eq!(service.login_by(&mut none).await.status, 200, "it begins to count");
        none.counter = 0;
        is_refused(&service.login_by(&mut none).await, "and must go on");
        let cloned = service.audited("passkey_cloned", 6).await;
        assert!(cloned.iter().all(|line| line["email"] == "ann@example.org" && line["methods"] == "passkey" && line["outcome"] == "failure"));
        assert!(reasons(&service, 6).await.iter().all(|reason| reason == "counter"));
    }

    async fn one_count_begins_one_session(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(service.database.clone(), &[]).await;
        let tokens = service.register("ann@example.org").await;
        let mut key = passkey();
        key.counter = 1;
        service.add_passkey(tokens.access(), &mut key).await;
        // Two copies of a key, which do not know of each other.
        let mut bodies = Vec::new();
        for _ in 0..6 {
            key.counter = 2;
            bodies.push(service.show(&mut key).await);
        }
        let attempts = bodies.into_iter().enumerate().map(|(number, body)| login([&service, &second][number % 2], body));
        let answers = futures_util::future::join_all(attempts).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:#?}");
        answers.iter().filter(|answer| answer.status != 200).for_each(|answer| is_refused(answer, "a copy"));
    }

    async fn backup_state_is_kept_and_eligibility_stays(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        let mut key = passkey();
        key.flags |= BACKUP_ELIGIBLE;
        service.add_passkey(tokens.access(), &mut key).await;
        for (flags, backed_up) in [(BACKED_UP, 1), (0, 0), (BACKED_UP, 1)] {
            key.flags = PRESENT | VERIFIED | BACKUP_ELIGIBLE | flags;
            assert_eq!(service.login_by(&mut key).await.status, 200);
            assert_eq!(service.database.count("passkeys WHERE backed_up"), backed_up);
        }
        key.flags = PRESENT | VERIFIED;
        is_refused(&service.login_by(&mut key).await, "it cannot be backed up any more");
    }

    async fn a_disabled_or_deleted_account_has_none(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let mut key = enrolled(&service, "ann@example.org").await;
        for (measure, is_good) in [("disable", false), ("enable", true), ("delete", false)] {
            let (code, _, fault) = service.command(&["users", measure, "ann@example.org"], "");
            assert_eq!(code, 0, "{fault}");
            let answer = service.login_by(&mut key).await;
            if is_good { assert_eq!(answer.status, 200) } else { is_refused(&answer, measure) }
        }
        assert_eq!(service.database.count("passkeys"), 0);
        assert_eq!(reasons(&service, 2).await, ["account_disabled", "unknown_credential"]);
    }

    async fn an_address_that_has_to_be_verified_has_to_be_verified(engine) {
        let before = Service::with_factors_and_mail(engine, &[]).await;
        let mut key = enrolled(&before, "ann@example.org").await;
        before.outbox_is_empty().await;
        before.forget_mails_to("ann@example.org");
        let service = Service::with_mail_on(before.database.clone(), &[crate::service::ENCRYPTION, ("EMAIL_VERIFICATION", "required")]).await;
        let refused: Answer = service.login_by(&mut key).await;
        assert_eq!(refused.refusal(), (403, "email_unverified"));
        let letter = service.mails_to("ann@example.org").await.into_iter().rfind(|letter| letter.subject.contains("Confirm")).unwrap();
        let body: Value = json!({ "token": letter.token(), "password": crate::service::PASSWORD });
        assert_eq!(service.post("/auth/email/verify", body).await.status, 204);
        assert_eq!(service.login_by(&mut key).await.status, 200);
    }

    async fn the_failures_of_the_account_stand_in_nobodys_way(engine) {
        let service = Service::with_factors(engine, &[("LOGIN_FAILURES", "2")]).await;
        let mut key = enrolled(&service, "ann@example.org").await;
        for _ in 0..2 {
            let wrong = json!({ "email": "ann@example.org", "password": "wrong" });
            assert_eq!(service.post("/auth/login", wrong).await.status, 401);
        }
        assert_eq!(service.login("ann@example.org").await.refusal(), (429, "too_many_attempts"));
        assert_eq!(service.login_by(&mut key).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_domain_may_show_one_and_others_may_not() {
    let origins =
        "https://auth.example.org,https://app.example.org,android:apk-key-hash:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let service =
        Service::with_factors(Engine::Sqlite, &[("WEBAUTHN_RP_ID", "example.org"), ("WEBAUTHN_ORIGINS", origins)]).await;
    let tokens = service.register("ann@example.org").await;
    let mut key = passkey();
    key.relying_party = "example.org".to_owned();
    service.add_passkey(tokens.access(), &mut key).await;
    for origin in origins.split(',') {
        key.origin = origin.to_owned();
        assert_eq!(service.login_by(&mut key).await.status, 200, "{origin}");
    }
    for origin in [
        "https://example.org",
        "https://app.example.org:8443",
        "http://app.example.org",
        "https://app.example.org.evil.net",
        "android:apk-key-hash:x",
        "null",
        "",
    ] {
        key.origin = origin.to_owned();
        is_refused(&service.login_by(&mut key).await, origin);
    }
}
