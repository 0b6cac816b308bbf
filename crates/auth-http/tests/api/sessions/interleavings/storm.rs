//! Everything at once, on two servers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use proptest::prelude::*;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use super::{
    NUMBERS, Servers,
    aftermath::{Aftermath, Chain},
    change, disable, logout_path,
    model::Pair,
    new_address,
    program::{Scope, scopes},
};
use crate::service::{Answer, PASSWORD};

pub const NEW: &str = "Another-Horse-8-Battery";

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Logout(Scope),
    /// The other session, by its id.
    End,
    ChangePassword,
    Leave,
    Login,
    Disable,
    /// A thief's, two generations old when the storm begins.
    PresentOld,
    /// The one just before, or the current one: a second tab.
    PresentSpent,
    PresentCurrent,
}

/// What somebody does while both sessions of an account are being refreshed.
#[derive(Debug, Clone, Copy)]
pub struct Action {
    pub kind: Kind,
    /// The session it is done from, or to.
    pub own: usize,
    /// How many questions are asked first, since nothing sleeps here.
    delay: usize,
    server: usize,
}

pub fn storms() -> impl Strategy<Value = Vec<Action>> {
    let kind = prop_oneof![
        5 => scopes().prop_map(Kind::Logout),
        2 => Just(Kind::End),
        2 => Just(Kind::ChangePassword),
        1 => Just(Kind::Leave),
        3 => Just(Kind::Login),
        1 => Just(Kind::Disable),
        2 => Just(Kind::PresentOld),
        2 => Just(Kind::PresentSpent),
        4 => Just(Kind::PresentCurrent),
    ];
    let action = (kind, 0..2_usize, 0..12_usize, 0..NUMBERS);
    prop::collection::vec(action.prop_map(|(kind, own, delay, server)| Action { kind, own, delay, server }), 0..6)
}

/// What came of presenting a session's refresh token of a generation.
pub type Refreshed = (usize, i64, Answer);

/// Passwords that stop to count while others come in by them.
pub fn rushes() -> impl Strategy<Value = Vec<Action>> {
    let kind = prop_oneof![3 => Just(Kind::ChangePassword), 1 => Just(Kind::Leave), 1 => Just(Kind::Disable)];
    let action = |kind: BoxedStrategy<Kind>, delays| {
        (kind, 0..2_usize, 0..delays, 0..NUMBERS).prop_map(|(kind, own, delay, server)| Action { kind, own, delay, server })
    };
    let changes = prop::collection::vec(action(kind.boxed(), 8_usize), 1..4);
    let logins = prop::collection::vec(action(Just(Kind::Login).boxed(), 48), 6);
    (changes, logins).prop_map(|(changes, logins)| [changes, logins].concat())
}

/// One storm over one account, then its aftermath.
pub async fn weather(servers: &Servers, window: bool, actions: &[Action]) {
    let email = new_address();
    let first = servers[0].register(&email).await;
    let second = servers[1].login(&email).await;
    let chains = [Chain::begin(first, servers).await, Chain::begin(second, servers).await];
    let over = Arc::new(AtomicBool::new(false));
    let mut honest = JoinSet::new();
    for (own, chain) in chains.iter().enumerate() {
        let (pair, over) = (chain.pairs.last().unwrap().clone(), over.clone());
        honest.spawn(keep_refreshing(servers.clone(), own, pair, window, over));
    }
    let mut others = JoinSet::new();
    for action in actions {
        let doer = Doer { servers: servers.clone(), email: email.clone(), other: chains[1 - action.own].id.clone() };
        others.spawn(doer.perform(*action, chains[action.own].pairs.clone()));
    }
    let done = others.join_all().await;
    over.store(true, Ordering::Relaxed);
    let refreshed = honest.join_all().await.into_iter().flatten().collect();
    Aftermath::new(servers, window, email, chains).judge(done, refreshed).await;
}

/// A client that sends each token more than once, hears one of the answers and goes on with it.
async fn keep_refreshing(servers: Servers, own: usize, mut pair: Pair, window: bool, over: Arc<AtomicBool>) -> Vec<Refreshed> {
    let mut refreshed = Vec::new();
    for round in 0_usize.. {
        let (near, far) = (&servers[round], &servers[round + 1]);
        let answers = if window {
            let (first, second) = tokio::join!(near.refresh(&pair.refresh), far.refresh(&pair.refresh));
            vec![first, second]
        } else {
            vec![near.refresh(&pair.refresh).await]
        };
        let presented = pair.generation;
        let refused = answers.iter().any(|answer| answer.status != 200);
        if !refused {
            pair = Pair::of(&answers[round % answers.len()]);
        }
        refreshed.extend(answers.into_iter().map(|answer| (own, presented, answer)));
        if refused || over.load(Ordering::Relaxed) {
            break;
        }
    }
    refreshed
}

struct Doer {
    servers: Servers,
    email: String,
    other: String,
}

impl Doer {
    /// The action, the generation of the refresh token it presented, and the answer; disabling has none.
    async fn perform(self, action: Action, pairs: Vec<Pair>) -> (Action, i64, Option<Answer>) {
        let service = &self.servers[action.server];
        for _question in 0..action.delay {
            service.me(&pairs[0].access).await;
        }
        let access = Some(pairs[action.delay % pairs.len()].access.as_str());
        let (generation, answer) = match action.kind {
            Kind::Logout(scope) => (0, service.send(Method::POST, logout_path(scope), access, None).await),
            Kind::End => (0, service.send(Method::DELETE, &format!("/auth/sessions/{}", self.other), access, None).await),
            Kind::ChangePassword => (0, service.send(Method::POST, "/auth/password", access, Some(change(PASSWORD, NEW))).await),
            Kind::Leave => (0, service.send(Method::DELETE, "/auth/me", access, Some(json!({ "password": PASSWORD }))).await),
            Kind::Login => (0, service.login(&self.email).await),
            Kind::Disable => {
                let (database, email) = (service.database.clone(), self.email.clone());
                tokio::task::spawn_blocking(move || disable(&database, &email)).await.unwrap();
                return (action, 0, None);
            }
            Kind::PresentOld => (1, service.refresh(&pairs[0].refresh).await),
            Kind::PresentSpent => (2, service.refresh(&pairs[1].refresh).await),
            Kind::PresentCurrent => (3, service.refresh(&pairs[2].refresh).await),
        };
        (action, generation, Some(answer))
    }
}
