//! One mailbox is one account and one password one password, however a keyboard spells them.

use serde_json::{Value, json};

use crate::service::{PASSWORD, Service, credentials, eventually, on_every_engine};

const ONE: &str = "ann@xn--mnchen-3ya.example";
/// As a person, a browser, macOS and a Japanese keyboard send it.
const OTHERS: [&str; 6] = [
    "Ann@München.example",
    "ann@XN--MNCHEN-3YA.example",
    "ann@mu\u{308}nchen.example",
    "ann@ｍüｎｃｈｅｎ.example",
    "ann@münchen。example",
    " ANN@MÜN\u{ad}CHEN.EXAMPLE ",
];

const COMPOSED: &str = "Pässwörter-17-Éclairs";
/// Of the decomposed one, by the `bcrypt` of Python.
const DECOMPOSED_HASH: &str = "$2b$04$TnNrWLKUciaJNIiYLQ9C3O5me70ZKQq/V9uSDTqHDkCHpMFyOloR6";
const DECOMPOSED: &str = "Pa\u{308}sswo\u{308}rter-17-E\u{301}clairs";

fn with(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

on_every_engine! {
    async fn one_mailbox_is_one_account_at_every_door(engine) {
        let service = Service::start(engine).await;
        let registered = service.register("Ann@München.example").await;
        assert_eq!(service.me(registered.access()).await.text("email"), ONE);
        assert_eq!(crate::sessions::tokens::claims(registered.access())["email"], ONE);
        for spelling in OTHERS.into_iter().chain([ONE]) {
            let refused = service.post("/auth/register", credentials(spelling)).await;
            assert_eq!(refused.refusal(), (409, "email_taken"), "{spelling}");
            assert_eq!(service.login(spelling).await.status, 200, "{spelling}");
            let shown = service.command(&["users", "show", spelling], "");
            assert!(shown.0 == 0 && shown.1.contains(ONE), "{spelling}: {}", shown.2);
            let refused = service.command(&["users", "create", spelling], PASSWORD);
            assert!(refused.0 == 1 && refused.2.contains("already"), "{spelling}: {}", refused.2);
        }
        assert_eq!(service.database.count("users"), 1);
        for prefix in ["ann@MÜNCHEN", "ANN@mu\u{308}nchen.ex", "ann@xn--mn"] {
            assert!(service.command(&["users", "list", "--prefix", prefix], "").1.contains(ONE), "{prefix}");
        }
        eventually(async || service.database.count("audit_events"), |count| *count >= 15).await;
        let trail = service.command(&["audit", "list", "--user", "ann@münchen.example", "--event", "user_registered"], "").1;
        assert!(trail.contains(ONE), "{trail}");
    }

    async fn failures_count_for_the_mailbox_and_not_for_its_spelling(engine) {
        let service = Service::with(engine, &[("LOGIN_FAILURES", "3")]).await;
        for spelling in OTHERS.into_iter().take(3) {
            assert_eq!(service.post("/auth/login", with(spelling, "Wrong-Horse-7")).await.status, 401, "{spelling}");
        }
        assert_eq!(service.database.count("client_failures"), 2, "one row for the mailbox, one for its only client");
        let waits = service.post("/auth/login", with(ONE, "Wrong-Horse-7")).await;
        assert_eq!(waits.refusal(), (429, "too_many_attempts"));
    }

    async fn a_password_is_the_same_however_its_accents_are_typed(engine) {
        let service = Service::start(engine).await;
        for (email, typed) in [("ann@example.org", COMPOSED), ("bob@example.org", DECOMPOSED)] {
            let registered = service.post("/auth/register", with(email, typed)).await;
            assert_eq!(registered.status, 201, "{}", registered.body);
            for attempt in [COMPOSED, DECOMPOSED] {
                assert_eq!(service.post("/auth/login", with(email, attempt)).await.status, 200, "{email} {attempt:?}");
            }
            let change = |current: &str, new: &str| Some(json!({ "current_password": current, "new_password": new }));
            let again = service.post_as(registered.access(), "/auth/password", change(COMPOSED, DECOMPOSED)).await;
            assert!(again.status >= 400 && again.status < 500, "the same password is no new one: {}", again.body);
            let new = "Zwo\u{308}lf-Bo\u{308}gen-1";
            assert_eq!(service.post_as(registered.access(), "/auth/password", change(DECOMPOSED, new)).await.status, 204);
            assert_eq!(service.post("/auth/login", with(email, "Zwölf-Bögen-1")).await.status, 200);
        }
        let (code, _, err) = service.command(&["users", "set-password", "bob@example.org"], &format!("{DECOMPOSED}\n"));
        assert_eq!(code, 0, "{err}");
        assert_eq!(service.post("/auth/login", with("bob@example.org", COMPOSED)).await.status, 200);
        let login = service.post("/auth/login", with("bob@example.org", DECOMPOSED)).await;
        let body = Some(json!({ "password": DECOMPOSED }));
        assert_eq!(service.delete_as(login.access(), "/auth/me", body).await.status, 204);
    }

    async fn a_new_password_is_measured_as_it_is_kept(engine) {
        let service = Service::start(engine).await;
        let refused = service.post("/auth/register", with("ann@example.org", "E\u{301}e\u{301}o\u{308}u\u{308}-17")).await;
        assert_eq!(refused.faults(), [("password", "too_short")], "12 code points, 7 characters");
        let long = format!("Aa1-{}", "o\u{308}".repeat(124));
        assert_eq!(service.post("/auth/register", with("ann@example.org", &long)).await.status, 201);
        let longer = format!("{long}o\u{308}");
        assert_eq!(service.post("/auth/register", with("bob@example.org", &longer)).await.faults(), [("password", "too_long")]);
    }

    /// As another system or an earlier release stored it.
    async fn a_hash_of_what_was_typed_goes_on_working_and_is_replaced(engine) {
        let service = Service::start(engine).await;
        service.register("ann@example.org").await;
        service.database.execute(&format!("UPDATE users SET password_hash = '{DECOMPOSED_HASH}'"));
        assert_eq!(service.post("/auth/login", with("ann@example.org", COMPOSED)).await.status, 401, "nobody knows what was typed");
        assert_eq!(service.post("/auth/login", with("ann@example.org", "Pa\u{308}ssworter")).await.status, 401);
        assert_eq!(service.post("/auth/login", with("ann@example.org", DECOMPOSED)).await.status, 200);
        for typed in [COMPOSED, DECOMPOSED] {
            assert_eq!(service.post("/auth/login", with("ann@example.org", typed)).await.status, 200, "{typed:?}");
        }
    }
}
