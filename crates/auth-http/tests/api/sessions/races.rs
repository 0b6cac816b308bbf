//! Many at once, one winner.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::service::{Service, TestDatabase, credentials, eventually, on_every_engine};

const MANY: usize = 32;

on_every_engine! {
    async fn one_of_many_registers_an_address(engine) {
        let service = Arc::new(Service::start(engine).await);
        let mut racers = JoinSet::new();
        for _ in 0..MANY {
            let service = service.clone();
            racers.spawn(async move { service.post("/auth/register", credentials("ann@example.org")).await.status });
        }
        let mut statuses = racers.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [vec![201], vec![409; MANY - 1]].concat());
    }

    async fn a_token_moves_its_session_once_on_two_servers(engine) {
        let first = Arc::new(Service::start(engine).await);
        let second = Arc::new(Service::on(first.database.clone(), &[]).await);
        let tokens = first.register("ann@example.org").await;
        let mut racers = JoinSet::new();
        for number in 0..MANY {
            let service = if number % 2 == 0 { first.clone() } else { second.clone() };
            let token = tokens.refresh().to_owned();
            racers.spawn(async move { service.refresh(&token).await });
        }
        for answer in racers.join_all().await {
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert_eq!(crate::sessions::tokens::claims(answer.refresh())["gen"], 2);
        }
    }

    async fn a_theft_is_reported_once_however_many_present_the_token(engine) {
        let first = Arc::new(Service::start(engine).await);
        let second = Arc::new(Service::on(first.database.clone(), &[]).await);
        let tokens = first.register("ann@example.org").await;
        let next = first.refresh(tokens.refresh()).await;
        assert_eq!(first.refresh(next.refresh()).await.status, 200);
        let mut racers = JoinSet::new();
        for number in 0..MANY {
            let service = if number % 2 == 0 { first.clone() } else { second.clone() };
            let token = tokens.refresh().to_owned();
            racers.spawn(async move { service.refresh(&token).await });
        }
        let answers = racers.join_all().await;
        let answered = |code| answers.iter().filter(|answer| answer.refusal() == (401, code)).count();
        assert_eq!((answered("token_reused"), answered("token_invalid")), (1, MANY - 1));
        // Each has reported before it answered.
        let reported = |event: &str| {
            let of = |service: &Service| service.events().iter().filter(|line| line["event"] == event).count();
            of(&first) + of(&second)
        };
        eventually(async || reported("refresh_refused"), |count| *count == MANY - 1).await;
        assert_eq!(reported("token_reused"), 1);
    }

    async fn two_servers_start_on_an_empty_database(engine) {
        let database = Arc::new(TestDatabase::create(engine));
        let (first, second) = tokio::join!(Service::on(database.clone(), &[]), Service::on(database.clone(), &[]));
        first.register("ann@example.org").await;
        assert_eq!(second.login("ann@example.org").await.status, 200);
    }
}
