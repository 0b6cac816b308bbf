//! What must hold after a storm, in whatever order the servers came to its requests.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{
    Servers, credentials, is,
    model::{INVALID, Pair},
    program::Scope,
    storm::{Action, Kind, NEW, Refreshed},
};
use crate::service::{Answer, PASSWORD};

/// How many answers of an ended session's chain are presented again, at either end of it.
const PROBED: usize = 6;

const TABS: usize = 6;

/// A session at generation 3, and every pair it ever had.
pub struct Chain {
    pub id: String,
    pub pairs: Vec<Pair>,
    /// By generation: when its refresh tokens expire, and how many of them were issued.
    issued: BTreeMap<i64, (BTreeSet<i64>, usize)>,
}

impl Chain {
    pub async fn begin(answer: Answer, servers: &Servers) -> Self {
        let id = crate::sessions::tokens::claims(answer.refresh())["sid"].as_str().unwrap().to_owned();
        let mut chain = Self { id, pairs: Vec::new(), issued: BTreeMap::new() };
        chain.answered(0, &answer);
        for (generation, service) in [(1, &servers[0]), (2, &servers[1])] {
            let answer = service.refresh(&chain.pairs.last().unwrap().refresh).await;
            chain.answered(generation, &answer);
        }
        chain
    }

    /// A generation is answered with the one after it, which expires at one time.
    fn answered(&mut self, presented: i64, answer: &Answer) {
        let (pair, claims) = (Pair::of(answer), crate::sessions::tokens::claims(answer.refresh()));
        assert_eq!((pair.generation, claims["sid"].as_str()), (presented + 1, Some(self.id.as_str())));
        let (expiries, count) = self.issued.entry(pair.generation).or_default();
        expiries.insert(expiry(answer));
        *count += 1;
        assert_eq!(expiries.len(), 1, "generation {} forks", pair.generation);
        self.pairs.push(pair);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ImportOutcome {
    Unchanged,
    PasswordChanged,
    Disabled,
    Gone,
}

pub struct Aftermath<'a> {
    servers: &'a Servers,
    window: bool,
    email: String,
    chains: [Chain; 2],
    /// Whose end some answer told.
    ended: [bool; 2],
    /// Who was refused, and so must have ended.
    refused: [bool; 2],
    /// How often the password counted that the account had before.
    proofs: usize,
    account: ImportOutcome,
    /// The sessions that were begun in the storm.
    newcomers: Vec<Pair>,
}

impl<'a> Aftermath<'a> {
    pub fn new(servers: &'a Servers, window: bool, email: String, chains: [Chain; 2]) -> Self {
        let (ended, refused) = ([false; 2], [false; 2]);
        Self {
            servers,
            window,
            email,
            chains,
            ended,
            refused,
            proofs: 0,
            account: ImportOutcome::Unchanged,
            newcomers: Vec::new(),
        }
    }

    pub async fn judge(mut self, done: Vec<(Action, i64, Option<Answer>)>, honest: Vec<Refreshed>) {
        for (own, presented, answer) in honest {
            assert!(!self.window || answer.body["code"] != "token_reused", "an honest client was taken for a thief");
            self.refreshed(own, presented, &answer);
        }
        let mut refused = Vec::new();
        for (action, presented, answer) in done {
            let Some(answer) = answer else {
                self.change(ImportOutcome::Disabled);
                continue;
            };
            match (action.kind, answer.status) {
                (Kind::PresentOld | Kind::PresentSpent | Kind::PresentCurrent, _) => {
                    self.refreshed(action.own, presented, &answer)
                }
                (Kind::Logout(Scope::Local), 204) => self.ended[action.own] = true,
                (Kind::Logout(Scope::Others) | Kind::End, 204) => self.ended[1 - action.own] = true,
                (Kind::Logout(Scope::All), 204) => self.ended = [true; 2],
                (Kind::ChangePassword, 204) => {
                    self.ended[1 - action.own] = true;
                    self.proofs += 1;
                    self.change(ImportOutcome::PasswordChanged);
                }
                (Kind::Leave, 204) => {
                    self.proofs += 1;
                    self.change(ImportOutcome::Gone);
                }
                (Kind::Login, 200) => self.newcomers.push(Pair::of(&answer)),
                _ => refused.push((action, answer)),
            }
        }
        if self.account >= ImportOutcome::Disabled {
            self.ended = [true; 2];
        }
        // A refusal has a reason.
        for (action, answer) in refused {
            match (action.kind, answer.status) {
                (Kind::End, 404) => assert!(self.ended[1 - action.own], "{action:?}: {}", answer.body),
                (Kind::Login, 401) => is(&answer, (401, "invalid_credentials"), &action),
                (Kind::ChangePassword | Kind::Leave, 403) => is(&answer, (403, "password_mismatch"), &action),
                _ => {
                    is(&answer, INVALID, &action);
                    self.refused[action.own] = true;
                }
            }
            if matches!((action.kind, answer.status), (Kind::Login, _) | (_, 403)) {
                assert_ne!(self.account, ImportOutcome::Unchanged, "{action:?}");
            }
        }
        self.probe().await;
    }

    fn change(&mut self, fate: ImportOutcome) {
        self.account = self.account.max(fate);
    }

    fn refreshed(&mut self, own: usize, presented: i64, answer: &Answer) {
        self.refused[own] |= answer.status == 401;
        match answer.status {
            200 => self.chains[own].answered(presented, answer),
            _ if answer.body["code"] == "token_reused" => self.ended[own] = true,
            _ => is(answer, INVALID, &("generation", presented)),
        }
        assert!(answer.status == 401 || presented > 1, "a token two generations old moved its session");
    }

    async fn probe(&self) {
        assert!(self.proofs < 2, "one password proved two changes");
        for (own, chain) in self.chains.iter().enumerate() {
            let ways = chain.issued.values().map(|(_, count)| *count).max();
            assert!(self.window || ways == Some(1), "a token moved its session twice");
            assert!(self.ended[own] || !self.refused[own], "a session was refused that nothing ended");
            let (newest, count) = (chain.issued.keys().max().copied().unwrap(), chain.pairs.len());
            assert_eq!(usize::try_from(newest).unwrap(), chain.issued.len(), "the chain has a gap");
            let ends = chain.pairs.iter().take(PROBED).chain(chain.pairs.iter().skip(PROBED.max(count.saturating_sub(PROBED))));
            for pair in ends {
                for service in self.servers.iter() {
                    let expected = if self.ended[own] { INVALID } else { (200, "") };
                    is(&service.me(&pair.access).await, expected, &("access token of session", own, &chain.id));
                    if self.ended[own] {
                        is(&service.refresh(&pair.refresh).await, INVALID, &("refresh token of session", own));
                    }
                }
            }
            if !self.ended[own] {
                let current = chain.pairs.iter().find(|pair| pair.generation == newest).unwrap();
                self.rush(own, current).await;
            }
        }
        for pair in &self.newcomers {
            let answers = [self.servers[0].me(&pair.access).await, self.servers[1].me(&pair.access).await];
            let refreshed = self.servers[0].refresh(&pair.refresh).await;
            assert!(answers.iter().all(|answer| answer.status == refreshed.status), "{answers:?}");
            // Who came in by a password that is none any more went with it.
            assert!(self.account == ImportOutcome::Unchanged || refreshed.status == 401, "{:?}", self.account);
        }
        let password = if self.account == ImportOutcome::PasswordChanged { NEW } else { PASSWORD };
        let expected = if self.account >= ImportOutcome::Disabled { (401, "invalid_credentials") } else { (200, "") };
        is(&self.servers[0].post("/auth/login", credentials(&self.email, password)).await, expected, &self.account);
    }

    /// Many tabs present the current token of a session at once, and then a thief comes with the first.
    async fn rush(&self, own: usize, current: &Pair) {
        let tabs = (0..TABS).map(|tab| self.servers[tab].refresh(&current.refresh));
        let answers = join_all(tabs).await;
        let moved: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(moved.len(), if self.window { TABS } else { 1 }, "{answers:?}");
        let expiries: BTreeSet<_> = moved.iter().map(|answer| expiry(answer)).collect();
        assert_eq!(expiries.len(), 1, "the chain forks");
        assert!(moved.iter().all(|answer| Pair::of(answer).generation == current.generation + 1));
        // By now it is two generations old, whatever the window; without one, the tabs have ended the session.
        let caught = if self.window { (401, "token_reused") } else { INVALID };
        is(&self.servers[1 - own].refresh(&self.chains[own].pairs[0].refresh).await, caught, &"a thief");
        is(&self.servers[own].refresh(moved[0].refresh()).await, INVALID, &"after a thief");
        is(&self.servers[1 - own].me(moved[0].access()).await, INVALID, &"after a thief");
    }
}

fn expiry(answer: &Answer) -> i64 {
    crate::sessions::tokens::claims(answer.refresh())["exp"].as_i64().unwrap()
}
