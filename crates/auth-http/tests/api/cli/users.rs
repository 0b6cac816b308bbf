//! `auth-server users`, beside a server that runs on the same database.

use serde_json::{Value, json};

use crate::service::{PASSWORD, Service, command, eventually, on_every_engine};

fn json(service: &Service, arguments: &[&str], input: &str) -> Value {
    let (code, out, err) = service.command(&[arguments, &["--json"]].concat(), input);
    assert_eq!(code, 0, "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{arguments:?}: {out}"))
}

fn refused(service: &Service, arguments: &[&str], input: &str) -> String {
    let (code, out, err) = service.command(arguments, input);
    assert!(code == 1 && out.is_empty(), "{arguments:?}: {code} {out}");
    err
}

on_every_engine! {
    async fn an_operator_makes_and_finds_accounts(engine) {
        let service = Service::start(engine).await;
        let made = json(&service, &["users", "create", " Ann@Example.org"], &format!("{PASSWORD}\n"));
        assert_eq!((&made["email"], &made["state"]), (&json!("ann@example.org"), &json!("active")));
        let login = service.login("ann@example.org").await;
        assert_eq!(login.status, 200);
        let id = made["id"].as_str().unwrap();
        for who in [id, "ANN@example.org"] {
            let shown = json(&service, &["users", "show", who], "");
            assert_eq!((&shown["id"], &shown["state"]), (&json!(id), &json!("active")));
            assert!(shown["last_login_at"].is_string());
            assert_eq!(shown["sessions"][0]["id"], crate::sessions::tokens::claims(login.access())["sid"]);
        }
        assert!(service.command(&["users", "show", id], "").1.contains("ann@example.org"));
        assert!(refused(&service, &["users", "create", "ann@example.org"], PASSWORD).contains("already"));
        assert!(refused(&service, &["users", "create", "nobody"], PASSWORD).contains("e-mail"));
        let weak = refused(&service, &["users", "create", "bob@example.org"], "short\n");
        assert!(weak.contains("at least 12") && weak.contains("digit") && !weak.contains("short"), "{weak}");
        let weak = refused(&service, &["users", "create", "bob@example.org"], "Password1234!\n");
        assert!(weak.contains("most common passwords") && !weak.contains("1234"), "{weak}");
        let named = refused(&service, &["users", "create", "bobby@example.org"], "Bobby-and-7-horses\n");
        assert!(named.contains("e-mail address or the name in it") && !named.contains("horses"), "{named}");
        for (password, word) in [("P@ssw0rd2024!\n", "common"), ("Xx1-ann@example.org\n", "e-mail")] {
            let weak = refused(&service, &["users", "set-password", id], password);
            assert!(weak.contains(word) && service.login("ann@example.org").await.status == 200, "{weak}");
        }
        for gone in ["bob@example.org", "00000000-0000-7000-8000-000000000000"] {
            assert!(refused(&service, &["users", "show", gone], "").contains("no such account"));
        }
    }

    async fn an_operator_pages_through_accounts(engine) {
        let service = Service::start(engine).await;
        for email in ["anna@x.org", "ann@x.org", "bob@x.org", "a_n@x.org", "an%@x.org"] {
            json(&service, &["users", "create", email], PASSWORD);
        }
        let emails = |page: &Value| page["users"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let all = json(&service, &["users", "list"], "");
        assert_eq!((emails(&all), &all["next"]), (["a_n@x.org", "an%@x.org", "ann@x.org", "anna@x.org", "bob@x.org"].map(str::to_owned).to_vec(), &Value::Null));
        assert_eq!(emails(&json(&service, &["users", "list", "--prefix", "ANN"], "")), ["ann@x.org", "anna@x.org"]);
        assert_eq!(emails(&json(&service, &["users", "list", "--prefix", "an%"], "")), ["an%@x.org"]);
        let first = json(&service, &["users", "list", "--limit", "2"], "");
        assert_eq!(first["next"], "an%@x.org");
        assert_eq!(emails(&json(&service, &["users", "list", "--limit", "2", "--after", "an%@x.org"], "")), ["ann@x.org", "anna@x.org"]);
        assert!(service.command(&["users", "list", "--limit", "2"], "").1.contains("--after an%@x.org"));
    }

    async fn a_command_ends_cleanly_every_time(engine) {
        let service = Service::start(engine).await;
        // A crash on the way out came about once in seven times.
        for _ in 0..30 {
            let (code, out, err) = service.command(&["users", "list"], "");
            assert_eq!((code, out.trim(), err.as_str()), (0, "No accounts.", ""));
        }
    }

    async fn what_an_operator_does_holds_at_once(engine) {
        let service = Service::start(engine).await;
        let before = service.register("ann@example.org").await;
        let me = service.me(before.access()).await;
        let id = me.text("id");
        let disabled = json(&service, &["users", "disable", id], "");
        assert_eq!((&disabled["sessions_ended"], &disabled["state"]), (&json!(1), &json!("disabled")));
        assert_eq!(service.me(before.access()).await.refusal(), (401, "token_invalid"));
        assert_eq!(service.login("ann@example.org").await.refusal(), (401, "invalid_credentials"));
        json(&service, &["users", "enable", id], "");
        assert_eq!(service.me(before.access()).await.refusal(), (401, "token_invalid"), "what has ended stays ended");
        let again = service.login("ann@example.org").await;
        assert_eq!(again.status, 200);
        assert_eq!(json(&service, &["users", "end-sessions", id], "")["sessions_ended"], 1);
        assert_eq!(service.refresh(again.refresh()).await.refusal(), (401, "token_invalid"));
        let again = service.login("ann@example.org").await;
        assert_eq!(json(&service, &["users", "set-password", id], "Another-Horse-8-Battery\n")["sessions_ended"], 1);
        assert_eq!(service.me(again.access()).await.refusal(), (401, "token_invalid"));
        assert_eq!(service.login("ann@example.org").await.status, 401);
        let new = service.post("/auth/login", json!({ "email": "ann@example.org", "password": "Another-Horse-8-Battery" })).await;
        assert_eq!(new.status, 200);
        json(&service, &["users", "delete", "ann@example.org"], "");
        assert_eq!(service.me(new.access()).await.refusal(), (401, "token_invalid"));
        assert_eq!((service.database.count("users"), service.database.count("sessions")), (0, 0));
        assert!(refused(&service, &["users", "delete", "ann@example.org"], "").contains("no such account"));
    }

    async fn an_operator_vouches_for_an_address(engine) {
        let service = Service::start(engine).await;
        let made = json(&service, &["users", "create", "ann@example.org"], PASSWORD);
        assert_eq!((&made["email_verified"], &made["pending_email"], &made["invited"]), (&json!(false), &Value::Null, &json!(false)));
        assert!(service.command(&["users", "show", "ann@example.org"], "").1.contains("ann@example.org (not verified)"));
        for _ in ["once", "and again"] {
            assert_eq!(json(&service, &["users", "verify", "Ann@example.org"], "")["email_verified"], true);
        }
        assert!(service.command(&["users", "verify", "ann@example.org"], "").1.starts_with("verified: ann@example.org"));
        assert!(service.command(&["users", "show", "ann@example.org"], "").1.contains("ann@example.org (verified)"));
        assert_eq!(json(&service, &["users", "list"], "")["users"][0]["email_verified"], true);
        assert!(refused(&service, &["users", "verify", "bob@example.org"], "").contains("no such account"));
        let trail = json(&service, &["audit", "list", "--event", "email_verified"], "");
        assert_eq!((&trail["events"][0]["email"], &trail["events"][0]["reason"]), (&json!("ann@example.org"), &json!("operator")));
    }

    async fn an_operator_gives_and_takes_roles(engine) {
        let service = Service::start(engine).await;
        json(&service, &["users", "create", "ann@example.org"], PASSWORD);
        let ann = ["ann@example.org"];
        let users = |arguments: &[&str]| json(&service, &[&["users"], arguments].concat(), "");
        assert_eq!(users(&["roles", "list", ann[0]])["roles"], json!([]));
        for _ in ["once", "and again"] {
            assert_eq!(users(&["roles", "add", ann[0], "editor"])["roles"], json!(["editor"]));
        }
        assert_eq!(users(&["roles", "add", ann[0], "auditor"])["roles"], json!(["auditor", "editor"]));
        assert_eq!(service.command(&["users", "roles", "list", ann[0]], "").1, "auditor\neditor\n");
        assert!(service.command(&["users", "show", ann[0]], "").1.contains("roles       auditor editor\n"));
        assert_eq!(users(&["roles", "remove", ann[0], "editor"])["roles"], json!(["auditor"]));
        assert!(refused(&service, &["users", "roles", "add", ann[0], "Admin"], "").contains("must begin with a letter"));
        for number in 1..32 {
            users(&["roles", "add", ann[0], &format!("role{number}")]);
        }
        assert!(refused(&service, &["users", "roles", "add", ann[0], "one-more"], "").contains("at most 32"));
        let trail = json(&service, &["audit", "list", "--event", "user_updated", "--limit", "1"], "");
        assert_eq!((&trail["events"][0]["email"], &trail["events"][0]["reason"]), (&json!("ann@example.org"), &json!("operator")));
    }

    async fn an_operator_sets_attributes(engine) {
        let service = Service::start(engine).await;
        json(&service, &["users", "create", "ann@example.org"], PASSWORD);
        let set = |name: &str, value: &str| json(&service, &["users", "set-attribute", "ann@example.org", name, value], "")["attributes"].clone();
        assert_eq!(set("plan", "\"gold\""), json!({ "plan": "gold" }));
        assert_eq!(set("seats", "-5"), json!({ "plan": "gold", "seats": -5 }));
        assert_eq!(set("plan", r#"{"name":"gold","until":null}"#), json!({ "plan": { "name": "gold", "until": null }, "seats": -5 }));
        assert_eq!(set("plan", r#"{"name":"silver"}"#)["plan"], json!({ "name": "silver" }), "it is set, and not merged");
        assert!(service.command(&["users", "show", "ann@example.org"], "").1.contains(r#"attributes  {"plan":{"name":"silver"},"seats":-5}"#));
        assert_eq!(set("plan", "null"), json!({ "seats": -5 }));
        let refuse = |value: &str| refused(&service, &["users", "set-attribute", "ann@example.org", "plan", value], "");
        assert!(refuse("gold").contains("quotation marks") && refuse(r#"{"a":1,"a":2}"#).contains("twice"));
        assert!(refuse(&format!("\"{}\"", "x".repeat(4100))).contains("at most 4096 bytes"));
        assert!(refuse("[[[[[1]]]]]").contains("at most 5 levels"));
    }

    async fn the_last_administrator_goes_by_force_alone(engine) {
        let service = Service::start(engine).await;
        let without_factors = |arguments: &[&str]| command(&service.database, &[("ADMIN_REQUIRE_MFA", "false")], arguments, "");
        for email in ["ann@example.org", "ben@example.org"] {
            json(&service, &["users", "create", email], PASSWORD);
        }
        assert_eq!(without_factors(&["users", "roles", "add", "ann@example.org", "admin"]).0, 0);
        for arguments in [&["roles", "remove", "ann@example.org", "admin"][..], &["disable", "ann@example.org"], &["delete", "ann@example.org"]] {
            let arguments = [&["users"], arguments].concat();
            let (code, out, err) = without_factors(&arguments);
            assert!(code == 1 && out.is_empty() && err.contains("--force"), "{arguments:?}: {code} {out} {err}");
        }
        assert_eq!(without_factors(&["users", "roles", "add", "ben@example.org", "admin"]).0, 0);
        assert_eq!(without_factors(&["users", "disable", "ann@example.org"]).0, 0, "there is another");
        assert_eq!(without_factors(&["users", "roles", "remove", "ben@example.org", "admin"]).0, 1, "who is disabled could not act");
        assert_eq!(without_factors(&["users", "roles", "remove", "ben@example.org", "admin", "--force"]).0, 0);
        assert_eq!(json(&service, &["users", "roles", "list", "ben@example.org"], "")["roles"], json!([]));
    }

    async fn an_invitation_needs_mail(engine) {
        let service = Service::start(engine).await;
        assert!(refused(&service, &["users", "create", "ann@example.org", "--invite"], "").contains("set MAIL_URL"));
        assert!(refused(&service, &["users", "create", "ann@example.org"], "").contains("at least 12"));
        assert_eq!(service.database.count("users"), 0);
    }

    async fn an_address_that_is_asked_for_is_shown_while_it_may_come_true(engine) {
        let service = Service::start(engine).await;
        json(&service, &["users", "create", "ann@example.org"], PASSWORD);
        let pending = |until: &str| {
            let (address, until) = ("pending_email = 'new@example.org'", format!("pending_email_until = '{until}'"));
            service.database.execute(&format!("UPDATE users SET {address}, {until}"));
            json(&service, &["users", "show", "ann@example.org"], "")["pending_email"].clone()
        };
        assert_eq!(pending("2036-01-01 00:00:00"), "new@example.org");
        assert!(service.command(&["users", "show", "ann@example.org"], "").1.contains("not verified, to be new@example.org"));
        assert_eq!(pending("2020-01-01 00:00:00"), Value::Null);
    }

    async fn sessions_that_are_long_over_are_forgotten(engine) {
        let service = Service::start(engine).await;
        service.register("ann@example.org").await;
        service.login("ann@example.org").await;
        service.database.execute("UPDATE sessions SET expires_at = '2020-01-01 00:00:00'");
        let live = service.login("ann@example.org").await;
        assert_eq!(service.database.count("sessions"), 3);
        // Any server forgets them when it starts, and now and then.
        let other = Service::on(service.database.clone(), &[]).await;
        eventually(async || service.database.count("sessions"), |count| *count == 1).await;
        assert_eq!(other.me(live.access()).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_told_apart_from_failure() {
    let service = Service::start(crate::service::Engine::Sqlite).await;
    for usage in [
        &["users"][..],
        &["users", "nonsense"],
        &["users", "create"],
        &["users", "list", "--limit", "0"],
        &["users", "create", "a@x.org", "password"],
    ] {
        assert_eq!(service.command(usage, "").0, 2, "{usage:?}");
    }
    assert!(service.command(&["users", "--help"], "").1.contains("set-password"));
}
