//! The accounts of other systems come with the files that these hand out, and log in with their passwords.

use std::fs;

use serde_json::{Value, json};

use crate::service::{Engine, Service, TestDatabase, command, on_every_engine};

/// A system's file, how it is read, and what becomes of it.
struct Moved {
    format: &'static str,
    options: &'static [&'static str],
    file: &'static str,
    password: &'static str,
    /// Address and whether its owner can log in, in order.
    imported: &'static [(&'static str, bool)],
    /// The rows, with the end of the reason.
    refused: &'static [(&'static str, &'static str)],
    /// Of the first account: id, verified, roles, profile, attributes.
    first: (Option<&'static str>, bool, &'static [&'static str], &'static str, &'static str),
}

/// As each system documents its export.
macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../../../auth-infra/src/account_files/tests/files/", $name))
    };
}

const NO_ADDRESS: &str = "no e-mail address that this server takes";
const ARGON2: &str = "a password hash of Argon2, which this server does not verify";
const PHONE: &str = "it has a phone number and no e-mail address";
const PASSWORD: &str = "Correct-Horse-1";

const MOVED: [Moved; 6] = [
    Moved {
        format: "auth0",
        options: &[],
        file: file!("auth0.ndjson"),
        password: PASSWORD,
        imported: &[("ann", true), ("ben", true), ("cid", false), ("dan", false), ("eve", true)],
        refused: &[
            ("7", "EOF while parsing a value at line 1 column 42"),
            ("8", "a member appears twice in one object, at line 1 column 34"),
            ("9", PHONE),
            ("10", "it is not a JSON object"),
            ("11", "passwordHash is not a text"),
        ],
        first: (None, true, &[], "{}", r#"{"previous_id":"auth0|5dea9f9c82dd7c0e76e4ec93"}"#),
    },
    Moved {
        format: "firebase",
        options: &[
            "--firebase-signer-key=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
            "--firebase-salt-separator=Bw==",
            "--firebase-rounds=8",
            "--firebase-mem-cost=14",
        ],
        file: file!("firebase.json"),
        // Of the example that Firebase itself publishes.
        password: "user1password",
        imported: &[("ann", true), ("ben", false), ("cid", false)],
        refused: &[
            ("4", PHONE),
            ("5", "an anonymous account"),
            ("6", "whoever exported was not allowed to see hashes"),
            ("7", "customAttributes is not the text of a JSON object"),
            ("8", "createdAt is not a time in milliseconds"),
            ("9", "emailVerified is not true or false"),
        ],
        first: (
            None,
            true,
            &[],
            r#"{"name":"Ann Ångström","picture":"https://example.org/ann.png"}"#,
            r#"{"admin":true,"phone_number":"+14155550101","plan":"gold","previous_id":"p0QAvTYyBBbJ1HOvqJm7CvZzMnF2"}"#,
        ),
    },
    Moved {
        format: "keycloak",
        options: &[],
        file: file!("keycloak.json"),
        password: PASSWORD,
        imported: &[("ann", true), ("ben", false), ("cid", false), ("dan", true)],
        refused: &[
            ("5", "the account of a client, not of a person"),
            ("6", NO_ADDRESS),
            ("7", ARGON2),
            ("8", "credentials has a password that is not hashed"),
            ("9", "secretData is not the text of a JSON object"),
            ("10", "it has more than 32 roles"),
        ],
        first: (
            Some("f0e1d2c3-0000-4000-8000-00000000000a"),
            true,
            &["staff"],
            r#"{"family_name":"Ångström","given_name":"Ann"}"#,
            r#"{"department":["sales","support"],"locale":["de-AT"],"previous_username":"ann"}"#,
        ),
    },
    Moved {
        format: "django",
        options: &[],
        file: file!("django.json"),
        password: PASSWORD,
        imported: &[("ann", true), ("ben", false), ("cid", false)],
        refused: &[
            ("5", NO_ADDRESS),
            ("6", "date_joined is not a time"),
            ("7", "fields is not an object"),
            ("8", ARGON2),
            ("9", "is_active is not true or false"),
        ],
        first: (
            None,
            false,
            &["editors"],
            r#"{"family_name":"Ångström","given_name":"Ann"}"#,
            r#"{"previous_id":"1","previous_username":"ann"}"#,
        ),
    },
    Moved {
        format: "gotrue",
        options: &[],
        file: file!("gotrue.csv"),
        password: PASSWORD,
        imported: &[("ann", true), ("ben", false), ("cid", false), ("dan", false), ("eve", false)],
        refused: &[
            ("7", "an anonymous account"),
            ("8", PHONE),
            ("9", "it was deleted there"),
            ("10", "raw_user_meta_data is not a JSON object"),
            ("11", "created_at is not a time"),
            ("12", "raw_app_meta_data has more than 4096 bytes of compact JSON"),
            ("13", "it has 3 fields, and the first row names 35"),
        ],
        first: (
            Some("a0000000-0000-4000-8000-000000000001"),
            true,
            &[],
            r#"{"bio":"one,\ntwo","name":"Ann \"the\" Ångström"}"#,
            r#"{"phone_number":"14155550101","plan":"gold"}"#,
        ),
    },
    Moved {
        format: "csv",
        options: &[],
        file: file!("csv.csv"),
        password: PASSWORD,
        imported: &[("ann", true), ("ben", false), ("cid", false)],
        refused: &[
            ("5", "email_verified is not true or false"),
            ("6", "roles is not a list of roles"),
            ("7", "profile is not a JSON object"),
            ("8", "language must be en, de, fr, es or zh"),
            ("9", NO_ADDRESS),
        ],
        first: (
            Some("b0000000-0000-4000-8000-000000000001"),
            true,
            &["editor", "staff"],
            r#"{"name":"Ann, Ångström"}"#,
            r#"{"plan":"gold"}"#,
        ),
    },
];

impl Moved {
    fn import(&self, service: &Service, more: &[&str]) -> (i32, Value, String) {
        fs::write(service.database.folder().join("accounts"), self.file).unwrap();
        let fixed = ["users", "import", "--json", "--from", "accounts", "--format", self.format];
        let (code, out, err) = service.command(&[&fixed, self.options, more].concat(), "");
        (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}")), err)
    }
}

/// A list of a report, each item as one member of it.
fn members<'a>(report: &'a Value, list: &str, member: &str) -> Vec<&'a str> {
    report[list].as_array().unwrap().iter().map(|item| item[member].as_str().unwrap()).collect()
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

on_every_engine! {
    async fn people_of_each_system_log_in_as_before_and_wrong_records_stop_nobody(engine) {
        for moved in MOVED {
            let (service, format) = (Service::start(engine).await, moved.format);
            let (_, forecast, err) = moved.import(&service, &["--dry-run"]);
            assert_eq!((&forecast["dry_run"], service.database.count("users")), (&json!(true), 0), "{format}: {err}");
            assert_eq!(service.database.count("audit_events"), 0, "{format}");

            let (code, report, err) = moved.import(&service, &[]);
            let addresses: Vec<_> = moved.imported.iter().map(|(name, _)| format!("{name}@example.org")).collect();
            assert_eq!(members(&report, "imported", "email"), addresses, "{format}: {report}");
            assert_eq!(members(&forecast, "imported", "email"), addresses, "{format}");
            assert_eq!(report["refused"], forecast["refused"], "{format}");
            let rows = members(&report, "refused", "row").into_iter().zip(members(&report, "refused", "reason"));
            for ((row, reason), (expected, end)) in rows.zip(moved.refused) {
                assert!(row == *expected && reason.ends_with(end), "{format} {row}: {reason}");
            }
            let refused = moved.refused.len();
            assert_eq!(report["refused"].as_array().unwrap().len(), refused, "{format}: {report}");
            assert!(code == 1 && err.contains(&format!("{refused} of the accounts cannot be taken over")), "{format}: {err}");
            let trail = "SELECT COUNT(*) AS count FROM audit_events WHERE ";
            assert_eq!(service.database.number(&format!("{trail}event = 'user_registered' AND reason = 'import'")), i64::try_from(addresses.len()).unwrap());
            assert_eq!(service.database.number(&format!("{trail}event = 'users_imported'")), 1);

            let (_, shown, _) = service.command(&["users", "show", "ann@example.org", "--json"], "");
            let (shown, (id, verified, roles, profile, attributes)) = (document(&shown), moved.first);
            assert!(id.is_none_or(|id| shown["id"] == id), "{format}: {shown}");
            assert_eq!((&shown["email_verified"], &shown["roles"]), (&json!(verified), &json!(roles)), "{format}");
            assert_eq!((&shown["profile"], &shown["attributes"]), (&document(profile), &document(attributes)), "{format}");

            for (address, (name, may)) in addresses.iter().zip(moved.imported) {
                let login = |password: &str| service.post("/auth/login", json!({ "email": address, "password": password }));
                assert_eq!(login(moved.password).await.status, if *may { 200 } else { 401 }, "{format} {name}");
                assert_eq!(login("Another-Horse-1").await.status, 401, "{format} {name}");
            }

            let (_, again, _) = moved.import(&service, &[]);
            assert_eq!((&again["imported"], &again["already_there"]), (&json!([]), &json!(addresses)), "{format}");
            assert_eq!(service.database.count("users"), i64::try_from(addresses.len()).unwrap(), "{format}");
        }
    }

    async fn lines_of_another_server_come_as_they_are_however_many_there_are(engine) {
        let service = Service::start(engine).await;
        let id = "c0000000-0000-4000-8000-000000000001";
        let ann = json!({
            "id": id, "email": "ann@example.org", "email_verified": true, "email_verified_at": "2026-01-02T00:00:00.000000Z",
            "created_at": "2026-01-01T00:00:00.000000Z", "updated_at": "2026-01-03T00:00:00.000000Z", "last_login_at": null,
            "disabled": false, "disabled_at": null, "language": "fr", "roles": ["admin", "staff"], "profile": {"name": "Ann"},
            "attributes": {"plan": "gold"}, "has_password": true,
            "password_hash": "$2b$04$OQ6TNNUQrjQai8euwtkyZuh8d3alDaf48OdsXL.pHjqKVWLpPadFi",
            "factors": [], "recovery_codes": [], "identities": [],
        });
        let many: String = (0..450).map(|number| format!("{{\"email\":\"user{number}@example.org\"}}\n")).collect();
        let odd = "{\"email\":\"ben@example.org\",\"nickname\":\"hush\"}\n{\"email\":\n\n{\"email\":\"ANN@example.org\"}";
        let file = format!("\u{feff}{ann}\r\n\r\n{many}{odd}");
        let import = |more: &[&str]| {
            let fixed = ["users", "import", "--format", "auth-server", "--from", "-", "--json"];
            let (code, out, err) = service.command(&[&fixed, more].concat(), &file);
            (code, document(&out), err)
        };
        let (_, forecast, err) = import(&["--dry-run"]);
        assert_eq!((service.database.count("users"), service.database.count("audit_events")), (0, 0), "{err}");
        let (code, report, err) = import(&[]);
        assert_eq!((code, members(&report, "imported", "email").len()), (1, 451), "{err}");
        // A dry run holds what it looks at, and not what it has seen.
        assert_eq!([members(&report, "imported", "email"), vec!["ann@example.org"]].concat(), members(&forecast, "imported", "email"));
        assert_eq!((&report["imported"][0]["id"], &forecast["imported"][0]["id"]), (&json!(id), &Value::Null));
        assert_eq!(report["already_there"], json!(["ann@example.org"]));
        assert_eq!(members(&report, "refused", "row"), ["453", "454"]);
        assert!(!format!("{report}{err}").contains("hush"), "{report}");
        let trail = "SELECT COUNT(*) AS count FROM audit_events WHERE event = 'users_imported'";
        assert_eq!((service.database.count("users"), service.database.number(trail)), (451, 1));

        let (_, shown, _) = service.command(&["users", "show", id, "--json"], "");
        let shown = document(&shown);
        for member in ["email", "email_verified", "created_at", "roles", "profile", "attributes"] {
            assert_eq!(shown[member], ann[member], "{member}");
        }
        let login = json!({ "email": "ann@example.org", "password": PASSWORD });
        assert_eq!(service.post("/auth/login", login).await.status, 200);
        let (_, again, _) = import(&[]);
        assert_eq!((&again["imported"], again["already_there"].as_array().unwrap().len()), (&json!([]), 452));
    }
}

#[test]
fn the_report_says_what_was_not_taken_over() {
    let database = TestDatabase::create(Engine::Sqlite);
    fs::write(database.folder().join("realm.json"), file!("keycloak.json")).unwrap();
    let (code, out, err) = command(&database, &[], &["users", "import", "--from", "realm.json", "--format", "keycloak"], "");
    let lines: Vec<_> = out.lines().collect();
    let ann = "imported: ann@example.org (active): its role `admin` is not taken over; roles whose names this server does not take are \
               left out; its second factors are not taken over";
    assert_eq!((code, lines[0], lines.len()), (1, ann, 11), "{out}{err}");
    assert_eq!(lines[3], "imported: dan@example.org (active)");
    assert_eq!(lines[6], "refused: row 7 (gus@example.org): a password hash of Argon2, which this server does not verify");
    assert_eq!(lines[10], "Imported: 4; already there: 0; refused: 6");
    // Neither a password that stood there in clear nor a secret of an authenticator app.
    assert!(!format!("{out}{err}").contains("hunter2") && !format!("{out}{err}").contains("hush"), "{out}{err}");
}

#[test]
fn a_file_may_come_from_stdin_and_a_long_report_is_cut_for_people_alone() {
    let database = TestDatabase::create(Engine::Sqlite);
    let row = |number: usize| match number % 3 {
        0 => format!("user{number}@example.org,$2b$04$OQ6TNNUQrjQai8euwtkyZuh8d3alDaf48OdsXL.pHjqKVWLpPadFi\n"),
        1 => format!("user{number}@example.org,\n"),
        _ => format!("user{number},\n"),
    };
    let file: String =
        "email,password_hash\n".chars().chain((0..600).flat_map(|number| row(number).chars().collect::<Vec<_>>())).collect();
    let import = |more: &[&str]| {
        let fixed = ["users", "import", "--format", "csv", "--from", "-"];
        command(&database, &[], &[&fixed, more].concat(), &file)
    };
    let (code, out, err) = import(&["--dry-run"]);
    let lines: Vec<_> = out.lines().collect();
    assert_eq!((code, lines.len()), (1, 303), "{out}{err}");
    assert_eq!(lines.iter().filter(|line| line.ends_with(": it comes without a password")).count(), 100);
    assert!(
        lines.contains(&"would be imported: 200 more (--json lists all)")
            && lines.contains(&"refused: 100 more (--json lists all)")
    );
    assert_eq!(lines.last(), Some(&"Dry run: would be imported: 400; already there: 0; refused: 200"));

    let (_, report, _) = import(&["--json"]);
    let report = document(&report);
    let counts = ["imported", "already_there", "refused"].map(|list| report[list].as_array().unwrap().len());
    assert_eq!((counts, database.count("users")), ([400, 0, 200], 400));
    assert_eq!(report["refused"][0], json!({ "row": "4", "email": "user2", "reason": NO_ADDRESS }));
    let (_, again, _) = import(&[]);
    assert_eq!(again.lines().filter(|line| line.starts_with("already there, left as it is: ")).count(), 101, "{again}");
}

#[test]
fn what_is_no_such_file_is_told_at_once_and_writes_nothing() {
    let database = TestDatabase::create(Engine::Sqlite);
    for (name, file) in [("users.json", r#"{"users":[{"email":"ann@example.org","passwordHash":"aGFzaA=="}]}"#), ("empty", "")] {
        fs::write(database.folder().join(name), file).unwrap();
    }
    let key = [
        "--firebase-signer-key",
        "hush!",
        "--firebase-salt-separator",
        "Bw==",
        "--firebase-rounds",
        "8",
        "--firebase-mem-cost",
        "14",
    ];
    for (format, from, more, code, words) in [
        ("csv", "missing.csv", &[][..], 1, "missing.csv cannot be opened"),
        ("csv", ".", &[], 1, "it cannot be read"),
        ("csv", "sqlite:///./secure_app.db", &[], 1, "a SQLite file is read without --format"),
        ("csv", "users.json", &[], 1, "does not name `email`"),
        ("csv", "empty", &[], 1, "does not name `email`"),
        ("keycloak", "empty", &[], 1, "as `kc.sh export --realm REALM --file FILE` writes it"),
        ("django", "users.json", &[], 1, "there is no list (docs/moving.md)"),
        ("auth0", "users.json", &["--firebase-rounds", "8"], 2, "--firebase-signer-key"),
        ("auth0", "users.json", &key, 1, "--firebase-…: "),
        ("firebase", "users.json", &key, 1, "are texts of base64"),
        ("firebase", "users.json", &[], 1, "give --firebase-signer-key, --firebase-salt-separator"),
        ("ldap", "users.json", &[], 2, "possible values: auth-server, auth0, firebase, keycloak, django, gotrue, csv"),
    ] {
        let fixed = ["users", "import", "--format", format, "--from", from];
        let (found, out, err) = command(&database, &[], &[&fixed, more].concat(), "");
        assert!(
            found == code && out.is_empty() && err.contains(words) && !err.contains("hush"),
            "{format} {from} {more:?}: {found} {err}"
        );
    }
    let (_, listed, _) = command(&database, &[], &["users", "list"], "");
    assert_eq!(listed, "No accounts.\n");
}
