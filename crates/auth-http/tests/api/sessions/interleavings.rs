//! Random programs of everything that moves or ends a session, on two servers, against a model.

mod aftermath;
mod factors;
mod model;
mod program;
mod storm;

use std::{
    future::Future,
    ops::Index,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::join_all;
use model::{Model, Outcome, SESSIONS};
use program::{ACCOUNTS, Act, Request, Scope, Step, programs};
use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestRunner},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::service::{Answer, Engine, Service, TestDatabase, on_every_engine};

on_every_engine! {
    async fn every_token_answers_as_the_model_says(engine) {
        let servers = Servers::start(engine, "60", SESSIONS).await;
        for_all(10, programs(), async |program: Vec<_>| Play::new(&servers, true).perform(&program).await);
    }

    async fn every_token_answers_as_the_model_without_repeats_says(engine) {
        let servers = Servers::start(engine, "0", SESSIONS).await;
        for_all(8, programs(), async |program: Vec<_>| Play::new(&servers, false).perform(&program).await);
    }

    async fn no_order_of_events_forks_or_revives_a_session(engine) {
        let servers = Servers::start(engine, "60", MANY).await;
        for_all(8, storm::storms(), async |actions: Vec<_>| storm::weather(&servers, true, &actions).await);
    }

    async fn without_repeats_each_token_moves_its_session_once(engine) {
        let servers = Servers::start(engine, "0", MANY).await;
        for_all(6, storm::storms(), async |actions: Vec<_>| storm::weather(&servers, false, &actions).await);
    }

    async fn who_comes_in_by_an_old_password_goes_with_it(engine) {
        let servers = Servers::start(engine, "60", MANY).await;
        for_all(5, storm::rushes(), async |actions: Vec<_>| storm::weather(&servers, true, &actions).await);
    }
}

/// Some of them on servers each of which has a database server of its own.
#[cfg(feature = "mysql")]
pub async fn across(databases: &[Arc<TestDatabase>]) {
    let servers = Servers::across(databases, &settings("60", &SESSIONS.to_string())).await;
    for_all(4, programs(), async |program: Vec<_>| Play::new(&servers, true).perform(&program).await);
    let servers = Servers::across(databases, &settings("60", &MANY.to_string())).await;
    for_all(4, storm::storms(), async |actions: Vec<_>| storm::weather(&servers, true, &actions).await);
    for_all(2, storm::rushes(), async |actions: Vec<_>| storm::weather(&servers, true, &actions).await);
    let servers = Servers::across(databases, &settings("0", &MANY.to_string())).await;
    for_all(3, storm::storms(), async |actions: Vec<_>| storm::weather(&servers, false, &actions).await);
    factors::across(databases).await;
}

/// More sessions than a storm begins.
const MANY: usize = 50;

/// Performs so many random programs; one that fails is shrunk and printed.
fn for_all<T: std::fmt::Debug>(programs: u32, strategy: impl Strategy<Value = T>, perform: impl AsyncFn(T)) {
    let cases = std::env::var("INTERLEAVINGS").map_or(programs, |cases| cases.parse().unwrap());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let outcome = TestRunner::new(config).run(&strategy, |program| {
        wait_for(perform(program));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

/// Servers on one database: two, or one on each server of a cluster.
#[derive(Clone)]
pub struct Servers(Arc<[Arc<Service>]>);

/// What the numbers of servers in programs are below: divisible by how many there are.
pub const NUMBERS: usize = 6;

impl Index<usize> for Servers {
    type Output = Arc<Service>;

    fn index(&self, number: usize) -> &Arc<Service> {
        &self.0[number % self.0.len()]
    }
}

impl Servers {
    async fn start(engine: Engine, reuse_seconds: &str, sessions: usize) -> Self {
        let database = Arc::new(TestDatabase::create(engine));
        Self::across(&[database.clone(), database], &settings(reuse_seconds, &sessions.to_string())).await
    }

    /// One on each of these, all started at once.
    pub async fn across(databases: &[Arc<TestDatabase>], settings: &[(&str, &str)]) -> Self {
        let servers = databases.iter().map(|database| Service::on(database.clone(), settings));
        Self(join_all(servers).await.into_iter().map(Arc::new).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.0.iter()
    }
}

fn settings<'a>(reuse_seconds: &'a str, sessions: &'a str) -> [(&'a str, &'a str); 2] {
    [("REFRESH_REUSE_SECONDS", reuse_seconds), ("SESSION_MAX_PER_USER", sessions)]
}

/// An address that no other program uses.
pub fn new_address() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("ann{}@example.org", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn credentials(email: &str, password: &str) -> Value {
    json!({ "email": email, "password": password })
}

fn change(current: &str, new: &str) -> Value {
    json!({ "current_password": current, "new_password": new })
}

/// As the operator's command does it, behind the servers' back.
fn disable(database: &TestDatabase, email: &str) {
    database.execute(&format!("UPDATE users SET disabled_at = created_at WHERE email = '{email}'"));
    let of_the_account = format!("user_id = (SELECT id FROM users WHERE email = '{email}')");
    database.execute(&format!("UPDATE sessions SET ended_at = last_used_at WHERE ended_at IS NULL AND {of_the_account}"));
}

fn logout_path(scope: Scope) -> &'static str {
    match scope {
        Scope::Local => "/auth/logout",
        Scope::Others => "/auth/logout?scope=others",
        Scope::All => "/auth/logout?scope=all",
    }
}

fn is(answer: &Answer, expected: Outcome, what: &impl std::fmt::Debug) {
    let code = if answer.status < 300 { "" } else { answer.problem() };
    assert_eq!((answer.status, code), expected, "{what:?}: {}", answer.body);
}

/// One program in progress.
struct Play<'a> {
    servers: &'a Servers,
    emails: [String; ACCOUNTS],
    model: Model,
}

impl<'a> Play<'a> {
    fn new(servers: &'a Servers, window: bool) -> Self {
        Self { servers, emails: std::array::from_fn(|_| new_address()), model: Model::new(window) }
    }

    async fn perform(mut self, program: &[Step]) {
        for account in 0..ACCOUNTS {
            self.step(Step { act: Act::Register { account, client: account }, server: account }).await;
        }
        for step in program {
            self.step(*step).await;
        }
        self.probe().await;
    }

    async fn step(&mut self, step: Step) {
        let service = &self.servers[step.server];
        match step.act {
            Act::Register { account, client } => {
                let expected = self.model.register(account);
                let body = credentials(&self.emails[account], &self.model.password(account));
                let answer = service.post("/auth/register", body).await;
                self.begun(account, client, &answer, expected, step);
            }
            Act::Login { account, client, right } => {
                let expected = self.model.login(account, right);
                let password = if right { self.model.password(account) } else { self.model.wrong_password(account) };
                let answer = service.post("/auth/login", credentials(&self.emails[account], &password)).await;
                self.begun(account, client, &answer, expected, step);
            }
            Act::Refresh { client } => {
                if let Some((client, session, pair)) = self.model.holder(client) {
                    let next = self.refresh(session, pair, step).await;
                    self.model.clients[client] = next.map(|next| (session, next));
                }
            }
            Act::RefreshUnheard { client } => {
                if let Some((_, session, pair)) = self.model.holder(client) {
                    self.refresh(session, pair, step).await;
                }
            }
            Act::Share { from, to } => self.model.clients[to] = self.model.clients[from].or(self.model.clients[to]),
            Act::Steal { session, age } => {
                let session = session % self.model.sessions.len();
                let pairs = self.model.sessions[session].pairs.len();
                self.refresh(session, pairs - 1 - age % pairs, step).await;
            }
            Act::Disable { account } => {
                self.model.disable(account);
                disable(&service.database, &self.emails[account]);
            }
            Act::Enable { account } => {
                self.model.accounts[account].disabled = false;
                let email = &self.emails[account];
                service.database.execute(&format!("UPDATE users SET disabled_at = NULL WHERE email = '{email}'"));
            }
            Act::Ask { client, request } => self.ask(client, request, step).await,
        }
    }

    fn begun(&mut self, account: usize, client: usize, answer: &Answer, expected: Outcome, step: Step) {
        is(answer, expected, &step);
        if expected.0 < 300 {
            self.model.begin(account, client, answer);
        }
    }

    /// The index of the pair that came back, if one did.
    async fn refresh(&mut self, session: usize, pair: usize, step: Step) -> Option<usize> {
        let presented = self.model.sessions[session].pairs[pair].clone();
        let expected = self.model.refresh(session, presented.generation);
        let answer = self.servers[step.server].refresh(&presented.refresh).await;
        is(&answer, expected, &(step, presented.generation));
        (expected.0 == 200).then(|| self.model.refreshed(session, &answer))
    }

    async fn ask(&mut self, client: usize, request: Request, step: Step) {
        let Some((client, own, pair)) = self.model.holder(client) else { return };
        let account = self.model.sessions[own].account;
        let (right, wrong) = (self.model.password(account), self.model.wrong_password(account));
        let given = |is_right: bool| if is_right { &right } else { &wrong };
        let access = self.model.sessions[own].pairs[pair].access.clone();
        let (method, path, body, expected) = match request {
            Request::Me => (Method::GET, "/auth/me".to_owned(), None, self.model.me(own)),
            Request::Logout(scope) => (Method::POST, logout_path(scope).to_owned(), None, self.model.logout(own, scope)),
            Request::End { session } => {
                let other = session % self.model.sessions.len();
                let path = format!("/auth/sessions/{}", self.model.sessions[other].id);
                (Method::DELETE, path, None, self.model.end(own, other))
            }
            Request::ChangePassword { right } => {
                let body = change(given(right), &self.model.next_password(account));
                (Method::POST, "/auth/password".to_owned(), Some(body), self.model.change_password(own, right))
            }
            Request::Leave { right } => {
                let body = json!({ "password": given(right) });
                (Method::DELETE, "/auth/me".to_owned(), Some(body), self.model.leave(own, right))
            }
        };
        let answer = self.servers[step.server].send(method, &path, Some(&access), body).await;
        is(&answer, expected, &step);
        if answer.status == 401 {
            self.model.clients[client] = None;
        }
    }

    /// Every token that was ever issued is presented once more, the access tokens twice.
    async fn probe(&mut self) {
        self.probe_access_tokens(0).await;
        for session in 0..self.model.sessions.len() {
            for pair in (0..self.model.sessions[session].pairs.len()).rev() {
                let act = Act::Steal { session, age: self.model.sessions[session].pairs.len() - 1 - pair };
                self.refresh(session, pair, Step { act, server: pair }).await;
            }
        }
        self.probe_access_tokens(1).await;
    }

    async fn probe_access_tokens(&self, offset: usize) {
        for (index, session) in self.model.sessions.iter().enumerate() {
            for (number, pair) in session.pairs.iter().enumerate() {
                let answer = self.servers[number + offset].me(&pair.access).await;
                is(&answer, self.model.me(index), &("access token", index, number));
            }
        }
    }
}
