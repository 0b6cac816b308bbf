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
pub(crate) fn another_system(folder: &Path, rows: &[(&str, &str, bool, Option<&str>)]) -> &'static str {
    let mut db = SqliteConnection::establish(folder.join("secure_app.db").to_str().unwrap()).unwrap();
    db.batch_execute(SCHEMA).unwrap();
    for (email, hash, active, created_at) in rows {
        let created_at = created_at.map_or("NULL".to_owned(), |at| format!("'{at}'"));
        let row = format!("('{email}', '{hash}', {active}, {created_at})");
        db.batch_execute(&format!("INSERT INTO users (email, hashed_password, is_active, created_at) VALUES {row}")).unwrap();
    }
    "sqlite:///./secure_app.db"
}

/// One row more, its values in SQL: e-mail, hash, activity, time of creation.
fn another_row(folder: &Path, values: &str) {
    let mut db = SqliteConnection::establish(folder.join("secure_app.db").to_str().unwrap()).unwrap();
    db.batch_execute(&format!("INSERT INTO users (email, hashed_password, is_active, created_at) VALUES ({values})")).unwrap();
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
            ("cid@example.org", "$1$salt$qJH7.N4xYta3aEG/dfqo/0", true, None),
            ("Dan@example.org", &hash, true, None),
            ("dan@example.org", &hash, true, None),
            ("eve@example.org", &hash, true, Some("yesterday")),
            ("fay@example.org", &hash.replace("$04$", "$31$"), true, None),
            ("gus@example.org", &hash, true, None),
            ("hal@example.org", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g", true, None),
        ]);
        let (code, report, err) = imported(&service, &[from]);
        assert!(code == 1 && err.contains("7 of the accounts cannot be taken over"), "{err}");
        assert_eq!((&report["already_there"], &report["imported"][0]["email"]), (&json!(["ann@example.org"]), &json!("gus@example.org")));
        let refused: Vec<_> = report["refused"].as_array().unwrap().iter()
            .map(|row| format!("{} {}: {}", row["row"].as_str().unwrap(), row["email"].as_str().unwrap(), row["reason"].as_str().unwrap())).collect();
        let spelling = "another row has the same address in another spelling";
        assert_eq!(refused, [
            "2 nobody: no e-mail address that this server takes".to_owned(),
            "3 cid@example.org: a password hash in no form that this server can verify".to_owned(),
            format!("4 Dan@example.org: {spelling}"),
            format!("5 dan@example.org: {spelling}"),
            "6 eve@example.org: a time of creation that is none".to_owned(),
            "7 fay@example.org: a password hash of a higher cost, or with a longer salt, than this server computes".to_owned(),
            "9 hal@example.org: a password hash of Argon2, which this server does not verify".to_owned(),
        ]);
        assert_eq!((login(&service, "ann@example.org").await, service.login("ann@example.org").await.status), (401, 200));
        assert_eq!(service.database.count("users"), 2);
        let (code, text, _) = service.command(&["users", "import", "--dry-run", "--from", from], "");
        assert!(code == 1 && text.ends_with("Dry run: would be imported: 0; already there: 2; refused: 7\n"), "{text}");
    }

    async fn one_bad_row_is_told_by_the_dry_run_as_well_and_stops_no_other(engine) {
        let service = Service::start(engine).await;
        let hash = format!("$2b${PLAIN}");
        let from = another_system(service.database.folder(), &[
            ("ann@example.org", &hash, true, Some("0999-12-31 23:59:59")),
            ("ben@example.org", &hash, true, Some("2016-12-31 23:59:60")),
            ("cid@example.org", &hash, true, Some("-0044-03-15 12:00:00")),
            ("dan@example.org", &hash, true, Some("+10000-01-01 00:00:00")),
            ("eve@example.org", &hash, true, Some("9999-12-31 23:59:59-01:00")),
            ("fay@example.org", &hash, true, Some("1000-01-01 00:00:00")),
            ("gus@example.org", &hash, true, Some("1969-12-31 23:59:59.999999")),
            ("hal@example.org", &hash, true, Some("9999-12-31 23:59:59.9999999")),
        ]);
        another_row(service.database.folder(), &format!("CAST(x'616e6eff406578616d706c652e6f7267' AS TEXT), '{hash}', 1, NULL"));
        another_row(service.database.folder(), &format!("'ivy@example.org', '{hash}' || x'00' || 'x', 1, NULL"));
        another_row(service.database.folder(), &format!("'joe@example.org' || char(0) || 'x', '{hash}', 1, NULL"));
        another_row(service.database.folder(), &format!("'kim@example.org', CAST('{hash}' AS BLOB), 1, NULL"));
        let (_, forecast, _) = imported(&service, &[from, "--dry-run"]);
        let (code, report, err) = imported(&service, &[from]);
        assert_eq!(code, 1, "{err}");
        assert_eq!(forecast["refused"], report["refused"]);
        let refused: Vec<_> = report["refused"].as_array().unwrap().iter().map(|row| row["row"].as_str().unwrap()).collect();
        assert_eq!(refused, ["1", "2", "3", "4", "5", "9", "10", "11"], "{report}");
        let emails = |report: &Value| report["imported"].as_array().unwrap().iter().map(|user| user["email"].clone()).collect::<Vec<_>>();
        assert_eq!(emails(&report), ["fay", "gus", "hal", "kim"].map(|name| json!(format!("{name}@example.org"))));
        assert_eq!(emails(&forecast), emails(&report));
        let shown = service.command(&["users", "show", "hal@example.org"], "").1;
        assert!(shown.contains("created     9999-12-31T23:59:59.999999Z"), "{shown}");
        for name in ["fay", "gus", "hal", "kim"] {
            assert_eq!(login(&service, &format!("{name}@example.org")).await, 200, "{name}");
        }
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
fn who_is_not_known_to_be_active_comes_in_disabled() {
    let database = TestDatabase::create(Engine::Sqlite);
    let folder = database.folder();
    let active = ["1", "1.0", "'1'", "' 1 '", "TRUE", "'True'", "'t'", "'Y'", "'yes'", "'ON'", "x'01'", "x'31'"];
    let disabled = ["0", "0.0", "'0'", "' 0 '", "x'00'", "x'30'", "''", "'no'", "'N'", "'off'", "'False'", "'f'", "FALSE", "x''"];
    let unknown = ["NULL", "2", "-1", "1.5", "'disabled'", "'10'", "'wahr'", "x'02'", "x'ff'", "x'0001'", "'1' || char(0)"];
    let from = another_system(folder, &[]);
    for (index, flag) in active.iter().chain(&disabled).chain(&unknown).enumerate() {
        // A column without a type keeps each value as it is.
        if index == 0 {
            let mut db = SqliteConnection::establish(folder.join("secure_app.db").to_str().unwrap()).unwrap();
            db.batch_execute("ALTER TABLE users DROP COLUMN is_active; ALTER TABLE users ADD COLUMN IS_ACTIVE").unwrap();
        }
        another_row(folder, &format!("'u{index:02}@example.org', '$2b${PLAIN}', {flag}, NULL"));
    }
    let (code, out, err) = command(&database, &[], &["users", "import", "--json", "--from", from], "");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, report["refused"].as_array().map(Vec::len)), (0, Some(0)), "{err}");
    let told =
        report["imported"].as_array().unwrap().iter().map(|user| (user["state"].as_str().unwrap(), user["note"].is_string()));
    let expected = [(&active[..], ("active", false)), (&disabled, ("disabled", false)), (&unknown, ("disabled", true))];
    let expected: Vec<_> = expected.into_iter().flat_map(|(flags, told)| flags.iter().map(move |flag| (*flag, told))).collect();
    assert_eq!(told.zip(&expected).map(|(told, (flag, _))| (*flag, told)).collect::<Vec<_>>(), expected);
    let (_, listed, _) = command(&database, &[], &["users", "list"], "");
    assert_eq!(listed.lines().filter(|line| line.contains("  active  ")).count(), active.len(), "{listed}");
}

#[test]
fn nothing_from_outside_writes_to_the_terminal_by_itself() {
    let database = TestDatabase::create(Engine::Sqlite);
    let folder = database.folder();
    let from = another_system(folder, &[]);
    let hash = format!("$2b${PLAIN}");
    let hostile = "char(27) || '[2J' || char(155) || char(8238) || char(8203) || char(8232) || char(10) || 'imported: eve'";
    another_row(folder, &format!("'ann' || {hostile}, '{hash}', 1, NULL"));
    let is_safe = |text: &str| text.chars().all(|c| c == '\n' || !(c.is_control() || "\u{202e}\u{200b}\u{2028}".contains(c)));
    let import = ["users", "import", "--from", from];
    let name = "api\u{202e}\u{200b}";
    for (arguments, expected) in [
        (&import[..], "ann\u{1b}[2J\u{9b}\u{202e}\u{200b}\u{2028}\nimported: eve"),
        (&["clients", "add", name], name),
        (&["clients", "list"], name),
    ] {
        let (_, text, err) = command(&database, &[], arguments, "");
        let escaped = expected
            .chars()
            .map(|c| if c.is_ascii_graphic() || c == ' ' { c.to_string() } else { c.escape_unicode().to_string() });
        assert!(is_safe(&text) && is_safe(&err) && text.contains(&escaped.collect::<String>()), "{text:?} {err:?}");
        let (_, json, _) = command(&database, &[], &[arguments, &["--json"]].concat(), "");
        let document: Value = serde_json::from_str(&json).unwrap();
        let said = [&document["refused"][0]["email"], &document["name"], &document["clients"][0]["name"]];
        assert!(is_safe(&json) && said.contains(&&json!(expected)), "{json}");
    }
    let (code, _, err) = command(&database, &[], &["users", "show", "x\u{1b}[31m\u{202e}"], "");
    assert!(code == 1 && is_safe(&err) && err.contains("x\\u{1b}[31m\\u{202e}"), "{err:?}");
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
