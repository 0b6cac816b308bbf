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
        &["clients", "remove", "orders"],
        &["clients", "list", "--limit", "0"],
        &["clients", "rotate-secret", NOBODY, "--overlap-hours", "721"],
    ] {
        assert_eq!(service.command(usage, "").0, 2, "{usage:?}");
    }
    let help = service.command(&["clients", "--help"], "").1;
    assert!(help.contains("rotate-secret") && help.contains("cannot be shown again"), "{help}");
}
