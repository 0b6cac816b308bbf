//! A primary that is demoted under a running server.

use diesel::{Connection, MysqlConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};

use crate::service::{Engine, PrivateServer, Service, eventually, is_unavailable};

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// The connections that the server has to its database.
fn connections(server: &PrivateServer) -> Vec<i64> {
    let query = sql_query("SELECT CAST(id AS SIGNED) AS id FROM information_schema.processlist WHERE user = 'app'");
    let ids: Vec<Id> = query.load(&mut MysqlConnection::establish(server.url()).unwrap()).unwrap();
    ids.into_iter().map(|found| found.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB: just test-all"]
async fn a_primary_that_became_read_only_is_not_ready_and_no_connection_to_it_is_kept() {
    let server = PrivateServer::create(Engine::Mysql);
    // Whoever administers may write all the same.
    server.administer("CREATE USER app@'127.0.0.1'");
    server
        .administer("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES ON auth.* TO app@'127.0.0.1'");
    let url = server.url().replace("root@", "app@");
    let service = Service::with(Engine::Mysql, &[("DATABASE_URL", &url)]).await;
    let tokens = service.register("ann@example.org").await;
    assert_eq!(service.get("/health/ready").await.status, 200);
    for (demote, promote) in
        [("SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0"), ("SET GLOBAL tx_read_only = 1", "SET GLOBAL tx_read_only = 0")]
    {
        let before = connections(&server);
        assert!(!before.is_empty());
        server.administer(demote);
        if demote.contains("tx_") {
            // Which counts for connections that come.
            server.administer("KILL USER app");
            eventually(async || service.get("/health/ready").await.status, |status| *status == 503).await;
        }
        let ready = service.get("/health/ready").await;
        assert_eq!((ready.status, &ready.body["checks"]["database"]), (503, &"unavailable".into()), "{demote}");
        is_unavailable(&service.refresh(tokens.refresh()).await, "refresh");
        is_unavailable(&service.login("ann@example.org").await, "login");
        assert_eq!(service.me(tokens.access()).await.status, 200, "reading goes on");
        server.administer(promote);
        eventually(async || service.get("/health/ready").await.status, |status| *status == 200).await;
        assert_eq!(service.login("ann@example.org").await.status, 200);
        assert_eq!(service.me(tokens.access()).await.status, 200);
        // Those that nobody uses are closed when their turn comes, so that all who look meet new ones.
        let kept = eventually(
            async || {
                service.me(tokens.access()).await;
                service.login("ann@example.org").await;
                connections(&server).into_iter().filter(|id| before.contains(id)).count()
            },
            |kept| *kept == 0,
        );
        assert_eq!(kept.await, 0);
    }
    assert_eq!(service.refresh(tokens.refresh()).await.status, 200);
}
