//! The audit trail in the database: whole, whatever happens, and in nobody's way.

use serde_json::{Value, json};

use crate::service::{Answer, Engine, Hold, PASSWORD, PrivateServer, Service, credentials, eventually, on_every_engine};

/// What `audit list` answers.
fn listed(service: &Service, arguments: &[&str]) -> Value {
    let (code, out, err) = service.command(&[&["audit", "list", "--json"], arguments].concat(), "");
    assert_eq!(code, 0, "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

/// The events of such an answer.
fn events(page: &Value) -> Vec<&str> {
    page["events"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect()
}

/// What an event says, in the log or in the table, without when it was written down.
fn said(event: &Value) -> String {
    let names = ["event", "outcome", "reason", "methods", "user_id", "session_id", "email", "client", "user_agent", "request_id"];
    let said: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), event[*name].clone())).collect();
    Value::from(said).to_string()
}

/// A bit of everything that clients do.
async fn a_busy_day(service: &Service) {
    let first = service.register("ann@example.org").await;
    service.post("/auth/register", credentials("ann@example.org")).await;
    let second = service.login("ann@example.org").await;
    service.post("/auth/login", json!({ "email": "ann@example.org", "password": "wrong" })).await;
    service.post("/auth/login", json!({ "email": "nobody@example.org", "password": "wrong" })).await;
    let refreshed = service.refresh(second.refresh()).await;
    service.refresh(service.refresh(refreshed.refresh()).await.refresh()).await;
    assert_eq!(service.refresh(second.refresh()).await.refusal(), (401, "token_reused"));
    service.refresh("nonsense").await;
    let change = |current: &str| json!({ "current_password": current, "new_password": "Another-Horse-8-Battery" });
    service.post_as(first.access(), "/auth/password", Some(change("wrong"))).await;
    assert_eq!(service.post_as(first.access(), "/auth/password", Some(change(PASSWORD))).await.status, 204);
    service.post_as(first.access(), "/auth/logout", None).await;
    for client in ["00000000-0000-7000-8000-000000000000", "nobody"] {
        let asked =
            service.request(reqwest::Method::POST, "/oauth/introspect").basic_auth(client, Some("x")).form(&[("token", "x")]);
        assert_eq!(Answer::of(asked).await.status, 401);
    }
    let bob = service.register("bob@example.org").await;
    service.delete_as(bob.access(), "/auth/me", Some(json!({ "password": "wrong" }))).await;
    assert_eq!(service.delete_as(bob.access(), "/auth/me", Some(json!({ "password": PASSWORD }))).await.status, 204);
}

on_every_engine! {
    async fn what_is_logged_is_kept(engine) {
        let mut service = Service::start(engine).await;
        a_busy_day(&service).await;
        service.signal("-TERM");
        assert_eq!(service.wait().code(), Some(0));
        service.logged("stopped", 1).await;

        let mut logged: Vec<_> = service.events().iter().map(said).collect();
        let page = listed(&service, &["--limit", "1000"]);
        let mut kept: Vec<_> = page["events"].as_array().unwrap().iter().map(said).collect();
        logged.sort();
        kept.sort();
        assert_eq!(kept, logged);
        for event in ["user_registered", "registration_refused", "login_succeeded", "login_failed", "token_refreshed", "refresh_refused",
            "token_reused", "logged_out", "password_changed", "password_change_refused", "account_deleted", "account_deletion_refused", "client_refused"] {
            assert!(events(&page).contains(&event), "{event} is missing");
        }
        assert!(page["events"].as_array().unwrap().is_sorted_by(|later, earlier| later["time"].as_str() >= earlier["time"].as_str()));
    }

    async fn what_an_operator_does_is_kept_when_the_command_ends(engine) {
        let service = Service::start(engine).await;
        let ran = |arguments: &[&str]| assert_eq!(service.command(arguments, PASSWORD).0, 0, "{arguments:?}");
        ran(&["users", "create", "ann@example.org"]);
        service.login("ann@example.org").await;
        for measure in ["disable", "enable", "set-password", "delete"] {
            ran(&["users", measure, "ann@example.org"]);
        }
        // Sorted, as of one moment the order is anybody's guess.
        let all = ["account_deleted", "account_disabled", "account_enabled", "login_succeeded", "password_changed", "session_ended", "user_registered"];
        let kept = eventually(async || listed(&service, &["--user", "ann@example.org"]), |page| events(page).len() >= all.len()).await;
        let mut found = events(&kept);
        found.sort_unstable();
        assert_eq!(found, all);
        assert!(kept["events"].as_array().unwrap().iter().filter(|event| event["reason"] == "operator").count() == 5);
    }

    async fn an_operator_finds_what_happened(engine) {
        let service = Service::start(engine).await;
        let ann = service.register("ann@example.org").await;
        let id = service.me(ann.access()).await.text("id").to_owned();
        service.register("bob@example.org").await;
        for address in ["ann@example.org", "nobody@example.org"] {
            service.post("/auth/login", json!({ "email": address, "password": "wrong" })).await;
        }
        eventually(async || service.database.count("audit_events"), |count| *count == 4).await;
        let (code, text, err) = service.command(&["audit", "list"], "");
        assert_eq!((code, text.lines().count(), err.as_str()), (0, 4, ""));
        assert!(text.contains("  login_failed  failure (unknown_address)  from 127.0.0.1  nobody@example.org\n"), "{text}");
        assert_eq!(events(&listed(&service, &["--user", " ANN@example.org"])), ["login_failed", "user_registered"]);
        assert_eq!(events(&listed(&service, &["--user", &id])), ["login_failed", "user_registered"]);
        assert_eq!(events(&listed(&service, &["--user", "nobody@example.org"])), ["login_failed"]);
        assert_eq!(events(&listed(&service, &["--event", "user_registered"])), ["user_registered"; 2]);
        assert_eq!(events(&listed(&service, &["--since", "1h", "--event", "login_failed"])), ["login_failed"; 2]);
        assert_eq!(events(&listed(&service, &["--since", "2100-01-01T00:00:00Z"])), [""; 0]);
        assert_eq!(service.command(&["audit", "list", "--since", "2100-01-01T00:00:00Z"], "").1, "No events.\n");

        let first = listed(&service, &["--limit", "3"]);
        let next = first["next"].as_str().unwrap();
        let rest = listed(&service, &["--limit", "3", "--after", next]);
        let whole = listed(&service, &[]);
        assert_eq!([events(&first), events(&rest)].concat(), events(&whole));
        assert_eq!((&rest["next"], &whole["next"]), (&Value::Null, &Value::Null));
        assert!(service.command(&["audit", "list", "--limit", "3"], "").1.contains(&format!("--after {next}")));
        for usage in [&["--since", "yesterday"][..], &["--event", "nonsense"], &["--limit", "0"], &["--after", "x"], &["extra"]] {
            assert_eq!(service.command(&[&["audit", "list"], usage].concat(), "").0, 2, "{usage:?}");
        }
        let (code, _, err) = service.command(&["audit", "list", "--user", "no address"], "");
        assert!(code == 1 && err.contains("e-mail"), "{err}");
    }

    async fn a_row_that_the_table_refuses_holds_up_no_other(engine) {
        let service = Service::start(engine).await;
        let obstacle = match engine {
            Engine::Sqlite => {
                "CREATE TRIGGER minds BEFORE INSERT ON audit_events WHEN NEW.email = 'ann@example.org' \
                 BEGIN SELECT RAISE(ABORT, 'no'); END"
            }
            Engine::Postgres => "ALTER TABLE audit_events ADD CHECK (email <> 'ann@example.org')",
            #[cfg(feature = "mysql")]
            Engine::Mysql => "ALTER TABLE audit_events ADD CONSTRAINT minds CHECK (email <> 'ann@example.org')",
        };
        service.database.execute(obstacle);
        service.register("ann@example.org").await;
        service.register("bob@example.org").await;
        eventually(async || service.database.count("audit_events"), |count| *count == 2).await;
        let kept = service.database.number("SELECT COUNT(*) AS count FROM audit_events WHERE email = 'bob@example.org'");
        assert_eq!((kept, service.logged("refused an event", 1).await), (1, 1));
        let ann = service.events().into_iter().find(|event| event["email"] == "ann@example.org").unwrap();
        let told = service.lines(1, |line| line["message"].as_str().is_some_and(|words| words.contains("refused an event"))).await;
        assert_eq!((&told[0]["event"], &told[0]["user_id"]), (&ann["event"], &ann["user_id"]), "{}", told[0]);
    }

    async fn the_trail_is_forgotten_when_its_time_has_come(engine) {
        let service = Service::start(engine).await;
        service.register("ann@example.org").await;
        service.register("bob@example.org").await;
        eventually(async || service.database.count("audit_events"), |count| *count == 2).await;
        service.database.execute("UPDATE audit_events SET occurred_at = '2020-01-01 00:00:00' WHERE email = 'ann@example.org'");
        let _other = Service::on(service.database.clone(), &[("AUDIT_RETENTION_DAYS", "1")]).await;
        eventually(async || service.database.count("audit_events"), |count| *count == 1).await;
        assert_eq!(events(&listed(&service, &["--user", "bob@example.org"])), ["user_registered"]);
    }
}

async fn nobody_waits_for_a_table_that_is_locked(engine: Engine) {
    let service = Service::with(engine, &[("DATABASE_POOL_SIZE", "1")]).await;
    service.register("ann@example.org").await;
    let hold = Hold::trail(&service.database);
    for _ in 0..20 {
        assert_eq!(service.login("ann@example.org").await.status, 200);
    }
    assert_eq!(service.audited("login_succeeded", 20).await.len(), 20);
    drop(hold);
    eventually(async || service.database.count("audit_events"), |count| *count == 21).await;
}

async fn an_outage_fails_nobody_and_loses_nothing(engine: Engine) {
    let server = PrivateServer::create(engine);
    let mut service = Service::with(engine, &[("DATABASE_URL", server.url())]).await;
    let kept = |service: &Service| {
        let (code, out, err) = service.command_on(server.url(), &["audit", "list", "--json", "--limit", "1000"]);
        assert_eq!(code, 0, "{err}");
        events(&serde_json::from_str(&out).unwrap()).len()
    };
    service.register("ann@example.org").await;
    for round in 1..=2 {
        server.stop();
        // What needs no database is answered and reported as ever.
        for _ in 0..250 {
            assert_eq!(service.refresh("nonsense").await.refusal(), (401, "token_invalid"));
        }
        service.logged("cannot be written", round).await;
        server.start();
        service.logged("is written again", round).await;
    }
    eventually(async || kept(&service), |count| *count == 501).await;
    assert_eq!(service.logged("cannot be written", 2).await, 2, "once an outage");

    server.stop();
    for _ in 0..3 {
        service.refresh("nonsense").await;
    }
    service.signal("-TERM");
    assert_eq!(service.wait().code(), Some(0), "a stop does not wait for a database for ever");
    service.logged("stopped", 1).await;
    assert_eq!(service.logged("events were not written to the audit table in time", 1).await, 1);
    assert!(service.log_text().contains("\"lost\":3"), "{}", service.log_text());
}

mod on_postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs PostgreSQL: just test-all"]
    async fn nobody_waits_for_a_table_that_is_locked() {
        super::nobody_waits_for_a_table_that_is_locked(Engine::Postgres).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs PostgreSQL: just test-all"]
    async fn an_outage_fails_nobody_and_loses_nothing() {
        super::an_outage_fails_nobody_and_loses_nothing(Engine::Postgres).await;
    }
}

#[cfg(feature = "mysql")]
mod on_mysql {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs MariaDB: just test-all"]
    async fn nobody_waits_for_a_table_that_is_locked() {
        super::nobody_waits_for_a_table_that_is_locked(Engine::Mysql).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs MariaDB: just test-all"]
    async fn an_outage_fails_nobody_and_loses_nothing() {
        super::an_outage_fails_nobody_and_loses_nothing(Engine::Mysql).await;
    }
}
