//! Imports that do not come to their end.

use serde_json::{Value, json};

use super::{
    accounts, import, people, start,
    wire::{Ending, Wire},
};
use crate::service::{Engine, PrivateServer, on_every_engine};

fn stopped(after: usize, reason: &str) -> Value {
    json!({ "stopped_after": after, "reason": reason })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stalls_is_told_after_which_line() {
    let (service, token) = start(Engine::Sqlite, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    for (sent, after) in [("", 0), ("{\"email\":\"ann@example.org\"}\n\n{\"email\":\"ben@example.org\"}", 1)] {
        let mut wire = Wire::import(&service, &token, "Content-Length: 1000").await;
        wire.send(sent).await;
        let (lines, ending) = wire.rest().await;
        assert_eq!((lines.last(), lines.len(), ending), (Some(&stopped(after, "request_timeout")), after + 1, Ending::Whole));
    }
    assert_eq!(people(&service), 1, "what may be half a line is no line");
    assert_eq!(service.audited("users_imported", 2).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_leaves_whole_accounts_and_a_trail() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    let mut wire = Wire::import(&service, &token, "Content-Length: 10000000").await;
    wire.send(&accounts(700)).await;
    wire.send("{\"email\":\"half@exam").await;
    let first = wire.lines(1).await;
    assert_eq!(first[0]["result"], "imported");
    drop(wire);
    assert_eq!(service.audited("users_imported", 1).await.len(), 1);
    let there = people(&service);
    assert!((1..=700).contains(&there), "{there}");
    let made = service.audited("user_created", usize::try_from(there).unwrap()).await;
    assert_eq!(i64::try_from(made.len()).unwrap(), there, "the trail has each of them");
    let again = import(&service, &token, "", accounts(700)).await;
    assert_eq!(again.last().unwrap()["already_there"], there, "nobody is there by half");
}

on_every_engine! {
    async fn a_server_that_is_told_to_stop_answers_what_was_done(engine) {
        let (mut service, token) = start(engine, &[]).await;
        let mut wire = Wire::chunked(&service, &token).await;
        let mut idle = Wire::chunked(&service, &token).await;
        idle.head().await;
        wire.chunk(&accounts(2)).await;
        wire.lines(2).await;
        service.signal("-TERM");
        let (lines, ending) = wire.rest().await;
        assert_eq!((lines.len(), lines.last(), ending), (3, Some(&stopped(2, "server_stopping")), Ending::Whole));
        assert_eq!(idle.rest().await, (vec![stopped(0, "server_stopping")], Ending::Whole));
        assert_eq!(service.wait().code(), Some(0));
        assert_eq!(people(&service), 2);
        let trail = tokio::task::block_in_place(|| service.database.number("SELECT COUNT(*) AS count FROM audit_events WHERE event = 'users_imported'"));
        assert_eq!(trail, 2, "written before it ended");
    }
}

/// One line is imported, the database goes away, and the next one is sent.
async fn goes_away(engine: Engine) {
    let server = PrivateServer::create(engine);
    let service =
        crate::service::Service::with_factors(engine, &[&super::ON[..], &[("DATABASE_URL", server.url())]].concat()).await;
    let (code, out, _) = service.command_on(server.url(), &["clients", "add", "office", "--scope", "admin:write", "--json"]);
    assert_eq!(code, 0);
    let (id, secret) = crate::oauth::clients::credentials(&out.parse().unwrap());
    let form = [("grant_type", "client_credentials"), ("client_id", id.as_str()), ("client_secret", secret.as_str())];
    let token = crate::oauth::post(&service, "/oauth/token", &form).await.access().to_owned();
    let mut wire = Wire::chunked(&service, &token).await;
    wire.chunk("{\"email\":\"ann@example.org\"}\n").await;
    wire.lines(1).await;
    server.stop();
    wire.chunk("{\"email\":\"ben@example.org\"}\n").await;
    let (lines, ending) = wire.rest().await;
    assert_eq!((lines.last(), ending), (Some(&stopped(1, "service_unavailable")), Ending::Whole));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: just test-all"]
async fn postgres_that_goes_away_ends_it() {
    goes_away(Engine::Postgres).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB: just test-all"]
async fn mariadb_that_goes_away_ends_it() {
    goes_away(Engine::Mysql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_written_ends_it() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    let mut wire = Wire::chunked(&service, &token).await;
    wire.chunk("{\"email\":\"ann@example.org\"}\n").await;
    wire.lines(1).await;
    let lock = tokio::task::block_in_place(|| service.database.lock_for_writing());
    wire.chunk("{\"email\":\"ben@example.org\"}\n").await;
    let (lines, ending) = wire.rest().await;
    assert_eq!((lines.last(), ending), (Some(&stopped(1, "service_unavailable")), Ending::Whole));
    tokio::task::block_in_place(|| drop(lock));
    let again = import(&service, &token, "", "{\"email\":\"ann@example.org\"}\n{\"email\":\"ben@example.org\"}\n").await;
    assert_eq!(again.last().unwrap()["already_there"], people(&service) - again.last().unwrap()["imported"].as_i64().unwrap());
}
