//! What each request about second factors must answer after any program: the contract, without a database, a clock or a race.

use super::program::Shown;
use crate::{
    service::{Answer, App, PASSWORD, texts},
    sessions::interleavings::model::{INVALID, Outcome},
};

const OK: Outcome = (200, "");
const MISSING: Outcome = (404, "not_found");
const STALE: Outcome = (401, "reauthentication_required");
const LIMIT: usize = 5;
const TRIES: usize = 5;

pub struct Session {
    pub access: String,
    pub live: bool,
    /// With a second factor.
    pub strong: bool,
}

/// Of a login whose password was right.
pub struct Token {
    pub text: String,
    version: usize,
    is_used: bool,
    tries: usize,
}

pub struct Factor {
    app: App,
    /// The code that was used last, until its time is over.
    used: Option<String>,
}

/// One account.
#[derive(Default)]
pub struct Model {
    pub sessions: Vec<Session>,
    pub tokens: Vec<Token>,
    factors: Vec<Factor>,
    waiting: Option<App>,
    /// The present ones, and whether each was used.
    codes: Vec<(String, bool)>,
    former: Vec<String>,
    /// Moved by whatever changes credentials or factors.
    version: usize,
    passwords: usize,
}

impl Model {
    pub fn password(&self) -> String {
        match self.passwords {
            0 => PASSWORD.to_owned(),
            changes => format!("{PASSWORD}{changes}"),
        }
    }

    pub fn next_password(&self) -> String {
        format!("{PASSWORD}{}", self.passwords + 1)
    }

    pub fn begin(&mut self, access: &str, strong: bool) {
        self.sessions.push(Session { access: access.to_owned(), live: true, strong });
    }

    pub fn asked(&mut self, token: &str) {
        self.tokens.push(Token { text: token.to_owned(), version: self.version, is_used: false, tries: 0 });
    }

    /// Counted from the newest.
    pub fn session(&self, index: usize) -> usize {
        self.sessions.len() - 1 - index % self.sessions.len()
    }

    pub fn token(&self, index: usize) -> Option<usize> {
        let count = self.tokens.len();
        (count > 0).then(|| count - 1 - index % count.max(1))
    }

    pub fn login(&self) -> Outcome {
        if self.factors.is_empty() { OK } else { (403, "second_factor_required") }
    }

    /// The app whose code is to be shown anew.
    pub fn next_shown(&mut self, shown: Shown) -> Option<String> {
        let Shown::App(index) = shown else { return None };
        let count = self.factors.len();
        let factor = self.factors.get_mut(index % count.max(1))?;
        factor.used = None;
        Some(factor.app.id.clone())
    }

    pub fn code(&self, shown: Shown) -> String {
        let wrong = || "no code".to_owned();
        let factor = |index: usize| self.factors.get(index % self.factors.len().max(1));
        match shown {
            Shown::App(index) => factor(index).map_or_else(wrong, |factor| factor.app.code()),
            Shown::Replay(index) => factor(index).and_then(|factor| factor.used.clone()).unwrap_or_else(wrong),
            Shown::Recovery(index) => {
                let all = self.every_code();
                all.get(index % all.len().max(1)).cloned().unwrap_or_else(wrong)
            }
            Shown::Wrong => factor(0).map_or_else(wrong, |factor| factor.app.wrong_code()),
        }
    }

    /// Every recovery code that was ever given out.
    pub fn every_code(&self) -> Vec<String> {
        self.codes.iter().map(|(code, _)| code.clone()).chain(self.former.iter().cloned()).collect()
    }

    /// Whether a code counts, which it then does no more.
    fn use_up(&mut self, code: &str) -> bool {
        if let Some((_, used)) = self.codes.iter_mut().find(|(known, _)| known == code) {
            return !std::mem::replace(used, true);
        }
        // Half a minute may have ended since it was shown.
        let shows = |app: &App| [app.code(), app.code_at(-1)].iter().any(|shown| shown == code);
        let fresh = self.factors.iter_mut().find(|factor| factor.used.is_none() && shows(&factor.app));
        fresh.map(|factor| factor.used = Some(code.to_owned())).is_some()
    }

    pub fn second_step(&mut self, token: usize, code: &str) -> Outcome {
        let Token { version, is_used, tries, .. } = self.tokens[token];
        if version != self.version || is_used || tries >= TRIES {
            return INVALID;
        }
        if self.use_up(code) {
            self.tokens[token].is_used = true;
            return OK;
        }
        self.tokens[token].tries += 1;
        (401, "code_invalid")
    }

    pub fn step_up(&mut self, session: usize, code: &str) -> Outcome {
        if !self.sessions[session].live {
            return INVALID;
        }
        if !self.use_up(code) {
            return (403, "code_invalid");
        }
        self.sessions[session].strong = true;
        OK
    }

    pub fn by_password(&mut self, session: usize) -> Outcome {
        match (self.sessions[session].live, self.factors.is_empty()) {
            (false, _) => INVALID,
            (true, false) => STALE,
            (true, true) => {
                self.sessions[session].strong = false;
                OK
            }
        }
    }

    /// What is for fresh sessions: all are, but for those without a factor that the account has.
    fn fresh(&self, session: usize) -> Result<(), Outcome> {
        match &self.sessions[session] {
            Session { live: false, .. } => Err(INVALID),
            Session { strong: false, .. } if !self.factors.is_empty() => Err(STALE),
            Session { .. } => Ok(()),
        }
    }

    pub fn enrol(&self, session: usize) -> Outcome {
        match self.fresh(session) {
            Err(refusal) => refusal,
            Ok(()) if self.factors.len() >= LIMIT => (409, "factor_limit"),
            Ok(()) => (201, ""),
        }
    }

    pub fn waits(&mut self, answer: &Answer) {
        self.waiting = Some(App::of(answer));
    }

    /// Where the app that waits is confirmed, and a code.
    pub fn confirmation(&self, right: bool) -> (String, String) {
        let nobody = "00000000-0000-7000-8000-000000000000";
        let id = self.waiting.as_ref().map_or(nobody, |app| app.id.as_str());
        let code = self.waiting.as_ref().map_or_else(String::new, |app| if right { app.code() } else { app.wrong_code() });
        (format!("/auth/factors/totp/{id}/confirm"), code)
    }

    pub fn confirm(&self, session: usize, right: bool) -> Outcome {
        match (self.sessions[session].live, &self.waiting) {
            (false, _) => INVALID,
            (true, None) => MISSING,
            (true, Some(_)) if !right => (403, "code_invalid"),
            (true, Some(_)) => OK,
        }
    }

    pub fn confirmed(&mut self, session: usize, answer: &Answer, code: &str) {
        let codes = texts(&answer.body["recovery_codes"]);
        assert_eq!(codes.len(), if self.factors.is_empty() { 10 } else { 0 });
        if self.factors.is_empty() {
            self.codes = codes.into_iter().map(|code| (code, false)).collect();
        }
        let app = self.waiting.take().unwrap();
        self.factors.push(Factor { app, used: Some(code.to_owned()) });
        self.version += 1;
        self.sessions[session].strong = true;
        self.end_all_but(Some(session));
    }

    pub fn remove(&mut self, session: usize, factor: usize) -> (String, Outcome) {
        let nobody = "00000000-0000-7000-8000-000000000000".to_owned();
        let at = factor % self.factors.len().max(1);
        let id = self.factors.get(at).map_or(nobody, |factor| factor.app.id.clone());
        let path = format!("/auth/factors/{id}");
        if let Err(refusal) = self.fresh(session) {
            return (path, refusal);
        }
        if self.factors.is_empty() {
            return (path, MISSING);
        }
        self.factors.remove(at);
        self.version += 1;
        if self.factors.is_empty() {
            self.forget_codes();
        }
        (path, (204, ""))
    }

    pub fn replace(&self, session: usize) -> Outcome {
        match self.fresh(session) {
            Err(refusal) => refusal,
            Ok(()) if self.factors.is_empty() => MISSING,
            Ok(()) => OK,
        }
    }

    pub fn replaced(&mut self, answer: &Answer) {
        self.forget_codes();
        self.codes = texts(&answer.body["recovery_codes"]).into_iter().map(|code| (code, false)).collect();
        self.version += 1;
    }

    pub fn change_password(&mut self, session: usize) -> Outcome {
        if !self.sessions[session].live {
            return INVALID;
        }
        // Who has no factor needs not be fresh.
        if let Err(refusal) = self.fresh(session) {
            return refusal;
        }
        self.passwords += 1;
        self.version += 1;
        self.end_all_but(Some(session));
        (204, "")
    }

    pub fn reset(&mut self) {
        self.factors.clear();
        self.waiting = None;
        self.forget_codes();
        self.version += 1;
        self.end_all_but(None);
    }

    fn forget_codes(&mut self) {
        self.former.extend(self.codes.drain(..).map(|(code, _)| code));
    }

    fn end_all_but(&mut self, kept: Option<usize>) {
        let others = self.sessions.iter_mut().enumerate().filter(|(index, _)| Some(*index) != kept);
        others.for_each(|(_, session)| session.live = false);
    }
}
