//! Random programs of everything that adds, shows, replaces and removes second factors, on two servers, against a model; and all of it
//! at once.

mod model;
mod program;
mod storm;

use std::sync::Arc;

use model::Model;
use program::{Act, Shown, Step, programs};
use reqwest::Method;
use serde_json::{Value, json};

use super::{MANY, Servers, for_all, is, model::Outcome, new_address};
use crate::{
    oauth::introspect::Client,
    service::{Answer, Engine, Service, TestDatabase, WITH_FACTORS, command, on_every_engine},
};

on_every_engine! {
    async fn every_second_step_answers_as_the_model_says(engine) {
        let servers = start(engine).await;
        let client = Client::add(&servers[0]);
        for_all(8, programs(), async |program: Vec<_>| Play::new(&servers, &client).perform(&program).await);
    }

    async fn no_order_of_events_begins_a_session_with_a_factor_that_is_not_there(engine) {
        let servers = start(engine).await;
        for_all(6, storm::storms(), async |storm: Vec<_>| storm::weather(&servers, &storm).await);
    }
}

/// Two servers on one database, both of which take factors.
async fn start(engine: Engine) -> Servers {
    let database = Arc::new(TestDatabase::create(engine));
    on_each_of(&[database.clone(), database]).await
}

async fn on_each_of(databases: &[Arc<TestDatabase>]) -> Servers {
    let many = MANY.to_string();
    Servers::across(databases, &[&WITH_FACTORS[..], &[("SESSION_MAX_PER_USER", many.as_str())]].concat()).await
}

/// Some of it on servers each of which has a database server of its own.
#[cfg(feature = "mysql")]
pub async fn across(databases: &[Arc<TestDatabase>]) {
    let servers = on_each_of(databases).await;
    let client = Client::add(&servers[0]);
    for_all(2, programs(), async |program: Vec<_>| Play::new(&servers, &client).perform(&program).await);
    for_all(3, storm::storms(), async |storm: Vec<_>| storm::weather(&servers, &storm).await);
}

/// An operator takes an account's factors away.
fn reset(database: &TestDatabase, email: &str) {
    let (code, _, fault) =
        tokio::task::block_in_place(|| command(database, &WITH_FACTORS, &["users", "reset-factors", email], ""));
    assert_eq!(code, 0, "{fault}");
}

/// Lets another wrong code be tried at once, as if the wait for it were over.
fn forgive(database: &TestDatabase, email: &str) {
    let change = format!("UPDATE users SET wrong_codes = 0, wrong_code_at = NULL WHERE email = '{email}'");
    tokio::task::block_in_place(|| database.execute(&change));
}

/// Lets an app's code be used again, as if half a minute had passed.
fn next_step(database: &TestDatabase, app: &str) {
    tokio::task::block_in_place(|| database.execute(&format!("UPDATE totp_factors SET last_step = 0 WHERE id = '{app}'")));
}

/// One program in progress.
struct Play<'a> {
    servers: &'a Servers,
    client: &'a Client,
    email: String,
    model: Model,
}

impl<'a> Play<'a> {
    fn new(servers: &'a Servers, client: &'a Client) -> Self {
        Self { servers, client, email: new_address(), model: Model::default() }
    }

    async fn perform(mut self, program: &[Step]) {
        let registered = self.servers[0].register(&self.email).await;
        self.model.begin(registered.access(), false);
        for step in program {
            // Waits are of another test.
            forgive(&self.servers[0].database, &self.email);
            self.step(*step).await;
        }
        self.probe().await;
    }

    async fn step(&mut self, step: Step) {
        let service = self.servers[step.server].clone();
        match step.act {
            Act::Login => {
                let answer = service.post("/auth/login", json!({ "email": self.email, "password": self.model.password() })).await;
                is(&answer, self.model.login(), &step);
                match answer.status {
                    200 => self.model.begin(answer.access(), false),
                    _ => self.model.asked(answer.text("mfa_token")),
                }
            }
            Act::SecondStep { token, shown } => {
                let Some(token) = self.model.token(token) else { return };
                let code = self.code(shown);
                let expected = self.model.second_step(token, &code);
                let answer = service.second_step(&self.model.tokens[token].text, &code).await;
                is(&answer, expected, &step);
                if answer.status == 200 {
                    assert_eq!(crate::sessions::tokens::claims(answer.access())["acr"], "aal2");
                    self.model.begin(answer.access(), true);
                }
            }
            Act::StepUp { session, shown } => {
                let session = self.model.session(session);
                let code = self.code(shown);
                let expected = self.model.step_up(session, &code);
                let body = json!({ "code": code });
                self.ask(&service, session, Method::POST, "/auth/reauthenticate", Some(body), expected, step).await;
            }
            Act::ByPassword { session } => {
                let session = self.model.session(session);
                let (body, expected) = (json!({ "password": self.model.password() }), self.model.by_password(session));
                self.ask(&service, session, Method::POST, "/auth/reauthenticate", Some(body), expected, step).await;
            }
            Act::Enrol { session } => {
                let session = self.model.session(session);
                let expected = self.model.enrol(session);
                let answer =
                    self.ask(&service, session, Method::POST, "/auth/factors/totp", Some(json!({})), expected, step).await;
                if answer.status == 201 {
                    self.model.waits(&answer);
                }
            }
            Act::Confirm { session, right } => {
                let session = self.model.session(session);
                let (path, code) = self.model.confirmation(right);
                let expected = self.model.confirm(session, right);
                let answer =
                    self.ask(&service, session, Method::POST, &path, Some(json!({ "code": code })), expected, step).await;
                if answer.status == 200 {
                    self.model.confirmed(session, &answer, &code);
                }
            }
            Act::Remove { session, factor } => {
                let session = self.model.session(session);
                let (path, expected) = self.model.remove(session, factor);
                self.ask(&service, session, Method::DELETE, &path, None, expected, step).await;
            }
            Act::Replace { session } => {
                let session = self.model.session(session);
                let expected = self.model.replace(session);
                let answer =
                    self.ask(&service, session, Method::POST, "/auth/factors/recovery-codes", None, expected, step).await;
                if answer.status == 200 {
                    self.model.replaced(&answer);
                }
            }
            Act::ChangePassword { session } => {
                let session = self.model.session(session);
                let body = json!({ "current_password": self.model.password(), "new_password": self.model.next_password() });
                let expected = self.model.change_password(session);
                self.ask(&service, session, Method::POST, "/auth/password", Some(body), expected, step).await;
            }
            Act::Reset => {
                reset(&service.database, &self.email);
                self.model.reset();
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a request, and what is expected of it")]
    async fn ask(
        &self,
        service: &Service,
        session: usize,
        method: Method,
        path: &str,
        body: Option<Value>,
        expected: Outcome,
        step: Step,
    ) -> Answer {
        let answer = service.send(method, path, Some(&self.model.sessions[session].access), body).await;
        is(&answer, expected, &(step, session));
        answer
    }

    /// A code of a kind, as far as the account has one.
    fn code(&mut self, shown: Shown) -> String {
        if let Some(app) = self.model.next_shown(shown) {
            next_step(&self.servers[0].database, &app);
        }
        self.model.code(shown)
    }

    /// Every session is what the model says, and every code that was ever given out counts once at most.
    async fn probe(&mut self) {
        for (index, session) in self.model.sessions.iter().enumerate() {
            let service = &self.servers[index];
            is(&service.me(&session.access).await, if session.live { (200, "") } else { super::model::INVALID }, &index);
            let told = self.client.ask(service, &session.access).await.body;
            let acr = if session.strong { "aal2" } else { "aal1" };
            assert_eq!(
                (&told["active"], session.live.then_some(&told["acr"])),
                (&json!(session.live), session.live.then_some(&json!(acr)))
            );
        }
        let step = Step { act: Act::Login, server: 0 };
        self.step(step).await;
        let (all, server) = (self.model.every_code(), 1);
        for code in all {
            let Some(session) = self.model.sessions.iter().position(|session| session.live) else { break };
            forgive(&self.servers[0].database, &self.email);
            let expected = self.model.step_up(session, &code);
            let body = Some(json!({ "code": code }));
            let service = self.servers[server].clone();
            self.ask(&service, session, Method::POST, "/auth/reauthenticate", body, expected, step).await;
        }
        // Nobody is stranded: without factors the password is enough, and with some a new one is asked for and taken.
        reset(&self.servers[0].database, &self.email);
        self.model.reset();
        self.step(step).await;
        assert!(self.model.sessions.last().is_some_and(|session| session.live && !session.strong));
    }
}
