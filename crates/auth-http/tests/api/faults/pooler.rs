//! Behind PgBouncer that lends its sessions for a transaction at a time: everything works, and what breaks is an outage.

use std::sync::Arc;

use serde_json::json;

use crate::{
    service::{Engine, PgBouncer, Service, TestDatabase, command, eventually, is_unavailable},
    signing_keys::keys::configured,
};

/// Each transaction of a client is in the session after the one before, and there are fewer sessions than clients.
const SETTINGS: &str = "pool_mode = transaction\ndefault_pool_size = 2\nmin_pool_size = 2\nserver_round_robin = 1";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
async fn a_server_behind_a_pooler_serves_and_survives_it() {
    let database = Arc::new(TestDatabase::create(Engine::Postgres));
    let mut bouncer = PgBouncer::before(database.direct_url(), SETTINGS);
    let url = format!("{}?pgbouncer=true", bouncer.url());
    let settings = configured("ES256", &[("DATABASE_URL", url.as_str()), ("REFRESH_REUSE_SECONDS", "0")]);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let run = |arguments: &[&str]| {
        let (code, out, err) = command(&database, &settings, arguments, "");
        assert_eq!(code, 0, "{arguments:?}: {out}{err}");
        out
    };
    assert!(run(&["check"]).contains("through PgBouncer"));
    assert!(run(&["migrate"]).contains("0001"));
    // Two that start at once.
    let (service, other) = tokio::join!(Service::on(database.clone(), &settings), Service::on(database.clone(), &settings));
    let tokens = service.register("ann@example.org").await;
    assert_eq!(
        other.post("/auth/register", crate::service::credentials("ann@example.org")).await.refusal(),
        (409, "email_taken")
    );
    let next = other.refresh(tokens.refresh()).await;
    assert_eq!((next.status, service.me(next.access()).await.status), (200, 200));
    let login = service.login("ann@example.org").await;
    let sessions = other.get_as(login.access(), "/auth/sessions").await;
    assert_eq!(sessions.body["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(service.refresh(tokens.refresh()).await.status, 401, "it was spent, so the session is over");
    assert_eq!(other.me(next.access()).await.status, 401);
    assert_eq!(service.post_as(login.access(), "/auth/logout", None).await.status, 204);
    assert_eq!(other.me(login.access()).await.status, 401);

    // Jobs at the start and commands: keys, accounts, the trail.
    assert!(run(&["keys", "rotate"]).contains("ES256"));
    assert!(run(&["users", "show", "ann@example.org"]).contains("ann@example.org"));
    eventually(async || run(&["audit", "list"]), |listed| listed.contains("logged_out")).await;
    assert!(run(&["users", "export"]).contains("ann@example.org"));

    let tokens = service.login("ann@example.org").await;
    for _ in 0..2 {
        bouncer.stop();
        is_unavailable(&service.me(tokens.access()).await, "me");
        is_unavailable(&service.refresh(tokens.refresh()).await, "refresh");
        assert_eq!(service.get("/health/ready").await.status, 503);
        bouncer.start();
        eventually(async || service.get("/health/ready").await.status, |status| *status == 200).await;
        let me = eventually(async || service.me(tokens.access()).await, |answer| answer.status != 503).await;
        assert_eq!(me.status, 200, "an outage is never a no: {}", me.body);
    }
    let next = eventually(
        async || service.post("/auth/refresh", json!({ "refresh_token": tokens.refresh() })).await,
        |answer| answer.status != 503,
    );
    assert_eq!(next.await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and PgBouncer: just test-all"]
async fn a_pooler_that_nobody_spoke_of_is_told_by_check() {
    let database = TestDatabase::create(Engine::Postgres);
    let bouncer = PgBouncer::before(database.direct_url(), SETTINGS);
    for arguments in [&["check"][..], &["serve"], &["migrate"]] {
        let (code, _, err) = command(&database, &[("DATABASE_URL", &bouncer.url())], arguments, "");
        assert!(code == 1 && err.contains("pgbouncer=true"), "{arguments:?}: {err}");
    }
}
