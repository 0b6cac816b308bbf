//! `auth-server clients`: who may ask about tokens.

use serde_json::{Value, json};

use crate::service::{Engine, Service, eventually, on_every_engine};

/// What a command answers to scripts.
pub fn json(service: &Service, arguments: &[&str]) -> Value {
    let (code, out, err) = service.command(&[&["clients"], arguments, &["--json"]].concat(), "");
    assert_eq!(code, 0, "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{arguments:?}: {out}"))
}

/// Id and secret of an answer.
pub fn credentials(issued: &Value) -> (String, String) {
    let text = |member: &str| issued[member].as_str().unwrap().to_owned();
    (text("client_id"), text("client_secret"))
}

fn refused(service: &Service, arguments: &[&str]) -> String {
    let (code, out, err) = service.command(&[&["clients"], arguments].concat(), "");
    assert!(code == 1 && out.is_empty(), "{arguments:?}: {code} {out}");
    err
}

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

on_every_engine! {
    async fn an_operator_adds_lists_and_removes_clients(engine) {
        let service = Service::start(engine).await;
        assert_eq!(service.command(&["clients", "list"], "").1, "No clients.\n");
        let names = ["Orders", "Bücher & Söhne", "Orders"];
        let added = names.map(|name| json(&service, &["add", name]));
        let (id, secret) = credentials(&added[0]);
        assert!(id.len() == 36 && secret.len() == 43 && added[0]["rotated_at"].is_null(), "{}", added[0]);

        let listed = json(&service, &["list"]);
        let found: Vec<_> = listed["clients"].as_array().unwrap().iter().map(|client| client["name"].as_str().unwrap()).collect();
        assert_eq!((found, &listed["next"]), (names.to_vec(), &Value::Null));
        assert!(!listed.to_string().contains("client_secret"));
        let first = json(&service, &["list", "--limit", "2"]);
        assert_eq!(first["next"], added[1]["client_id"]);
        let rest = json(&service, &["list", "--after", first["next"].as_str().unwrap()]);
        assert_eq!(rest["clients"].as_array().unwrap().len(), 1);
        assert!(service.command(&["clients", "list", "--limit", "2"], "").1.contains("--after"));

        assert_eq!(json(&service, &["remove", &id]), json!({ "client_id": id }));
        for gone in [&*id, NOBODY] {
            for verb in ["remove", "rotate-secret"] {
                assert!(refused(&service, &[verb, gone]).contains("no such client"), "{verb}");
            }
        }
        assert_eq!(service.database.count("oauth_clients"), 2);
    }

    async fn a_secret_is_told_once_and_kept_nowhere(engine) {
        let service = Service::start(engine).await;
        let (code, told, log) = service.command(&["clients", "add", "Orders"], "");
        assert_eq!(code, 0, "{log}");
        let line = |name: &str, told: &str| told.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        let (id, first) = (line("client_id", &told), line("client_secret", &told));
        assert!(told.matches(&first).count() == 1 && !log.contains(&first), "{told}{log}");
        assert!(!told.contains("The one before"), "there is none: {told}");
        let (_, told, log) = service.command(&["clients", "rotate-secret", &id], "");
        let second = line("client_secret", &told);
        assert!(told.contains("The one before stays good until") && first != second && !log.contains(&second), "{told}{log}");
        let (_, told, _) = service.command(&["clients", "rotate-secret", &id, "--overlap-hours", "0"], "");
        assert!(told.contains("is refused from now on"), "{told}");
        for secret in [&first, &second] {
            let kept = format!("SELECT COUNT(*) AS count FROM oauth_clients WHERE secret LIKE '%{secret}%' OR former_secret LIKE '%{secret}%'");
            assert_eq!(service.database.number(&kept), 0);
        }
        assert_eq!(service.database.number("SELECT COUNT(*) AS count FROM oauth_clients WHERE secret LIKE 'sha256:%'"), 1);
    }

    async fn an_operator_says_what_a_client_may_do(engine) {
        let service = Service::start(engine).await;
        let scope = |answer: &Value| answer["scope"].as_str().unwrap().to_owned();
        assert_eq!(scope(&json(&service, &["add", "Orders"])), "");
        let twice = json(&service, &["add", "Orders", "--scope", "admin:write", "--scope", "admin:export,admin:read"]);
        assert_eq!(scope(&twice), "admin:read admin:write admin:export");
        let (id, _) = credentials(&twice);
        for (asked, got) in [
            (&["admin:read"][..], "admin:read"),
            (&["admin:read"], "admin:read"),
            (&["admin:export,admin:write"], "admin:write admin:export"),
            (&["admin:write", "admin:read"], "admin:read admin:write"),
            (&[""], ""),
            (&["admin:read"], "admin:read"),
        ] {
            let told = json(&service, &[&["set-scope", &*id], asked].concat());
            assert_eq!((scope(&told), scope(&json(&service, &["show", &id]))), (got.to_owned(), got.to_owned()));
            assert!(told.get("client_secret").is_none() && told["client_id"] == *id, "{told}");
        }
        let version = format!("SELECT scopes_version AS count FROM oauth_clients WHERE id = '{id}'");
        assert_eq!(service.database.number(&version), 5, "not by the same scopes once more");
        assert_eq!(json(&service, &["rotate-secret", &id])["scope"], "admin:read");
        let listed = json(&service, &["list"]);
        let scopes: Vec<_> = listed["clients"].as_array().unwrap().iter().map(scope).collect();
        assert_eq!(scopes, ["", "admin:read"]);
        for (verb, words) in [("show", "scope      admin:read"), ("list", "scope admin:read  Orders")] {
            let arguments = if verb == "show" { vec!["clients", verb, &id] } else { vec!["clients", verb] };
            let (_, told, _) = service.command(&arguments, "");
            assert!(told.contains(words), "{told}");
        }
        for gone in [&["show", NOBODY][..], &["set-scope", NOBODY, "admin:read"]] {
            assert!(refused(&service, gone).contains("no such client"));
        }
        let changes = "SELECT COUNT(*) AS count FROM audit_events WHERE event = 'client_scopes_changed' AND actor_type = 'operator'";
        eventually(async || service.database.number(changes), |count| *count == 5).await;
        let last = format!("{changes} AND members IS NULL AND reason = 'operator {id}'");
        assert_eq!(service.database.number(&last), 1, "all were taken away");
    }

    async fn what_an_operator_does_to_clients_is_in_the_trail(engine) {
        let service = Service::start(engine).await;
        let (id, _) = credentials(&json(&service, &["add", "Orders"]));
        json(&service, &["rotate-secret", &id]);
        json(&service, &["remove", &id]);
        eventually(async || service.database.count("audit_events"), |count| *count == 3).await;
        let (_, page, _) = service.command(&["audit", "list", "--json"], "");
        let page: Value = serde_json::from_str(&page).unwrap();
        let events = page["events"].as_array().unwrap();
        let said: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(said, ["client_removed", "client_secret_rotated", "client_added"]);
        assert!(events.iter().all(|event| event["reason"] == format!("operator {id}") && event["outcome"] == "success"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_told_apart_from_failure() {
    let service = Service::start(Engine::Sqlite).await;
    for usage in [
        &["clients"][..],
        &["clients", "add"],
        &["clients", "add", " "],
        &["clients", "add", &"x".repeat(101)],
        &["clients", "add", "two", "names"],
        &["clients", "add", "Orders", "--scope", "admin"],
        &["clients", "add", "Orders", "--scope"],
        &["clients", "set-scope", NOBODY],
        &["clients", "set-scope", NOBODY, "admin:read;admin:write"],
        &["clients", "set-scope", NOBODY, "enrol"],
        &["clients", "show", "orders"],
        &["clients", "remove", "orders"],
        &["clients", "list", "--limit", "0"],
        &["clients", "rotate-secret", NOBODY, "--overlap-hours", "721"],
    ] {
        assert_eq!(service.command(usage, "").0, 2, "{usage:?}");
    }
    let help = service.command(&["clients", "--help"], "").1;
    assert!(help.contains("rotate-secret") && help.contains("set-scope") && help.contains("cannot be shown again"), "{help}");
    let help = service.command(&["clients", "add", "--help"], "").1;
    assert!(help.contains("--scope") && help.contains("admin:export"), "{help}");
}
