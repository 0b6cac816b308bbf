//! Nobody learns who has an account: not from the answer, not from what is stored, not from the statements that run.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask_to_change, move_to, operate};
use crate::service::{Engine, PASSWORD, Service, Tap, TestDatabase, credentials, eventually, on_every_engine};

/// Every table that a request writes to.
const TABLES: [&str; 10] = [
    "users",
    "sessions",
    "known_networks",
    "login_failures",
    "client_failures",
    "mailbox_proofs",
    "mail_outbox",
    "mail_allowances",
    "pending_registrations",
    "ended_sessions",
];

/// Headers that no two answers have alike.
const OF_EACH_ANSWER: [&str; 5] = ["x-request-id", "date", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];

/// What is done in the background has nothing to do with a request.
const BACKGROUND: [&str; 2] = ["audit_events", "signing_keys"];

/// What the sender does and no request: it looks up accounts as well, so nothing is seen of a request beside it.
const SENDER: [&str; 2] = ["FROM \"mail_outbox\"", "UPDATE \"mail_outbox\""];

on_every_engine! {
    async fn an_address_is_answered_alike_whoevers_it_is(engine) {
        let world = World::begin(engine, "optional").await;
        let caller = world.service.register_verified("caller@example.org").await;
        world.is_alike("/auth/password/forgot", "email", None).await;
        world.is_alike("/auth/email/verification", "email", None).await;
        world.is_alike("/auth/email", "new_email", Some(caller.access())).await;
    }

    async fn so_it_is_where_addresses_have_to_be_verified(engine) {
        let world = World::begin(engine, "required").await;
        world.is_alike("/auth/register", "email", None).await;
        world.is_alike("/auth/email/verification", "email", None).await;
        world.is_alike("/auth/password/forgot", "email", None).await;
    }
}

struct World {
    service: Service,
    /// On PostgreSQL alone: the statements are the same Rust on each engine.
    tap: Option<Tap>,
}

/// When an address is asked for: whether it has an account must make no difference to any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Round {
    /// As if for the first time.
    Forgotten,
    /// After a while.
    Another,
    /// Within a minute: no mail is sent.
    TooMany,
}

/// What can be seen of a request.
#[derive(Debug, Clone, PartialEq)]
struct Sight {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
    /// How many rows each table has gained.
    rows: BTreeMap<String, i64>,
    events: Vec<Value>,
    statements: Vec<String>,
}

impl World {
    /// A server, and an address of each kind.
    async fn begin(engine: Engine, verification: &str) -> Self {
        let database = std::sync::Arc::new(TestDatabase::create(engine));
        let (tap, url) = match engine {
            Engine::Postgres => {
                let (tap, url) = Tap::before(database.url());
                (Some(tap), url)
            }
            #[cfg(feature = "mysql")]
            Engine::Mysql => (None, database.url().to_owned()),
            Engine::Sqlite => (None, database.url().to_owned()),
        };
        {
            let before = Service::with_mail_on(database.clone(), &[]).await;
            tokio::join!(
                before.register_verified("known@example.org"),
                before.register_with_mail("unverified@example.org"),
                before.register_verified("disabled@example.org"),
            );
            let tokens = before.register_verified("former@example.org").await;
            move_to(&before, tokens.access(), "moved@example.org").await;
            ask_to_change(&before, tokens.access(), "pending@example.org").await;
            tokio::task::block_in_place(|| operate(&before, &["users", "disable", "disabled@example.org"]));
            before.outbox_is_empty().await;
        }
        let overrides = [("EMAIL_VERIFICATION", verification), ("DATABASE_URL", &url)];
        let service = Service::with_mail_on(database, &overrides).await;
        if verification == "required" {
            assert_eq!(service.post("/auth/register", credentials("registered@example.org")).await.status, 202);
            service.outbox_is_empty().await;
        }
        Self { service, tap }
    }

    /// Asks for each address in each round, and compares what is seen with the first.
    async fn is_alike(&self, path: &str, member: &str, access: Option<&str>) {
        let mut seen = BTreeMap::new();
        for name in ["unknown", "known", "unverified", "disabled", "former", "moved", "pending", "registered"] {
            for round in [Round::Forgotten, Round::Another, Round::TooMany] {
                let sight = self.see(path, member, &format!("{name}@example.org"), access, round).await;
                let expected = seen.entry(round).or_insert_with(|| sight.clone());
                assert_eq!(&sight, expected, "{path} {name} {round:?}");
            }
        }
        let [first, another, suppressed] = seen.values().collect::<Vec<_>>()[..] else { panic!("{seen:?}") };
        for sent in [first, another] {
            assert_eq!((sent.status, &sent.headers, &sent.body), (suppressed.status, &suppressed.headers, &suppressed.body));
            assert!(sent.rows["mail_outbox"] > 0 && sent.rows["mailbox_proofs"] > 0, "{sent:?}");
        }
        assert!(suppressed.rows.values().all(|gained| *gained == 0), "{suppressed:?}");
        assert_eq!(suppressed.events[0]["event"], "mail_suppressed");
        if self.tap.is_some() {
            assert!(first.statements.len() > suppressed.statements.len() && !suppressed.statements.is_empty(), "{seen:#?}");
        }
    }

    /// One request with nothing in the background between its statements: such a one is asked again.
    async fn see(&self, path: &str, member: &str, email: &str, access: Option<&str>, round: Round) -> Sight {
        loop {
            self.quieten().await;
            self.prepare(email, round);
            let rows = self.rows();
            let before = self.tap.as_ref().map_or(0, Tap::count);
            let body = json!({ member: email, "password": PASSWORD });
            let answer = self.service.send(Method::POST, path, access, Some(body)).await;
            let ran = self.tap.as_ref().map(|tap| tap.since(before)).unwrap_or_default();
            let Some(statements) = of_the_request(ran) else { continue };
            let events = self.events_of(answer.header("x-request-id").unwrap()).await;
            let headers = answer.headers.iter().filter(|(name, _)| !OF_EACH_ANSWER.contains(&name.as_str()));
            return Sight {
                status: answer.status,
                headers: headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect(),
                body: answer.body,
                rows: self.rows().into_iter().map(|(table, count)| (table.clone(), count - rows[&table])).collect(),
                events,
                statements,
            };
        }
    }

    /// Leaves the sender nothing to do, and waits until it has nothing in hand.
    async fn quieten(&self) {
        let database = &self.service.database;
        tokio::task::block_in_place(|| database.execute("UPDATE mail_outbox SET state = 'dropped' WHERE state = 'waiting'"));
        let held = "SELECT COUNT(*) AS count FROM mail_outbox WHERE leased_by IS NOT NULL";
        eventually(async || tokio::task::block_in_place(|| database.number(held)), |count| *count == 0).await;
    }

    /// What the log says of a request, which it does before it says that it has answered.
    async fn events_of(&self, id: &str) -> Vec<Value> {
        let wanted = id.to_owned();
        self.service.lines(1, move |line| line["message"] == "answered" && line["request_id"] == *wanted).await;
        let its = self.service.events().into_iter().filter(|event| event["request_id"] == id);
        its.map(|event| json!({ "event": event["event"], "outcome": event["outcome"], "reason": event["reason"] })).collect()
    }

    /// Gives an address the history of a round.
    fn prepare(&self, email: &str, round: Round) {
        match round {
            Round::Forgotten => {
                self.service.forget_mails_to(email);
                self.service.database.execute(&format!("DELETE FROM pending_registrations WHERE address = '{email}'"));
            }
            Round::Another => self.service.database.execute(&format!(
                "UPDATE mail_allowances SET sent_1 = '2026-01-01 00:00:00', sent_5 = NULL WHERE address = '{email}'"
            )),
            Round::TooMany => {}
        }
    }

    fn rows(&self) -> BTreeMap<String, i64> {
        tokio::task::block_in_place(|| self.service.database.counts(&TABLES))
    }
}

/// The statements that are not of the background; `None` if they cannot be told apart.
fn of_the_request(ran: Vec<(usize, String)>) -> Option<Vec<String>> {
    let is_in = |statement: &str, marks: &[&str]| marks.iter().any(|mark| statement.contains(mark));
    if ran.iter().any(|(_, statement)| is_in(statement, &SENDER)) {
        return None;
    }
    // Whole transactions, and statements by themselves.
    let (mut open, mut whole) = (BTreeMap::<usize, Vec<String>>::new(), Vec::new());
    for (connection, statement) in ran {
        match (open.remove(&connection), statement.as_str()) {
            (None, "COMMIT" | "ROLLBACK") => return None,
            (None, "BEGIN") => drop(open.insert(connection, vec![statement])),
            (None, _) => whole.push(vec![statement]),
            (Some(begun), "COMMIT" | "ROLLBACK") => whole.push([begun, vec![statement]].concat()),
            (Some(begun), _) => drop(open.insert(connection, [begun, vec![statement]].concat())),
        }
    }
    // What is not over yet is not of a request that is answered.
    let of_its_own = |unit: &Vec<String>| !unit.iter().any(|statement| is_in(statement, &BACKGROUND));
    Some(whole.into_iter().filter(of_its_own).flatten().collect())
}
