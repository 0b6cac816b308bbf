//! All accounts leave as lines, and come back as they were.

use std::fs;

use serde_json::{Value, json};

use crate::service::{Engine, Service, TestDatabase, command, on_every_engine};

fn exported(database: &TestDatabase) -> String {
    let (code, lines, err) = command(database, &[], &["users", "export"], "");
    assert!(code == 0 && err.ends_with(&format!("Exported: {}\n", lines.lines().count())), "{err}");
    lines
}

fn imported(database: &TestDatabase, lines: &str, more: &[&str]) -> (i32, String, String) {
    command(database, &[], &[&["users", "import", "--format", "auth-server", "--from", "-"], more].concat(), lines)
}

/// How many events there are of an operator.
fn events(database: &TestDatabase, event: &str) -> i64 {
    database.number(&format!("SELECT COUNT(*) AS count FROM audit_events WHERE event = '{event}' AND actor_type = 'operator'"))
}

on_every_engine! {
    async fn an_export_of_the_copy_is_the_same_file(engine) {
        let service = Service::start(engine).await;
        service.register("ann@example.org").await;
        for arguments in [&["add", "ann@example.org", "staff"][..], &["add", "ann@example.org", "admin"]] {
            assert_eq!(service.command(&[&["users", "roles"], arguments].concat(), "").0, 0);
        }
        assert_eq!(service.command(&["users", "set-attribute", "ann@example.org", "plan", r#"{"n":[1e300,"ÄŸ"]}"#], "").0, 0);
        let others: String = (0..450).map(|number| format!("{{\"email\":\"user{number}@example.org\"}}\n")).collect();
        let (code, told, err) = imported(&service.database, &others, &[]);
        assert!(code == 0 && told.ends_with("Imported: 450; already there: 0; refused: 0\n"), "{told}{err}");

        let lines = exported(&service.database);
        let accounts: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let ids: Vec<_> = accounts.iter().map(|account| account["id"].as_str().unwrap()).collect();
        assert!(accounts.len() == 451 && ids.is_sorted());
        let ann = accounts.iter().find(|account| account["email"] == "ann@example.org").unwrap();
        assert_eq!((&ann["roles"], &ann["attributes"]), (&json!(["admin", "staff"]), &json!({ "plan": { "n": [1e300, "ÄŸ"] } })));
        let hash = ann["password_hash"].as_str().unwrap();
        let kept = format!("SELECT COUNT(*) AS count FROM users WHERE email = 'ann@example.org' AND password_hash = '{hash}'");
        assert_eq!((service.database.number(&kept), events(&service.database, "users_exported")), (1, 1));

        let copy = TestDatabase::create(engine);
        let (code, told, err) = imported(&copy, &lines, &["--dry-run"]);
        assert!(code == 0 && told.ends_with("would be imported: 451; already there: 0; refused: 0\n"), "{told}{err}");
        assert_eq!((copy.count("users"), copy.count("audit_events")), (0, 0));
        let (code, told, err) = imported(&copy, &lines, &[]);
        assert!(code == 0 && told.ends_with("Imported: 451; already there: 0; refused: 0\n"), "{told}{err}");
        assert_eq!((events(&copy, "user_registered"), events(&copy, "users_imported")), (451, 1));
        assert!(exported(&copy) == lines);
        let (code, told, _) = imported(&copy, &lines, &["--json"]);
        let report: Value = serde_json::from_str(&told).unwrap();
        assert_eq!((code, report["already_there"].as_array().map(Vec::len), copy.count("users")), (0, Some(451), 451));
    }
}

#[test]
fn an_export_is_a_new_file_that_nobody_else_reads() {
    let database = TestDatabase::create(Engine::Sqlite);
    assert_eq!(command(&database, &[], &["users", "create", "ann@example.org"], "Correct-Horse-1\n").0, 0);
    let export = || command(&database, &[], &["users", "export", "--to", "accounts.ndjson"], "");
    let (code, out, err) = export();
    assert!(code == 0 && out.is_empty() && err.ends_with("Exported: 1\n"), "{out}{err}");
    let file = database.folder().join("accounts.ndjson");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions()) & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&file).unwrap(), exported(&database));

    fs::write(&file, "mine").unwrap();
    let (code, out, err) = export();
    assert!(code == 1 && out.is_empty() && err.contains("accounts.ndjson is there already"), "{out}{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let (code, _, err) = command(&database, &[], &["users", "export", "--to", "missing/accounts.ndjson"], "");
    assert!(code == 1 && err.contains("--to: missing/accounts.ndjson cannot be written"), "{err}");
    // Whoever got nothing is not in the trail.
    assert_eq!(events(&database, "users_exported"), 2);
}

#[test]
fn a_file_that_is_not_whole_is_not_left() {
    let database = TestDatabase::create(Engine::Sqlite);
    assert_eq!(command(&database, &[], &["users", "create", "ann@example.org"], "Correct-Horse-1\n").0, 0);
    database.execute("UPDATE users SET created_at = 'yesterday'");
    let (code, out, err) = command(&database, &[], &["users", "export", "--to", "accounts.ndjson"], "");
    assert!(code == 1 && out.is_empty() && err.contains("Failed: "), "{out}{err}");
    assert!(!database.folder().join("accounts.ndjson").exists());
    assert_eq!(events(&database, "users_exported"), 0);
}
