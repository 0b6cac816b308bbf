//! What each token must answer after any program: the contract's sessions, without a database, a clock or a race.

use super::program::{ACCOUNTS, CLIENTS, Scope};
use crate::service::{Answer, PASSWORD};

/// How many live sessions the servers of these programs allow an account.
pub const SESSIONS: usize = 3;

/// Status, and the code of a problem.
pub type Outcome = (u16, &'static str);

pub const INVALID: Outcome = (401, "token_invalid");

#[derive(Default)]
pub struct Account {
    pub exists: bool,
    pub disabled: bool,
    passwords: usize,
}

/// The tokens of one answer.
#[derive(Clone)]
pub struct Pair {
    pub generation: i64,
    pub access: String,
    pub refresh: String,
}

impl Pair {
    pub fn of(answer: &Answer) -> Self {
        let generation = crate::sessions::tokens::claims(answer.refresh())["gen"].as_i64().unwrap();
        Self { generation, access: answer.access().to_owned(), refresh: answer.refresh().to_owned() }
    }
}

pub struct Session {
    pub id: String,
    pub account: usize,
    pub live: bool,
    pub pairs: Vec<Pair>,
    generation: i64,
    /// When the refresh tokens of each generation expire.
    expiries: Vec<i64>,
    used: usize,
}

pub struct Model {
    pub accounts: [Account; ACCOUNTS],
    pub sessions: Vec<Session>,
    /// The session and the pair that each client holds.
    pub clients: [Option<(usize, usize)>; CLIENTS],
    window: bool,
    now: usize,
}

impl Model {
    pub fn new(window: bool) -> Self {
        Self { accounts: Default::default(), sessions: Vec::new(), clients: [None; CLIENTS], window, now: 0 }
    }

    /// The client, or the next after it that holds tokens, and what it holds.
    pub fn holder(&self, client: usize) -> Option<(usize, usize, usize)> {
        let clients = (client..client + CLIENTS).map(|client| client % CLIENTS);
        clients.filter_map(|client| self.clients[client].map(|(session, pair)| (client, session, pair))).next()
    }

    pub fn password(&self, account: usize) -> String {
        format!("{PASSWORD}{}", self.accounts[account].passwords)
    }

    /// The last one that was right, if there was one.
    pub fn wrong_password(&self, account: usize) -> String {
        self.accounts[account].passwords.checked_sub(1).map_or_else(|| "wrong".to_owned(), |last| format!("{PASSWORD}{last}"))
    }

    pub fn next_password(&self, account: usize) -> String {
        format!("{PASSWORD}{}", self.accounts[account].passwords + 1)
    }

    pub fn register(&mut self, account: usize) -> Outcome {
        if self.accounts[account].exists {
            return (409, "email_taken");
        }
        self.accounts[account] = Account { exists: true, ..Account::default() };
        (201, "")
    }

    pub fn login(&mut self, account: usize, right: bool) -> Outcome {
        if !right || !self.accounts[account].exists || self.accounts[account].disabled {
            return (401, "invalid_credentials");
        }
        let mut live: Vec<_> = self.sessions.iter_mut().filter(|session| session.account == account && session.live).collect();
        live.sort_by_key(|session| session.used);
        let surplus = (live.len() + 1).saturating_sub(SESSIONS);
        live.into_iter().take(surplus).for_each(|session| session.live = false);
        (200, "")
    }

    /// The session that a registration or a login began, for the client to hold.
    pub fn begin(&mut self, account: usize, client: usize, answer: &Answer) {
        let claims = crate::sessions::tokens::claims(answer.refresh());
        let pair = Pair::of(answer);
        assert_eq!(pair.generation, 1);
        self.now += 1;
        self.clients[client] = Some((self.sessions.len(), 0));
        self.sessions.push(Session {
            id: claims["sid"].as_str().unwrap().to_owned(),
            account,
            live: true,
            pairs: vec![pair],
            generation: 1,
            expiries: vec![claims["exp"].as_i64().unwrap()],
            used: self.now,
        });
    }

    /// What presenting a refresh token answers.
    pub fn refresh(&mut self, session: usize, presented: i64) -> Outcome {
        let session = &mut self.sessions[session];
        if !session.live {
            return INVALID;
        }
        match session.generation - presented {
            0 => {
                self.now += 1;
                (session.used, session.generation) = (self.now, presented + 1);
                (200, "")
            }
            1 if self.window => (200, ""),
            _ => {
                session.live = false;
                (401, "token_reused")
            }
        }
    }

    /// The pair that a refresh answered: the next of its session, or that one again. Its index.
    pub fn refreshed(&mut self, session: usize, answer: &Answer) -> usize {
        let session = &mut self.sessions[session];
        let claims = crate::sessions::tokens::claims(answer.refresh());
        let (pair, expiry) = (Pair::of(answer), claims["exp"].as_i64().unwrap());
        assert_eq!((pair.generation, claims["sid"].as_str()), (session.generation, Some(session.id.as_str())));
        assert_eq!(crate::sessions::tokens::claims(answer.access())["sid"].as_str(), Some(session.id.as_str()));
        match session.expiries.get(usize::try_from(pair.generation).unwrap() - 1) {
            Some(known) => assert_eq!(expiry, *known, "a repeat expires as its successor does"),
            None => session.expiries.push(expiry),
        }
        session.pairs.push(pair);
        session.pairs.len() - 1
    }

    pub fn me(&self, session: usize) -> Outcome {
        if self.sessions[session].live { (200, "") } else { INVALID }
    }

    pub fn logout(&mut self, own: usize, scope: Scope) -> Outcome {
        if !self.sessions[own].live {
            return INVALID;
        }
        match scope {
            Scope::Local => self.sessions[own].live = false,
            Scope::Others => self.end_all(self.sessions[own].account, Some(own)),
            Scope::All => self.end_all(self.sessions[own].account, None),
        }
        (204, "")
    }

    pub fn end(&mut self, own: usize, other: usize) -> Outcome {
        if !self.sessions[own].live {
            return INVALID;
        }
        if !self.sessions[other].live || self.sessions[other].account != self.sessions[own].account {
            return (404, "not_found");
        }
        self.sessions[other].live = false;
        (204, "")
    }

    pub fn change_password(&mut self, own: usize, right: bool) -> Outcome {
        let account = self.sessions[own].account;
        match (self.sessions[own].live, right) {
            (false, _) => INVALID,
            (true, false) => (403, "password_mismatch"),
            (true, true) => {
                self.accounts[account].passwords += 1;
                self.end_all(account, Some(own));
                (204, "")
            }
        }
    }

    pub fn leave(&mut self, own: usize, right: bool) -> Outcome {
        let account = self.sessions[own].account;
        match (self.sessions[own].live, right) {
            (false, _) => INVALID,
            (true, false) => (403, "password_mismatch"),
            (true, true) => {
                self.accounts[account] = Account::default();
                self.end_all(account, None);
                (204, "")
            }
        }
    }

    pub fn disable(&mut self, account: usize) {
        if self.accounts[account].exists {
            self.accounts[account].disabled = true;
            self.end_all(account, None);
        }
    }

    pub fn end_all(&mut self, account: usize, keep: Option<usize>) {
        let sessions = self.sessions.iter_mut().enumerate();
        let those = sessions.filter(|(index, session)| session.account == account && Some(*index) != keep);
        those.for_each(|(_, session)| session.live = false);
    }
}
