//! Every connection of the pool at work: who comes next waits for one, or hears that it was in vain.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::{
    oauth::introspect::Client,
    service::{Answer, Engine, Hold, Service, eventually, is_unavailable},
};

fn ask_who(service: &Arc<Service>, access: &str) -> JoinSet<Answer> {
    let mut asking = JoinSet::new();
    for _ in 0..6 {
        let (service, access) = (service.clone(), access.to_owned());
        asking.spawn(async move { service.me(&access).await });
    }
    asking
}

async fn a_pool_with_nothing_left(engine: Engine) {
    let service = Arc::new(Service::with(engine, &[("DATABASE_POOL_SIZE", "2")]).await);
    let database = service.database.clone();
    let tokens = service.register("ann@example.org").await;

    let hold = Hold::tables(&database);
    let asking = ask_who(&service, tokens.access());
    hold.waited_for(&database, 2).await;
    drop(hold);
    for answer in asking.join_all().await {
        assert_eq!(answer.status, 200, "who waited for a connection got one: {}", answer.body);
    }

    // To be looked up in a table that nobody holds: what does not come is the session.
    let client = Client::add(&service);
    let hold = Hold::tables(&database);
    is_unavailable(&client.ask(&service, tokens.access()).await, "introspect");
    for answer in ask_who(&service, tokens.access()).join_all().await {
        is_unavailable(&answer, "me");
    }
    is_unavailable(&service.refresh(tokens.refresh()).await, "refresh");
    is_unavailable(&service.login("ann@example.org").await, "login");
    assert_eq!(service.get("/health").await.status, 200);
    drop(hold);
    let me = eventually(async || service.me(tokens.access()).await, |answer| answer.status != 503).await;
    assert_eq!(me.status, 200, "{}", me.body);
    let refreshed = service.refresh(tokens.refresh()).await;
    assert_eq!(crate::sessions::tokens::claims(refreshed.refresh())["gen"], 2, "what was given up was not done later");
    assert_eq!(database.count("sessions"), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: just test-all"]
async fn on_postgres() {
    a_pool_with_nothing_left(Engine::Postgres).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MariaDB: just test-all"]
async fn on_mysql() {
    a_pool_with_nothing_left(Engine::Mysql).await;
}
