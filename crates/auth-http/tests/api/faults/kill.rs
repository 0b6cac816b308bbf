//! SIGKILL in a storm: what clients were told holds, and every session is either dead or alive.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::service::{Answer, Service, credentials, on_every_engine};

const SESSIONS: usize = 8;
const ROUNDS: usize = 2;

/// A client of a server that may die any moment: no answer then.
#[derive(Clone)]
pub(super) struct Caller {
    client: Client,
    url: String,
}

impl Caller {
    pub(super) fn of(service: &Service) -> Self {
        Self { client: Client::new(), url: service.url.clone() }
    }

    pub(super) async fn ask(&self, method: Method, path: &str, token: Option<&str>, body: Value) -> reqwest::Result<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        Answer::try_of(request).await
    }
}

/// What one client knows when its server is dead.
pub(super) enum Heard {
    /// The last tokens it got; one more refresh may have been under way.
    Tokens(Answer),
    /// A session that was to end, and whether it was told that it had.
    Logout { tokens: Answer, acknowledged: bool },
    /// An address that was to be registered, and whether it was told so.
    Registration { email: String, acknowledged: bool },
}

async fn keep_refreshing(caller: Caller, mut tokens: Answer) -> Vec<Heard> {
    while let Ok(next) = caller.ask(Method::POST, "/auth/refresh", None, json!({ "refresh_token": tokens.refresh() })).await {
        assert_eq!(next.status, 200, "{}", next.body);
        tokens = next;
    }
    vec![Heard::Tokens(tokens)]
}

async fn come_and_go(caller: Caller, email: String) -> Vec<Heard> {
    let mut heard = Vec::new();
    while let Ok(tokens) = caller.ask(Method::POST, "/auth/login", None, credentials(&email)).await {
        assert_eq!(tokens.status, 200, "{}", tokens.body);
        let gone = caller.ask(Method::POST, "/auth/logout", Some(tokens.access()), Value::Null).await;
        let acknowledged = gone.map(|answer| assert_eq!(answer.status, 204, "{}", answer.body)).is_ok();
        heard.push(Heard::Logout { tokens, acknowledged });
    }
    heard
}

async fn keep_registering(caller: Caller, round: usize) -> Vec<Heard> {
    let mut heard = Vec::new();
    loop {
        let email = format!("new{round}-{}@example.org", heard.len());
        let answer = caller.ask(Method::POST, "/auth/register", None, credentials(&email)).await;
        let acknowledged = answer.map(|answer| assert_eq!(answer.status, 201, "{}", answer.body)).is_ok();
        heard.push(Heard::Registration { email, acknowledged });
        if !acknowledged {
            return heard;
        }
    }
}

async fn is_alive(service: &Service, tokens: &Answer) {
    let next = service.refresh(tokens.refresh()).await;
    assert_eq!(next.status, 200, "the last token that was answered, or its successor, still works: {}", next.body);
    let generation = |answer: &Answer| crate::sessions::tokens::claims(answer.refresh())["gen"].as_i64().unwrap();
    assert_eq!(generation(&next), generation(tokens) + 1, "the chain did not fork");
    assert_eq!(service.me(next.access()).await.status, 200);
    let after = service.refresh(next.refresh()).await;
    assert_eq!(after.status, 200, "{}", after.body);
    assert_eq!(service.me(tokens.access()).await.status, 200, "one session, whichever of its tokens");
}

async fn is_dead(service: &Service, tokens: &Answer) {
    assert_eq!(service.refresh(tokens.refresh()).await.refusal(), (401, "token_invalid"));
    assert_eq!(service.me(tokens.access()).await.refusal(), (401, "token_invalid"));
}

/// What one client knows is true of the server that came after.
pub(super) async fn holds(service: &Service, heard: Heard) {
    match heard {
        Heard::Tokens(tokens) => is_alive(service, &tokens).await,
        Heard::Logout { tokens, acknowledged: true } => is_dead(service, &tokens).await,
        Heard::Logout { tokens, acknowledged: false } => match service.me(tokens.access()).await.status {
            200 => is_alive(service, &tokens).await,
            _ => is_dead(service, &tokens).await,
        },
        Heard::Registration { email, acknowledged: true } => assert_eq!(service.login(&email).await.status, 200, "{email}"),
        Heard::Registration { email, acknowledged: false } => {
            let answer = service.post("/auth/register", credentials(&email)).await;
            assert!(answer.status == 201 || answer.refusal() == (409, "email_taken"), "{}", answer.body);
            assert_eq!(service.login(&email).await.status, 200, "no half account");
        }
    }
}

on_every_engine! {
    async fn each_session_is_as_its_client_was_told(engine) {
        let settings = [("REFRESH_REUSE_SECONDS", "60"), ("SESSION_MAX_PER_USER", "1000")];
        let mut service = Service::with(engine, &settings).await;
        let mut accounts = 0;
        for round in 0..ROUNDS {
            let mut storm = JoinSet::new();
            let caller = Caller::of(&service);
            for number in 0..SESSIONS {
                let tokens = service.register(&format!("ann{round}-{number}@example.org")).await;
                storm.spawn(keep_refreshing(caller.clone(), tokens));
            }
            storm.spawn(come_and_go(caller.clone(), format!("ann{round}-0@example.org")));
            storm.spawn(keep_registering(caller, round));
            service.audited("token_refreshed", SESSIONS * 6).await;
            service.audited("logged_out", 1).await;
            service.kill();
            let heard: Vec<_> = storm.join_all().await.into_iter().flatten().collect();
            service = Service::on(service.database.clone(), &settings).await;
            accounts += SESSIONS + heard.iter().filter(|heard| matches!(heard, Heard::Registration { .. })).count();
            for heard in heard {
                holds(&service, heard).await;
            }
            assert_eq!(service.database.count("users"), i64::try_from(accounts).unwrap(), "each account once");
        }
    }
}
