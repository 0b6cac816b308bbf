//! Accounts of another system are taken over; its database, and any other program's, is left as it is.

use std::{fs, path::Path};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use serde_json::{Value, json};

use crate::service::{Engine, Service, TestDatabase, command, folder, on_every_engine};

/// As SQLAlchemy makes it.
const SCHEMA: &str = "CREATE TABLE users (id INTEGER NOT NULL, email VARCHAR(255) NOT NULL, hashed_password VARCHAR(255) NOT NULL, \
    is_active BOOLEAN, created_at DATETIME, PRIMARY KEY (id)); \
    CREATE UNIQUE INDEX ix_users_email ON users (email); CREATE INDEX ix_users_id ON users (id);";

/// passlib's hashes of it.
const OLD_PASSWORD: &str = "Correct-Horse-1";
const PLAIN: &str = "04$OQ6TNNUQrjQai8euwtkyZuh8d3alDaf48OdsXL.pHjqKVWLpPadFi";
const PREHASHED: &str = "$bcrypt-sha256$v=2,t=2b,r=4$9NbdRC35GKx5WObjYKf6NO$rbReov8ni6q8xmLIMlyIs124TfreEya";

/// Such a database in a folder, and the URL of it as the guide has it.
fn another_system(folder: &Path, rows: &[(&str, &str, bool, Option<&str>)]) -> &'static str {
    let mut db = SqliteConnection::establish(folder.join("secure_app.db").to_str().unwrap()).unwrap();
    db.batch_execute(SCHEMA).unwrap();
    for (email, hash, active, created_at) in rows {
        let created_at = created_at.map_or("NULL".to_owned(), |at| format!("'{at}'"));
        let row = format!("('{email}', '{hash}', {active}, {created_at})");
        db.batch_execute(&format!("INSERT INTO users (email, hashed_password, is_active, created_at) VALUES {row}")).unwrap();
    }
    "sqlite:///./secure_app.db"
}

/// Every file in a folder, byte for byte.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut content: Vec<_> = files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect();
    content.sort();
    content
}

fn imported(service: &Service, arguments: &[&str]) -> (i32, Value, String) {
    let (code, out, err) = service.command(&[&["users", "import", "--json", "--from"], arguments].concat(), "");
    (code, serde_json::from_str(&out).unwrap_or_default(), err)
}

async fn login(service: &Service, email: &str) -> u16 {
    service.post("/auth/login", json!({ "email": email, "password": OLD_PASSWORD })).await.status
}

on_every_engine! {
    async fn old_passwords_go_on_working(engine) {
        let service = Service::start(engine).await;
        let [b, a, y] = ["$2b$", "$2a$", "$2y$"].map(|kind| format!("{kind}{PLAIN}"));
        let from = another_system(service.database.folder(), &[
            ("Ann@Example.org", &b, true, Some("2024-02-29 12:30:45.123456")),
            ("ben@example.org", &a, true, Some("2024-02-29 12:30:45")),
            ("cid@example.org", &y, true, None),
            ("dan@example.org", PREHASHED, true, None),
            ("eve@example.org", &b, false, None),
        ]);
        let source = fs::read(service.database.folder().join("secure_app.db")).unwrap();
        let (code, forecast, err) = imported(&service, &[from, "--dry-run"]);
        assert_eq!((code, &forecast["dry_run"], service.database.count("users")), (0, &json!(true), 0), "{err}");
        let (code, report, err) = imported(&service, &[from]);
        assert_eq!((code, &report["dry_run"], service.database.count("users")), (0, &json!(false), 5), "{err}");
        let told = |report: &Value| report["imported"].as_array().unwrap().iter()
            .map(|user| format!("{} {}", user["email"].as_str().unwrap(), user["state"].as_str().unwrap())).collect::<Vec<_>>();
        assert_eq!(told(&report), ["ann", "ben", "cid", "dan"].map(|name| format!("{name}@example.org active")).into_iter()
            .chain(["eve@example.org disabled".to_owned()]).collect::<Vec<_>>());
        assert_eq!(told(&forecast), told(&report));
        for name in ["ann", "BEN", "cid", "dan"] {
            assert_eq!(login(&service, &format!("{name}@example.org")).await, 200, "{name}");
        }
        assert_eq!(login(&service, "eve@example.org").await, 401);
        assert_eq!(service.command(&["users", "enable", "eve@example.org"], "").0, 0);
        assert_eq!(login(&service, "eve@example.org").await, 200);
        let shown = service.command(&["users", "show", "ann@example.org"], "").1;
        assert!(shown.contains("created     2024-02-29T12:30:45.123456Z"), "{shown}");
        assert_eq!(service.database.number("SELECT COUNT(*) AS count FROM audit_events WHERE reason = 'import'"), 5);

        let (code, again, _) = imported(&service, &[from]);
        assert_eq!((code, again["imported"].as_array().unwrap().len(), again["already_there"].as_array().unwrap().len()), (0, 0, 5));
        assert_eq!(fs::read(service.database.folder().join("secure_app.db")).unwrap(), source, "the source is as it was");
    }

    async fn who_cannot_come_is_told_and_nobody_is_overwritten(engine) {
        let service = Service::start(engine).await;
        service.register("ann@example.org").await;
        let hash = format!("$2b${PLAIN}");
        let from = another_system(service.database.folder(), &[
            ("ANN@example.org", &hash, true, None),
            ("nobody", &hash, true, None),
            ("cid@example.org", "pbkdf2:sha256:260000$x$y", true, None),
            ("Dan@example.org", &hash, true, None),
            ("dan@example.org", &hash, true, None),
            ("eve@example.org", &hash, true, Some("yesterday")),
            ("fay@example.org", &hash.replace("$04$", "$31$"), true, None),
            ("gus@example.org", &hash, true, None),
        ]);
        let (code, report, err) = imported(&service, &[from]);
        assert!(code == 1 && err.contains("6 of the accounts cannot be taken over"), "{err}");
        assert_eq!((&report["already_there"], &report["imported"][0]["email"]), (&json!(["ann@example.org"]), &json!("gus@example.org")));
        let refused: Vec<_> = report["refused"].as_array().unwrap().iter()
            .map(|row| format!("{} {}: {}", row["row"].as_str().unwrap(), row["email"].as_str().unwrap(), row["reason"].as_str().unwrap())).collect();
        let hash = "a password hash in no form that this server can verify";
        let spelling = "another row has the same address in another spelling";
        assert_eq!(refused, [
            "2 nobody: no e-mail address that this server takes".to_owned(),
            format!("3 cid@example.org: {hash}"),
            format!("4 Dan@example.org: {spelling}"),
            format!("5 dan@example.org: {spelling}"),
            "6 eve@example.org: a time of creation that is none".to_owned(),
            format!("7 fay@example.org: {hash}"),
        ]);
        assert_eq!((login(&service, "ann@example.org").await, service.login("ann@example.org").await.status), (401, 200));
        assert_eq!(service.database.count("users"), 2);
        let (code, text, _) = service.command(&["users", "import", "--dry-run", "--from", from], "");
        assert!(code == 1 && text.ends_with("Dry run: would be imported: 0; already there: 2; refused: 6\n"), "{text}");
    }

    async fn another_programs_database_is_left_as_it_is(engine) {
        let schemas: [&[&str]; 4] = [
            &["CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, email VARCHAR(255) NOT NULL, hashed_password VARCHAR(255) NOT NULL)"],
            &["CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY)"],
            &["CREATE TABLE posts (id INTEGER NOT NULL PRIMARY KEY)",
              "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) NOT NULL PRIMARY KEY, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"],
            &["CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY)",
              "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) NOT NULL PRIMARY KEY, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
              "INSERT INTO __diesel_schema_migrations (version) VALUES ('20240101000000')"],
        ];
        for schema in schemas {
            let database = TestDatabase::create(engine);
            for statement in schema {
                database.execute(statement);
            }
            let (before, tables) = (content(database.folder()), database.tables());
            for arguments in [&["serve"][..], &["migrate"], &["check"], &["users", "list"], &["audit", "list"]] {
                let (code, out, err) = command(&database, &[], arguments, "");
                assert!(code == 1 && err.contains("belongs to another program") && err.contains("auth-server users import --from"), "{arguments:?}: {err}{out}");
                let table = if schema[0].contains("posts") { "posts" } else { "users" };
                assert!(err.contains(table) && !out.contains("listening"), "{arguments:?}: {err}");
                assert_eq!((content(database.folder()), database.tables()), (before.clone(), tables), "{arguments:?}");
            }
        }
    }
}

#[test]
fn a_file_in_wal_mode_is_left_as_it_is() {
    let database = TestDatabase::create(Engine::Sqlite);
    database.execute("PRAGMA journal_mode = WAL; CREATE TABLE posts (id INTEGER PRIMARY KEY); INSERT INTO posts VALUES (1)");
    let file = database.folder().join("auth.db");
    let before = fs::read(&file).unwrap();
    let (code, _, err) = command(&database, &[], &["serve"], "");
    assert!(
        code == 1 && err.contains("another program") && err.contains(&format!("--from sqlite:///{}", file.display())),
        "{err}"
    );
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn what_is_no_such_file_is_told() {
    let database = TestDatabase::create(Engine::Sqlite);
    fs::write(database.folder().join("text.db"), "no database, ".repeat(1000)).unwrap();
    let (_guard, elsewhere) = folder();
    another_system(&elsewhere, &[]);
    for (from, words) in [
        ("sqlite:///./missing.db", "unable to open"),
        ("sqlite:///./text.db", "not a database"),
        ("sqlite:///./auth.db", "no table `users`"),
        ("sqlite::memory:", "SQLite file"),
        ("postgres://ann@db.example.org/app", "SQLite file"),
        ("secure_app.db", "must begin with"),
    ] {
        drop(SqliteConnection::establish(database.folder().join("auth.db").to_str().unwrap()).unwrap());
        let other = [("DATABASE_URL", "sqlite:///./own.db")];
        let (code, out, err) = command(&database, &other, &["users", "import", "--from", from], "");
        assert!(code == 1 && out.is_empty() && err.contains(words), "{from}: {err}");
    }
    assert!(!database.folder().join("missing.db").exists());
    let from = format!("sqlite:///{}/secure_app.db", elsewhere.display());
    let (code, out, err) = command(&database, &[], &["users", "import", "--from", &from], "");
    assert_eq!((code, out.as_str()), (0, "Imported: 0; already there: 0; refused: 0\n"), "{err}");
}
