//! What an operator sees of second factors and does to them, and what a server says of them when it starts.

use std::sync::Arc;

use serde_json::{Value, json as object};

use crate::service::{Engine, Service, TestDatabase, command, on_every_engine};

const OLD: &str = "old:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const NEW: &str = "new:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
const KEY: &str = "KEY_ENCRYPTION_KEY";
const PAIRS: [(&str, &str); 2] = [("JWT_ALGORITHM", "ES256"), ("JWT_ISSUER", "https://auth.example.org")];

fn json(database: &TestDatabase, variables: &[(&str, &str)], arguments: &[&str]) -> Value {
    let (code, out, err) = command(database, variables, &[arguments, &["--json"]].concat(), "");
    assert_eq!(code, 0, "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{arguments:?}: {out}"))
}

/// An account with an app that waits for its first code, and its access token.
async fn with_waiting_app(service: &Service, email: &str) -> String {
    let access = service.register(email).await.access().to_owned();
    let app = service.post_as(&access, "/auth/factors/totp", Some(object!({ "name": "Ann's phone" }))).await;
    assert_eq!(app.status, 201, "{}", app.body);
    access
}

/// As if its code had been shown: no test of a command is about codes.
fn confirm(database: &TestDatabase) {
    database.execute("UPDATE totp_factors SET confirmed_at = created_at; UPDATE users SET second_factors = 'totp'");
}

fn encrypted_with(database: &TestDatabase, name: &str) -> i64 {
    database.number(&format!("SELECT COUNT(*) AS count FROM totp_factors WHERE encrypted_with = '{name}'"))
}

on_every_engine! {
    async fn an_operator_sees_the_factors_of_an_account_and_takes_them_away(engine) {
        let service = Service::with_mail(engine, &[(KEY, OLD)]).await;
        let (mail, ann) = ([("MAIL_URL", "file:mail"), ("MAIL_FROM", "no-reply@example.org"), ("PUBLIC_URL", "https://auth.example.org")], "ann@example.org");
        let access = with_waiting_app(&service, ann).await;
        let shown = json(&service.database, &[], &["users", "show", ann]);
        assert_eq!((&shown["factors"], &shown["recovery_codes_left"]), (&object!([]), &object!(0)), "it is not confirmed");
        confirm(&service.database);
        let shown = json(&service.database, &[], &["users", "show", ann]);
        let factor = &shown["factors"][0];
        assert_eq!((&factor["type"], &factor["name"], &factor["last_used_at"]), (&object!("totp"), &object!("Ann's phone"), &Value::Null));
        let (_, text, _) = service.command(&["users", "show", ann], "");
        let line = format!("factor      {}  totp  created {}  last used never  Ann's phone", factor["id"].as_str().unwrap(), factor["created_at"].as_str().unwrap());
        assert!(text.contains(&line) && text.contains("codes left  0"), "{text}");

        let (code, out, err) = command(&service.database, &mail, &["users", "reset-factors", ann], "");
        assert!(code == 0 && out.starts_with("factors removed: ann@example.org (") && out.trim().ends_with("; one session ended"), "{out}{err}");
        assert_eq!(service.me(&access).await.refusal(), (401, "token_invalid"));
        assert_eq!(service.login(ann).await.status, 200, "a password alone");
        assert_eq!(json(&service.database, &[], &["users", "show", ann])["factors"], object!([]));
        let mails = service.mails_to(ann).await;
        assert!(mails.iter().any(|mail| mail.text.contains("/pages/undo")), "no notice among {}", mails.len());
        let trail = json(&service.database, &[], &["audit", "list", "--event", "factors_reset"]);
        assert_eq!((&trail["events"][0]["email"], &trail["events"][0]["reason"]), (&object!(ann), &object!("operator")));
        let ended = json(&service.database, &[], &["audit", "list", "--event", "session_ended"]);
        assert_eq!(ended["events"][0]["reason"], "factors_reset");

        let again = json(&service.database, &[], &["users", "reset-factors", ann]);
        assert_eq!((&again["email"], &again["sessions_ended"]), (&object!(ann), &object!(1)));
        let (code, _, err) = service.command(&["users", "reset-factors", "bob@example.org"], "");
        assert!(code == 1 && err.contains("no such account"), "{err}");
    }

    async fn an_encryption_key_can_be_changed_for_another(engine) {
        let service = Service::with(engine, &[(KEY, OLD)]).await;
        with_waiting_app(&service, "ann@example.org").await;
        confirm(&service.database);
        with_waiting_app(&service, "bob@example.org").await;
        let both = format!("{NEW},{OLD}");
        let done = json(&service.database, &[(KEY, &both)], &["keys", "reencrypt"]);
        assert_eq!(done, object!({ "signing_keys": 0, "authenticator_apps": 2 }));
        assert_eq!((encrypted_with(&service.database, "new"), encrypted_with(&service.database, "old")), (2, 0));
        let (code, out, _) = command(&service.database, &[(KEY, &both)], &["keys", "reencrypt"], "");
        assert!(code == 0 && out.contains("0 signing key(s), 0 secret(s)"), "{out}");
        // The old one is not needed any more.
        Service::on(service.database.clone(), &[(KEY, NEW)]).await;
    }

    async fn signing_keys_are_encrypted_anew_too_and_what_is_lost_keeps_none_of_the_others(engine) {
        let service = Service::with(engine, &[&PAIRS[..], &[(KEY, OLD)]].concat()).await;
        with_waiting_app(&service, "ann@example.org").await;
        with_waiting_app(&service, "bob@example.org").await;
        service.database.execute("UPDATE totp_factors SET encrypted_with = 'lost' WHERE user_id = (SELECT id FROM users WHERE email = 'ann@example.org')");
        let both = format!("{NEW},{OLD}");
        let (code, _, err) = command(&service.database, &[&PAIRS[..], &[(KEY, &both)]].concat(), &["keys", "reencrypt"], "");
        assert!(code == 1 && err.contains("`lost`"), "{err}");
        assert_eq!(encrypted_with(&service.database, "new"), 1);
        let keys = json(&service.database, &[&PAIRS[..], &[(KEY, NEW)]].concat(), &["keys", "list"]);
        assert_eq!(keys[0]["sealed_with"], "new");
    }

    async fn a_server_without_a_key_that_apps_need_does_not_start(engine) {
        let mut service = Service::with(engine, &[(KEY, OLD)]).await;
        with_waiting_app(&service, "ann@example.org").await;
        service.kill();
        let database = service.database.clone();
        let check = |variables: &[(&str, &str)]| command(&database, variables, &["check"], "");
        assert_eq!(check(&[]).0, 0, "it is not confirmed");
        confirm(&database);
        for variables in [&[][..], &[("MFA", "off")], &[(KEY, NEW)], &[(KEY, NEW), ("MFA", "required")]] {
            for arguments in [&["serve"][..], &["check"]] {
                let (code, out, err) = command(&database, variables, arguments, "");
                let told = "The configuration has 1 fault(s):\n  KEY_ENCRYPTION_KEY: must have the key named `old`: ";
                assert!(code == 1 && err.contains(told) && !out.contains("listening"), "{variables:?} {arguments:?}: {out}{err}");
            }
        }
        let (code, out, err) = check(&[(KEY, OLD)]);
        assert!(code == 0 && out.contains("1 of 1 account(s) have one, and are asked for it (MFA=optional)"), "{out}{err}");
        // The way out where nobody has it any more.
        assert_eq!(json(&database, &[], &["users", "reset-factors", "ann@example.org"])["sessions_ended"], 1);
        Service::on(database, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_no_login_asks_is_told_at_the_start() {
    let service = Service::with(Engine::Sqlite, &[(KEY, OLD), ("MFA", "off")]).await;
    with_factor(&service.database).await;
    assert!(!service.log_text().contains("MFA is off"), "nobody had one");
    let other = Service::on(service.database.clone(), &[(KEY, OLD), ("MFA", "off")]).await;
    assert_eq!(other.logged("MFA is off: accounts have second factors", 1).await, 1);
    let (_, out, _) = command(&service.database, &[(KEY, OLD), ("MFA", "off")], &["check"], "");
    assert!(out.contains("! second factors 1 account(s) have one, and no login asks for it (MFA=off)"), "{out}");
}

/// An account with an app, made by a server that has such paths.
async fn with_factor(database: &Arc<TestDatabase>) {
    let service = Service::on(database.clone(), &[(KEY, OLD)]).await;
    with_waiting_app(&service, "ann@example.org").await;
    confirm(database);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_whom_logins_ask_and_where_passkeys_work() {
    let service = Service::with(Engine::Sqlite, &[(KEY, OLD)]).await;
    let told = |variables: &[(&str, &str)]| {
        let (code, out, err) = command(&service.database, variables, &["check"], "");
        assert_eq!(code, 0, "{out}{err}");
        out
    };
    let nobody = told(&[]);
    assert!(
        nobody.contains("0 of 0 account(s) have one") && nobody.contains("no authenticator apps: KEY_ENCRYPTION_KEY is unset"),
        "{nobody}"
    );
    service.register("ann@example.org").await;
    let required = told(&[(KEY, OLD), ("MFA", "required")]);
    assert!(required.contains("! second factors 1 of 1 account(s) have none"), "{required}");
    assert!(told(&[("PUBLIC_URL", "http://127.0.0.1:8000")]).contains("! passkeys       off: 127.0.0.1 is an address"));
    service.database.execute("UPDATE users SET second_factors = 'passkey recovery_code'");
    assert!(told(&[]).contains("! passkeys       1 account(s) have some, which cannot be used"));
    assert!(told(&[("PUBLIC_URL", "https://auth.example.org")]).contains("✓ passkeys       bound to auth.example.org for good"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_nothing_is_encrypted() {
    let service = Service::start(Engine::Sqlite).await;
    let (code, out, err) = service.command(&["keys", "reencrypt"], "");
    assert!(code == 1 && out.is_empty() && err.contains("KEY_ENCRYPTION_KEY is unset"), "{out}{err}");
}
