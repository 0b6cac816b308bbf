//! `auth-server mail`, on the database of a server that has written mails.

use std::sync::Arc;

use serde_json::Value;

use crate::service::{Engine, Service, TestDatabase, command, on_every_engine};

/// Nobody listens there, so mails wait.
pub(crate) const NOWHERE: [(&str, &str); 3] = [
    ("MAIL_URL", "smtp://127.0.0.1:1?tls=off"),
    ("MAIL_FROM", "Example <no-reply@example.org>"),
    ("PUBLIC_URL", "https://auth.example.org"),
];

/// A database with a mail to each of these, the last one written last, and nobody who sends them.
async fn written(engine: Engine, addresses: &[&str]) -> Arc<TestDatabase> {
    let mut service = Service::with(engine, &NOWHERE).await;
    for address in addresses {
        service.register(address).await;
    }
    service.kill();
    service.database.clone()
}

fn run(database: &TestDatabase, arguments: &[&str]) -> (i32, String, String) {
    command(database, &NOWHERE, &[&["mail"], arguments].concat(), "")
}

fn json(database: &TestDatabase, arguments: &[&str]) -> Value {
    let (code, out, err) = run(database, &[arguments, &["--json"]].concat());
    assert_eq!(code, 0, "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{arguments:?}: {out}"))
}

fn refused(database: &TestDatabase, arguments: &[&str]) -> String {
    let (code, out, err) = run(database, arguments);
    assert!(code == 1 && out.is_empty(), "{arguments:?}: {code} {out}");
    err
}

fn recipients(page: &Value) -> Vec<&str> {
    page["mails"].as_array().unwrap().iter().map(|mail| mail["to"].as_str().unwrap()).collect()
}

on_every_engine! {
    async fn an_operator_pages_through_mails(engine) {
        let database = written(engine, &["ann@x.org", "bob@x.org", "eve@x.org"]).await;
        assert_eq!(recipients(&json(&database, &["list"])), ["eve@x.org", "bob@x.org", "ann@x.org"]);
        let first = json(&database, &["list", "--limit", "2"]);
        assert_eq!((recipients(&first), &first["next"]), (vec!["eve@x.org", "bob@x.org"], &first["mails"][1]["id"]));
        let mark = first["next"].as_str().unwrap();
        let second = json(&database, &["list", "--limit", "2", "--after", mark]);
        assert_eq!((recipients(&second), &second["next"]), (vec!["ann@x.org"], &Value::Null));
        let text = run(&database, &["list", "--limit", "2"]).1;
        assert!(text.contains("waiting  verification  bob@x.org") && text.contains(&format!("--after {mark}")), "{text}");
        database.execute("UPDATE mail_outbox SET state = 'dead' WHERE recipient = 'bob@x.org'");
        for (state, expected) in [("waiting", &["eve@x.org", "ann@x.org"][..]), ("dead", &["bob@x.org"]), ("sent", &[]), ("dropped", &[])] {
            assert_eq!(recipients(&json(&database, &["list", "--state", state])), expected, "{state}");
        }
        assert_eq!(run(&database, &["list", "--state", "sent"]).1.trim(), "No mails.");
    }

    async fn a_mail_is_shown_without_what_it_proves(engine) {
        let database = written(engine, &["ann@x.org"]).await;
        // What a mail server says is not to be obeyed by a terminal.
        database.execute("UPDATE mail_outbox SET last_error = '550 no \u{202e}such user', attempts = 3");
        let listed = json(&database, &["list"]);
        let id = listed["mails"][0]["id"].as_str().unwrap();
        let shown = json(&database, &["show", id]);
        assert_eq!(shown, listed["mails"][0]);
        assert_eq!((&shown["to"], &shown["occasion"], &shown["state"]), (&"ann@x.org".into(), &"verification".into(), &"waiting".into()));
        assert_eq!((&shown["attempts"], &shown["network"]), (&3.into(), &"127.0.0.0/24".into()));
        assert!(shown["next_attempt_at"].is_string() && shown["done_at"].is_null(), "{shown}");
        let (code, out, err) = run(&database, &["show", id]);
        assert!(code == 0 && err.is_empty() && out.contains("ann@x.org") && out.contains("550 no \\u{202e}such user"), "{out}{err}");
        for output in [out, shown.to_string()] {
            assert!(!["token", "code", "proof", "#"].iter().any(|word| output.contains(word)), "{output}");
        }
        for action in ["show", "retry"] {
            assert!(refused(&database, &[action, "00000000-0000-7000-8000-000000000000"]).contains("no such mail"));
        }
    }

    async fn a_mail_that_was_given_up_waits_again(engine) {
        let database = written(engine, &["ann@x.org"]).await;
        let listed = json(&database, &["list"]);
        let id = listed["mails"][0]["id"].as_str().unwrap();
        database.execute("UPDATE mail_outbox SET state = 'dead', done_at = '2026-01-01 00:00:00', next_attempt_at = '2036-01-01 00:00:00'");
        let retried = json(&database, &["retry", id]);
        assert_eq!((&retried["state"], &retried["done_at"]), (&"waiting".into(), &Value::Null));
        assert!(retried["next_attempt_at"].as_str().unwrap() < "2036", "{retried}");
        database.execute("UPDATE mail_outbox SET next_attempt_at = '2036-01-01 00:00:00'");
        assert!(run(&database, &["retry", id]).1.contains("due now: ann@x.org"), "one that waits");
        assert!(json(&database, &["show", id])["next_attempt_at"].as_str().unwrap() < "2036");
        for (state, told) in [("sent", "was sent already"), ("dropped", "was dropped")] {
            database.execute(&format!("UPDATE mail_outbox SET state = '{state}'"));
            assert!(refused(&database, &["retry", id]).contains(told), "{state}");
        }
        database.execute("UPDATE mail_outbox SET state = 'dead', expires_at = '2020-01-01 00:00:00'");
        assert!(refused(&database, &["retry", id]).contains("expired at 2020-01-01"));
        assert_eq!(json(&database, &["show", id])["state"], "dead");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_told_apart_from_failure() {
    let database = TestDatabase::create(Engine::Sqlite);
    for usage in [
        &[][..],
        &["nonsense"],
        &["show"],
        &["show", "1"],
        &["retry", "01890A5D-AC96-774B-BCCE-B302099A8057"],
        &["list", "--state", "lost"],
        &["list", "--limit", "0"],
        &["list", "--after", "ann@x.org"],
    ] {
        assert_eq!(run(&database, usage).0, 2, "{usage:?}");
    }
}
