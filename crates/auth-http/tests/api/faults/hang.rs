//! A database that hangs, and a program that is told to stop: it ends, at whatever it was.

use std::{
    fs,
    io::Read,
    process::{Child, ExitStatus},
    sync::Arc,
};

use crate::service::{Engine, Proxy, Service, TestDatabase, environment, eventually, program};

const SHORT: (&str, &str) = ("SHUTDOWN_TIMEOUT_SECONDS", "1");

/// A server on a PostgreSQL that will say nothing more.
async fn hanging() -> (Service, Proxy) {
    let database = Arc::new(TestDatabase::create(Engine::Postgres));
    let (before, name) = database.url().rsplit_once('/').unwrap();
    let (user, address) = before.rsplit_once('@').unwrap();
    let (proxy, port) = Proxy::before(address);
    let url = format!("{user}@127.0.0.1:{port}/{name}");
    let service = Service::on(database, &[("DATABASE_URL", &url), SHORT]).await;
    (service, proxy)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: just test-all"]
async fn a_server_ends_while_postgres_hangs() {
    for signal in ["-TERM", "-INT"] {
        let (mut service, proxy) = hanging().await;
        let tokens = service.register("ann@example.org").await;
        proxy.freeze();
        let refresh = service.client.post(format!("{}/auth/refresh", service.url));
        let _in_flight = tokio::spawn(refresh.json(&serde_json::json!({ "refresh_token": tokens.refresh() })).send());
        // Calls of the server's own hang by then.
        service.logged("cannot attend to the signing keys", 1).await;
        service.signal(signal);
        assert_eq!(service.wait().code(), Some(0), "{signal}");
        service.logged("stopped", 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_ends_while_another_program_holds_the_file_and_says_what_was_not_stored() {
    let mut service = Service::with(Engine::Sqlite, &[SHORT]).await;
    let tokens = service.register("ann@example.org").await;
    let lock = service.database.lock_for_writing();
    let refresh = service.client.post(format!("{}/auth/refresh", service.url));
    let _in_flight = tokio::spawn(refresh.json(&serde_json::json!({ "refresh_token": tokens.refresh() })).send());
    let ask = service.client.post(format!("{}/oauth/introspect", service.url)).basic_auth("nobody", Some("nothing"));
    let ask = ask.header("Content-Type", "application/x-www-form-urlencoded").body("token=x");
    assert_eq!(ask.send().await.unwrap().status(), 401);
    service.audited("client_refused", 1).await;
    service.signal("-TERM");
    assert_eq!(service.wait().code(), Some(0));
    service.logged("were not written to the audit table in time", 1).await;
    drop(lock);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_so_again_at_a_terminal_does_not_wait_and_a_second_sigterm_changes_nothing() {
    let mut service = Service::start(Engine::Sqlite).await;
    let _in_flight = service.login_in_flight(2).await;
    service.signal("-TERM");
    service.logged("stopping", 1).await;
    service.signal("-TERM");
    service.signal("-INT");
    assert_eq!(service.wait().code(), Some(130));
    service.logged("told again to stop", 1).await;
    assert!(!service.log_text().contains("\"stopped\""));
}

/// Runs the program until it listens for signals, which is before it touches the database.
async fn on_its_way(database: &TestDatabase, arguments: &[&str]) -> Child {
    let child = program(database.folder()).args(arguments).envs(environment(database, &[])).spawn().unwrap();
    let tasks = format!("/proc/{}/task", child.id());
    let listens = || {
        let names = fs::read_dir(&tasks).unwrap().map(|task| fs::read_to_string(task.unwrap().path().join("comm")));
        names.flatten().any(|name| name.trim() == "end")
    };
    eventually(async || listens(), |listens| *listens).await;
    child
}

fn ended(mut child: Child) -> (ExitStatus, String) {
    let status = child.wait().unwrap();
    let mut told = String::new();
    child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    (status, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_and_a_command_that_wait_for_a_lock_end_when_they_are_told_to() {
    for (arguments, signal, code) in
        [(&["serve"][..], "-TERM", 0), (&["serve"], "-INT", 0), (&["migrate"], "-TERM", 143), (&["migrate"], "-INT", 130)]
    {
        let database = TestDatabase::create(Engine::Sqlite);
        let lock = database.lock_for_writing();
        let child = on_its_way(&database, arguments).await;
        assert!(std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let (status, told) = ended(child);
        assert_eq!(status.code(), Some(code), "{arguments:?} {signal}");
        assert_eq!(told.contains("stopped before it served"), arguments == ["serve"], "{told}");
        drop(lock);
    }
}
