//! A database server whose defaults would break what the program promises.

use crate::service::{Engine, PrivateServer, Service, eventually};

/// What was answered is there after a power cut, and nobody loses a race to another.
async fn what_was_answered_holds(engine: Engine, defaults: &[&str]) {
    let server = PrivateServer::told(engine, defaults);
    let service = Service::with(engine, &[("DATABASE_URL", server.url())]).await;
    let (ended, kept) = (service.register("ann@example.org").await, service.login("ann@example.org").await);
    let crowd: Vec<_> = (0..8).map(|_| service.login("ann@example.org")).collect();
    for login in futures_util::future::join_all(crowd).await {
        assert_eq!(login.status, 200, "{}", login.body);
    }
    assert_eq!(service.post_as(ended.access(), "/auth/logout", None).await.status, 204);
    server.stop();
    server.start();
    let me = eventually(async || service.me(ended.access()).await, |answer| answer.status != 503).await;
    assert_eq!(me.status, 401, "it had ended: {}", me.body);
    assert_eq!(service.me(kept.access()).await.status, 200);
    assert_eq!(service.refresh(kept.refresh()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: just test-all"]
async fn what_postgres_answered_holds_whatever_its_defaults() {
    let defaults = [
        "-c",
        "default_transaction_isolation=serializable",
        "-c",
        "synchronous_commit=off",
        "-c",
        "session_replication_role=replica",
        "-c",
        "timezone=Asia/Tokyo",
    ];
    what_was_answered_holds(Engine::Postgres, &defaults).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB: just test-all"]
async fn what_mariadb_answered_holds_whatever_its_defaults() {
    for defaults in [
        ["--autocommit=0", "--transaction-isolation=SERIALIZABLE", "--sql-mode=", "--default-time-zone=+05:00"],
        ["--completion-type=CHAIN", "--transaction-isolation=REPEATABLE-READ", "--sql-mode=ANSI", "--lc-messages=de_DE"],
        ["--completion-type=RELEASE", "--wait-timeout=600", "--sql-mode=PIPES_AS_CONCAT", "--sql-safe-updates=1"],
    ] {
        what_was_answered_holds(Engine::Mysql, &defaults).await;
    }
}
