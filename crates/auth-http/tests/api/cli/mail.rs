//! `auth-server mail`, on the database of a server that has written mails; and what sends them.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::Arc,
    thread,
};

use serde_json::{Value, json as object};

use crate::service::{Engine, PASSWORD, Service, TestDatabase, command, eventually, folder, on_every_engine};

/// Nobody listens there, so mails wait.
pub(crate) const NOWHERE: [(&str, &str); 3] = [
    ("MAIL_URL", "smtp://127.0.0.1:1?tls=off"),
    ("MAIL_FROM", "Example <no-reply@example.org>"),
    ("PUBLIC_URL", "https://auth.example.org"),
];

/// Mails are files beside the database.
pub(crate) const FOLDER: [(&str, &str); 3] = [("MAIL_URL", "file:mail"), NOWHERE[1], ("PUBLIC_URL", "http://localhost:8000")];

/// A mail server that takes everything, and offers what most do. It remembers nothing.
fn mail_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(take(stream))));
    format!("smtp://ann:hush-hush@127.0.0.1:{port}?tls=off")
}

fn take(stream: TcpStream) -> std::io::Result<()> {
    let (mut out, mut is_body) = (stream.try_clone()?, false);
    out.write_all(b"220 mail.test ESMTP\r\n")?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let answer: &[u8] = match line.get(..4).unwrap_or(&line) {
            "." => b"250 taken\r\n",
            _ if is_body => continue,
            "EHLO" => b"250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 10485760\r\n",
            "AUTH" => b"235 welcome\r\n",
            "DATA" => b"354 go on\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        is_body = answer.starts_with(b"354");
        out.write_all(answer)?;
    }
    Ok(())
}

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

/// The mails in a folder, without what quoted-printable does to ASCII.
fn mails(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
    files.map(|path| fs::read_to_string(path).unwrap().replace("=\r\n", "").replace("=3D", "=")).collect()
}

on_every_engine! {
    async fn who_is_invited_chooses_a_password(engine) {
        let service = Service::with(engine, &FOLDER).await;
        let invite = |arguments: &[&str]| {
            let (code, out, err) = command(&service.database, &FOLDER, &[&["users", "create"], arguments, &["--json"]].concat(), "\n");
            assert_eq!(code, 0, "{out}{err}");
            serde_json::from_str::<Value>(&out).unwrap()
        };
        assert_eq!(invite(&["ann@example.org", "--invite"])["invited"], true);
        assert_eq!(invite(&["bob@example.org"])["invited"], true, "an empty line is no password");
        assert_eq!(service.login("ann@example.org").await.refusal(), (401, "invalid_credentials"));
        let folder = service.database.folder().join("mail");
        let sent = eventually(async || mails(&folder), |mails| mails.len() == 2).await;
        let ann = sent.iter().find(|mail| mail.contains("To: ann@example.org")).unwrap();
        let (_, rest) = ann.split_once("http://localhost:8000/pages/reset#token=").unwrap();
        let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        let choice = object!({ "token": token, "new_password": PASSWORD });
        assert_eq!(service.post("/auth/password/reset", choice).await.status, 204);
        assert_eq!(service.login("ann@example.org").await.status, 200);
        let invitations = async || service.database.count("mail_outbox WHERE occasion = 'invitation' AND state = 'sent'");
        eventually(invitations, |sent| *sent == 2).await;
        let listed = json(&service.database, &["list", "--state", "sent"]).to_string();
        assert!(listed.contains("invitation") && !listed.contains(&token), "{listed}");
    }

    async fn an_address_that_had_its_mails_is_not_called_invited(engine) {
        let service = Service::with(engine, &NOWHERE).await;
        assert_eq!(service.post("/auth/password/forgot", object!({ "email": "ann@example.org" })).await.status, 202);
        let create = ["users", "create", "ann@example.org", "--invite"];
        let (code, out, err) = command(&service.database, &NOWHERE, &create, "");
        assert!(code == 0 && out.contains("created: ann@example.org") && out.contains("no invitation goes out"), "{out}{err}");
        assert!(service.database.count("mail_outbox") == 1 && service.database.count("users") == 1);
    }
}

fn alone(folder: &Path, mail: &[(&str, &str)], arguments: &[&str]) -> (i32, String, String) {
    let secrets = [("JWT_SECRET_KEY", crate::service::ACCESS_SECRET), ("JWT_REFRESH_SECRET_KEY", crate::service::REFRESH_SECRET)];
    crate::service::run(folder, arguments, &[&secrets[..], mail].concat())
}

#[test]
fn a_test_mail_says_what_the_mail_server_answered() {
    let (_guard, folder) = folder();
    let test =
        |mail: &[(&str, &str)], more: &[&str]| alone(&folder, mail, &[&["mail", "test", "Ann@Example.org"], more].concat());
    let (code, out, err) = test(&[], &[]);
    assert!(code == 1 && out.is_empty() && err.contains("set MAIL_URL"), "{out}{err}");
    let (code, out, err) = test(&FOLDER, &[]);
    assert!(code == 0 && out.starts_with("accepted: file:mail took the mail to ann@example.org"), "{out}{err}");
    assert!(mails(&folder.join("mail"))[0].contains("Subject: Test mail of localhost"));
    let server = mail_server();
    let (code, out, err) = test(&[("MAIL_URL", &server), FOLDER[1], FOLDER[2]], &["--json"]);
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &answer["outcome"], &answer["error"]), (0, &"accepted".into(), &Value::Null), "{err}");
    assert!(!out.contains("hush"), "{out}");
    let (code, out, err) = test(&NOWHERE, &["--json"]);
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert!(code == 1 && answer["outcome"] == "deferred" && answer["error"].is_string(), "{out}");
    assert!(err.contains("not taken"), "{err}");
    assert!(!folder.join("auth.db").exists(), "no database is asked");
    assert_eq!(alone(&folder, &FOLDER, &["mail", "test", "nobody"]).0, 1);
}

#[test]
fn every_mail_can_be_looked_at_also_with_templates_of_ones_own() {
    let (_guard, folder) = folder();
    let preview = |more: &[(&str, &str)]| alone(&folder, &[&FOLDER[..], more].concat(), &["mail", "preview", "looks"]);
    let (code, out, err) = preview(&[]);
    assert!(code == 0 && out.contains("files into looks"), "{out}{err}");
    let text = |name: &str| fs::read_to_string(folder.join("looks").join(name)).unwrap();
    assert!(text("de-reset.txt").contains("#token=") && text("zh-verify.html").contains("<html"));
    let own = folder.join("own/en");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("reset.txt"), "Back into {{ app }}\n\n{{ link }}\n").unwrap();
    let templates = [("MAIL_TEMPLATES_DIR", "own")];
    assert_eq!(preview(&templates).0, 0);
    assert!(text("en-reset.txt").starts_with("Back into localhost\n"));
    fs::write(own.join("reset.txt"), "Back\n\n{{ lnik }}\n").unwrap();
    let look = &["mail", "preview", "looks"][..];
    for command in [look, &["mail", "test", "ann@example.org"], &["users", "list"], &["mail", "list"], &["check"], &["serve"]] {
        let (code, out, err) = alone(&folder, &[&FOLDER[..], &templates].concat(), command);
        let told = err.contains("MAIL_TEMPLATES_DIR: en/reset.txt, line 3") && err.contains("lnik");
        assert!(code == 1 && told, "{command:?}: {out}{err}");
    }
}

#[test]
fn check_says_what_the_mail_server_offers_or_what_is_wrong() {
    let (_guard, folder) = folder();
    let check = |mail: &[(&str, &str)]| {
        let (code, out, err) = alone(&folder, mail, &["check"]);
        assert!(code == 0 && !out.contains("hush"), "{out}{err}");
        out.lines()
            .filter(|line| line.contains(" mail ") || line.contains(" verification "))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert!(check(&[])[0].contains("none is sent: MAIL_URL is unset"));
    let server = mail_server();
    let told = check(&[("MAIL_URL", &server), ("MAIL_FROM", "no-reply@acme.com"), NOWHERE[2]]);
    assert!(
        told[0].starts_with("✓ ") && told[0].ends_with("in clear, logged in, AUTH PLAIN LOGIN, SMTPUTF8, SIZE 10485760"),
        "{told:?}"
    );
    let told = check(&NOWHERE);
    assert!(told[0].starts_with("! ") && told[0].contains("an address of examples"), "{told:?}");
    assert!(told[1].starts_with("! ") && told[1].contains("smtp://127.0.0.1:1 takes no mail: "), "{told:?}");
    assert!(check(&FOLDER)[0].ends_with("file:mail: a folder that can be written to"));
}

#[tokio::test(flavor = "multi_thread")]
async fn check_counts_whom_verification_keeps_out() {
    let service = Service::with(Engine::Sqlite, &FOLDER).await;
    for address in ["ann@example.org", "bob@example.org", "eve@example.org"] {
        service.register(address).await;
    }
    service.command(&["users", "disable", "eve@example.org"], "");
    let check = |verification| {
        let required = [FOLDER[0], FOLDER[1], FOLDER[2], ("EMAIL_VERIFICATION", verification)];
        command(&service.database, &required, &["check"], "").1
    };
    assert!(!check("optional").contains("verification"));
    assert!(check("required").contains("! verification   2 account(s) cannot log in before"), "{}", check("required"));
    for user in ["ann@example.org", "bob@example.org"] {
        service.command(&["users", "verify", user], "");
    }
    assert!(check("required").contains("✓ verification   every account has proven its address"));
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
        &["test"],
        &["preview"],
    ] {
        assert_eq!(run(&database, usage).0, 2, "{usage:?}");
    }
}
