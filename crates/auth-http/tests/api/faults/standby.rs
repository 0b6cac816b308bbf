//! A primary that dies under load or is demoted, and the synchronous standby that takes its place.
#![expect(clippy::print_stdout, reason = "there to be read")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Instant,
};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::kill::{Caller, Heard, holds};
use crate::service::{Answer, Engine, PASSWORD, PrivateServer, Service, credentials, eventually, is_unavailable};

const REFRESHING: usize = 6;
const NEXT: &str = "Another-Horse-8-Battery";

/// A client that goes on through an outage: what got no answer, or a 503, it asks again.
#[derive(Clone)]
struct Client {
    caller: Caller,
    /// That it is enough.
    enough: Arc<AtomicBool>,
    /// How often all of them were answered otherwise than by a 503.
    answered: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
}

impl Client {
    fn has_enough(&self) -> bool {
        self.enough.load(Ordering::SeqCst)
    }

    /// The answer, and whether an earlier try may have taken effect.
    async fn ask(&self, path: &str, token: Option<&str>, body: Value) -> (Answer, bool) {
        let mut was_unheard = false;
        loop {
            match self.caller.ask(Method::POST, path, token, body.clone()).await {
                Ok(answer) if answer.status != 503 => {
                    self.answered.fetch_add(1, Ordering::SeqCst);
                    return (answer, was_unheard);
                }
                Ok(answer) => is_unavailable(&answer, path),
                Err(_no_answer) => {}
            }
            self.refused.fetch_add(1, Ordering::SeqCst);
            was_unheard = true;
        }
    }

    async fn keep_refreshing(self, mut tokens: Answer) -> Vec<Heard> {
        while !self.has_enough() {
            let (next, _) = self.ask("/auth/refresh", None, json!({ "refresh_token": tokens.refresh() })).await;
            assert_eq!(next.status, 200, "the last token that was answered works: {}", next.body);
            tokens = next;
        }
        vec![Heard::Tokens(tokens)]
    }

    async fn come_and_go(self, email: String) -> Vec<Heard> {
        let mut heard = Vec::new();
        while !self.has_enough() {
            let (tokens, _) = self.ask("/auth/login", None, credentials(&email)).await;
            assert_eq!(tokens.status, 200, "{}", tokens.body);
            let (gone, was_unheard) = self.ask("/auth/logout", Some(tokens.access()), Value::Null).await;
            assert!(gone.status == 204 || (was_unheard && gone.status == 401), "{}", gone.body);
            heard.push(Heard::Logout { tokens, acknowledged: true });
        }
        heard
    }

    async fn keep_registering(self) -> Vec<Heard> {
        let mut heard = Vec::new();
        while !self.has_enough() {
            let email = format!("new{}@example.org", heard.len());
            let (answer, was_unheard) = self.ask("/auth/register", None, credentials(&email)).await;
            assert!(answer.status == 201 || (was_unheard && answer.status == 409), "{}", answer.body);
            heard.push(Heard::Registration { email, acknowledged: true });
        }
        heard
    }

    /// Changes it there and back. What it is in the end.
    async fn keep_changing(self, tokens: Answer) -> &'static str {
        let (mut now, mut next) = (PASSWORD, NEXT);
        while !self.has_enough() {
            let change = json!({ "current_password": now, "new_password": next });
            let (answer, was_unheard) = self.ask("/auth/password", Some(tokens.access()), change).await;
            assert!(answer.status == 204 || (was_unheard && answer.status == 403), "{}", answer.body);
            (now, next) = (next, now);
        }
        now
    }
}

async fn until_more(count: &AtomicU64, more: u64) {
    let before = count.load(Ordering::SeqCst);
    eventually(async || count.load(Ordering::SeqCst), |count| *count >= before + more).await;
}

/// Run with `--nocapture`, it says how long the service was away.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: just test-all"]
async fn what_was_answered_holds_on_the_standby_that_was_promoted() {
    let primary = PrivateServer::create(Engine::Postgres);
    let standby = PrivateServer::standby_of(&primary);
    let url = primary.url_with(&standby);
    let settings = [("DATABASE_URL", url.as_str()), ("REFRESH_REUSE_SECONDS", "60"), ("SESSION_MAX_PER_USER", "1000")];
    let service = Service::with(Engine::Postgres, &settings).await;
    let client =
        Client { caller: Caller::of(&service), enough: Arc::default(), answered: Arc::default(), refused: Arc::default() };
    let (mut clients, mut changing) = (JoinSet::new(), JoinSet::new());
    for number in 0..REFRESHING {
        let tokens = service.register(&format!("ann{number}@example.org")).await;
        clients.spawn(client.clone().keep_refreshing(tokens));
    }
    clients.spawn(client.clone().come_and_go("ann0@example.org".to_owned()));
    clients.spawn(client.clone().keep_registering());
    changing.spawn(client.clone().keep_changing(service.register("ben@example.org").await));
    for event in ["logged_out", "user_registered", "password_changed"] {
        service.audited(event, 3).await;
    }
    until_more(&client.answered, 50).await;

    primary.stop();
    until_more(&client.refused, 3).await;
    let promoted = Instant::now();
    standby.promote();
    let is_primary = promoted.elapsed();
    until_more(&client.answered, 1).await;
    println!("promoted after {is_primary:?}, the first answer {:?} after the promotion was asked for", promoted.elapsed());
    until_more(&client.answered, 50).await;
    assert_eq!(eventually(async || service.get("/health/ready").await.status, |status| *status == 200).await, 200);

    client.enough.store(true, Ordering::SeqCst);
    let heard: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
    println!("{} answers, and {} times none", client.answered.load(Ordering::SeqCst), client.refused.load(Ordering::SeqCst));
    let registered = heard.iter().filter(|heard| matches!(heard, Heard::Registration { .. })).count();
    for heard in heard {
        holds(&service, heard).await;
    }
    for password in changing.join_all().await {
        let other = if password == PASSWORD { NEXT } else { PASSWORD };
        let login =
            async |password: &str| service.post("/auth/login", json!({ "email": "ben@example.org", "password": password })).await;
        assert_eq!((login(password).await.status, login(other).await.status), (200, 401));
    }
    let accounts = i64::try_from(REFRESHING + registered + 1).unwrap();
    assert_eq!(standby.number("SELECT count(*) AS count FROM users"), accounts, "each account once");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: just test-all"]
async fn a_primary_that_became_read_only_is_left_for_the_host_that_takes_writes() {
    let primary = PrivateServer::create(Engine::Postgres);
    let standby = PrivateServer::standby_of(&primary);
    let service = Service::with(Engine::Postgres, &[("DATABASE_URL", &primary.url_with(&standby))]).await;
    let tokens = service.register("ann@example.org").await;
    assert_eq!(service.me(tokens.access()).await.status, 200);
    let connections = || primary.number("SELECT count(*) AS count FROM pg_stat_activity WHERE application_name = 'auth-server'");
    assert!(connections() > 1);

    // As a program that hands over does; sessions that are there go on.
    primary.administer("ALTER SYSTEM SET default_transaction_read_only = on");
    primary.administer("SELECT pg_reload_conf()");
    eventually(async || service.get("/health/ready").await.status, |status| *status == 503).await;
    is_unavailable(&service.refresh(tokens.refresh()).await, "refresh");
    // Nobody reads what is not true any more: the one that reads alone, for requests with a token, is gone as well.
    is_unavailable(&service.me(tokens.access()).await, "me");
    standby.promote();
    eventually(async || service.get("/health/ready").await.status, |status| *status == 200).await;
    let next = eventually(async || service.refresh(tokens.refresh()).await, |answer| answer.status != 503).await;
    assert_eq!(next.status, 200, "{}", next.body);
    assert_eq!(eventually(async || service.me(next.access()).await.status, |status| *status != 503).await, 200);
    assert_eq!(service.login("ann@example.org").await.status, 200);
    assert_eq!(eventually(async || connections(), |count| *count == 0).await, 0, "none is kept");
}
