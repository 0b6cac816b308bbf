//! The database goes away and comes back under a running server.

use std::fs;

use serde_json::json;

use crate::{
    oauth::introspect::Client,
    service::{Engine, PrivateServer, Service, credentials, eventually, is_unavailable},
};

async fn a_database_goes_away_and_comes_back(engine: Engine) {
    let server = PrivateServer::create(engine);
    let service = Service::with(engine, &[("DATABASE_URL", server.url())]).await;
    let tokens = service.register("ann@example.org").await;
    let client = Client::add_on(&service, server.url());
    for _ in 0..2 {
        server.stop();
        is_unavailable(&service.me(tokens.access()).await, "me");
        is_unavailable(&service.refresh(tokens.refresh()).await, "refresh");
        is_unavailable(&service.login("ann@example.org").await, "login");
        is_unavailable(&service.post("/auth/register", credentials("bob@example.org")).await, "register");
        is_unavailable(&service.post_as(tokens.access(), "/auth/logout", None).await, "logout");
        // Never "not active": a resource server would turn somebody away.
        is_unavailable(&client.ask(&service, tokens.access()).await, "introspect");
        assert_eq!(service.get("/health").await.status, 200);
        let ready = service.get("/health/ready").await;
        assert_eq!((ready.status, ready.text("status")), (503, "unavailable"));
        server.start();
        eventually(async || service.get("/health/ready").await.status, |status| *status == 200).await;
        let me = eventually(async || service.me(tokens.access()).await, |answer| answer.status != 503).await;
        assert_eq!(me.status, 200, "an outage is never a no: {}", me.body);
        assert_eq!(client.ask(&service, tokens.access()).await.body["active"], true);
        let login = eventually(async || service.login("ann@example.org").await, |answer| answer.status != 503).await;
        assert_eq!(login.status, 200, "{}", login.body);
    }
    assert_eq!(service.post("/auth/refresh", json!({ "refresh_token": tokens.refresh() })).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: just test-all"]
async fn postgres_goes_away_and_comes_back() {
    a_database_goes_away_and_comes_back(Engine::Postgres).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB: just test-all"]
async fn mariadb_goes_away_and_comes_back() {
    a_database_goes_away_and_comes_back(Engine::Mysql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_written_is_an_outage() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    // Another program holds the write lock for longer than anybody waits.
    let lock = service.database.lock_for_writing();
    assert_eq!(service.me(tokens.access()).await.status, 200, "reading goes on");
    is_unavailable(&service.refresh(tokens.refresh()).await, "refresh");
    drop(lock);
    assert_eq!(service.refresh(tokens.refresh()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_removed_or_replaced_is_an_outage_until_it_is_back() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    let at = |name: &str| service.database.folder().join(name);
    for replace in [false, true] {
        fs::copy(at("auth.db"), at("copy.db")).unwrap();
        fs::rename(at("auth.db"), at("away.db")).unwrap();
        if replace {
            fs::rename(at("copy.db"), at("auth.db")).unwrap();
        }
        is_unavailable(&service.post("/auth/register", credentials("bob@example.org")).await, "register");
        is_unavailable(&service.login("ann@example.org").await, "login");
        is_unavailable(&service.refresh(tokens.refresh()).await, "refresh");
        is_unavailable(&service.post_as(tokens.access(), "/auth/logout", None).await, "logout");
        is_unavailable(&service.me(tokens.access()).await, "me");
        let ready = service.get("/health/ready").await;
        assert_eq!((ready.status, ready.text("status")), (503, "unavailable"));
        assert_eq!(at("auth.db").exists(), replace, "no empty one in its place");
        fs::rename(at("away.db"), at("auth.db")).unwrap();
        assert_eq!(service.get("/health/ready").await.status, 200);
        assert_eq!(service.me(tokens.access()).await.status, 200);
    }
    assert!(service.log_text().contains("auth.db was removed, renamed or replaced while it was open"));
    assert_eq!(service.refresh(tokens.refresh()).await.status, 200);
    assert_eq!(service.register("bob@example.org").await.status, 201);
}
