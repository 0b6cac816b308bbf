//! What the engines make of the queries: each is answered by an index, so that ten million rows cost what ten do.

#[path = "plans/admin.rs"]
mod admin;
#[path = "plans/explain.rs"]
mod explain;
#[path = "plans/factors.rs"]
mod factors;
#[path = "plans/mail.rs"]
mod mail;

use auth_domain::{
    accounts::ports::{Deleted, Edited, UserAdminStore, UserStore},
    audit::{
        entry::{Filter, Whose},
        kind::EventKind,
        ports::AuditStore,
    },
    identity::{
        administrator::LastAdministrator,
        editable::Editable,
        ids::{SessionId, UserId},
        password_hash::PasswordHash,
        request_context::{Network, RequestContext, UserAgent},
        role::Roles,
        user::AccountVersion,
    },
    oauth::ports::ClientStore,
    passwords::ports::AttemptStore,
    sessions::{
        authentication::Authentication,
        ports::{EndedSessions, SessionStore},
        session::{Generation, RevocationCursor, Session},
    },
    testkit::samples::{client, email, entry, hash, origin_from, secret_hash},
};
use auth_infra::db::{
    Database, DieselAttempts, DieselAudit, DieselClients, DieselMailbox, DieselOutbox, DieselProofs, DieselSessions, DieselUsers,
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;

use crate::{
    recorder::{recorded, taken},
    scratch::{Engine, Scratch},
    seed::seed,
};
use explain::{is_bounded_twice, is_scan, literally, plan, reads_whole};
use factors::{change_factors, take_second_steps};
use mail::{prove_mailboxes, send_mails, spend_proofs};

crate::on_each_engine! { every_query_is_answered_by_an_index }

/// The statements that look for rows.
fn looked(scratch: &Scratch) -> Vec<String> {
    let verbs = ["SELECT", "UPDATE", "DELETE"];
    let looks = |query: &String| verbs.iter().any(|verb| query.starts_with(verb)) && query.contains("binds");
    taken(scratch).into_iter().filter(looks).collect()
}

async fn every_query_is_answered_by_an_index(engine: Engine) {
    let scratch = recorded(engine);
    let database = scratch.migrated();
    seed(engine, &scratch);
    taken(&scratch);
    ask_everything(&database).await;

    let statements = looked(&scratch);
    for needle in ["INNER JOIN", "UPDATE", "DELETE FROM", "ORDER BY", "LIMIT"] {
        assert!(statements.iter().any(|statement| statement.contains(needle)), "{needle} was not recorded");
    }
    let mut scans = Vec::new();
    for statement in statements {
        let statement = literally(engine, &statement);
        let plan = plan(engine, &scratch, &statement);
        println!("\n{statement}\n    {}", plan.join("\n    "));
        let is_read_whole = reads_whole(engine, &plan) && !statement.contains("COUNT(*)");
        if plan.iter().any(|line| is_scan(engine, line)) || is_read_whole || is_bounded_twice(&statement) {
            scans.push(statement);
        }
    }
    assert!(scans.is_empty(), "read row by row: {scans:#?}");
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn uuid(number: u32) -> String {
    format!("00000000-0000-7000-8000-{number:012}")
}

/// Every change of an account, and what is asked before the last administrator goes.
async fn administer(users: &DieselUsers, id: UserId, now: DateTime<Utc>) {
    let changes: [fn(Editable) -> Editable; 5] = [
        |from| Editable { disabled: true, email_verified: true, ..from },
        |from| Editable { disabled: false, roles: "admin".parse().unwrap(), ..from },
        |from| from.moved_to(email("moved@example.org")),
        |from| Editable { roles: Roles::default(), profile: r#"{"a":1}"#.parse().unwrap(), ..from },
        |from| Editable { roles: "admin".parse().unwrap(), ..from },
    ];
    let edit = async |change: fn(Editable) -> Editable, keep| {
        let from = Editable::from(&users.find(id).await.unwrap().unwrap());
        users.edit(id, &from, &change(from.clone()), keep, now, None).await.unwrap()
    };
    for change in changes {
        assert!(matches!(edit(change, LastAdministrator::MayGo).await, Edited::Yes { .. }));
    }
    for with_factor in [true, false] {
        let _asked = edit(|from| Editable { roles: Roles::default(), ..from }, LastAdministrator::Stays { with_factor }).await;
    }
}

/// Every method once, as a running server calls it.
async fn ask_everything(database: &Database) {
    let (users, sessions) = (DieselUsers(database.clone()), DieselSessions(database.clone()));
    let user = |number: u32| -> UserId { uuid(number).parse().unwrap() };
    let session_id = |number: u32| -> SessionId { uuid(number).parse().unwrap() };
    let version =
        |number: u32| AccountVersion { number: 0, changed_at: at("2026-01-01T00:00:00Z") + TimeDelta::seconds(number.into()) };
    let (now, proof) = (at("2026-01-20T00:00:00.5Z"), hash("x"));
    let session = Session {
        id: session_id(999_999),
        user: user(77),
        generation: Generation(2),
        created_at: now,
        last_used_at: now,
        expires_at: now + TimeDelta::days(7),
        ended_at: None,
        authentication: Authentication::by_password(now),
        context: RequestContext {
            address: Some([203, 0, 113, 7].into()),
            user_agent: Some(UserAgent::new("it's a browser")),
            language: None,
            request_id: String::new(),
        },
    };
    // Alone, and in company.
    let found = join_all([1234; 8].map(|number| sessions.find(session_id(number)))).await;
    assert!(found.into_iter().all(|found| found.unwrap().is_some()));
    users.find(user(3)).await.unwrap().unwrap();
    users.find_by_email(&email("user00000042@example.org")).await.unwrap().unwrap();
    let page = users.list("user0000", Some(&email("user00000100@example.org")), 20).await.unwrap();
    assert_eq!(page.len(), 20);
    assert!(!sessions.live(user(78), now, 20).await.unwrap().is_empty());
    let _begun = sessions.begin(&session, version(77), 3, None).await.unwrap();
    let rotate = async |number| sessions.rotate(&Session { id: session_id(number), ..session.clone() }).await.unwrap();
    let _rotated = rotate(1235).await;
    let _rotated = join_all((1240..1248).map(rotate)).await;
    let _alive = sessions.reauthenticate(&Session { id: session_id(1235), ..session.clone() }, now).await.unwrap();
    sessions.end(session_id(1236), now).await.unwrap();
    sessions.end_all(user(79), None, now).await.unwrap();
    users.replace_hash(user(80), &proof, &proof).await.unwrap();
    let new = PasswordHash::new("y".to_owned());
    users.change_password(user(80), version(80), &new, None, now, None).await.unwrap().unwrap();
    administer(&users, user(81), now).await;
    let keep = LastAdministrator::Stays { with_factor: false };
    assert_eq!(users.delete(user(82), None, keep, now, None).await.unwrap(), Deleted::Yes);
    assert_eq!(users.delete(user(83), Some(version(83)), keep, now, None).await.unwrap(), Deleted::Yes);
    let ended = sessions.ended(RevocationCursor::before(at("2026-01-05T00:00:00Z")), 20).await.unwrap();
    assert_eq!(ended.len(), 20);
    // About ten that went with their accounts, and ten others.
    let forgotten = sessions.prune(at("2026-01-12T00:00:00Z"), 10).await.unwrap();
    assert!((11..=20).contains(&forgotten), "{forgotten}");
    assert!(sessions.prune(at("2026-01-05T00:00:00Z"), 10).await.unwrap() > 0);
    guess(&DieselAttempts(database.clone())).await;
    look_back(&DieselAudit(database.clone())).await;
    know_clients(&DieselClients(database.clone())).await;
    prove_mailboxes(&DieselProofs(database.clone())).await;
    send_mails(&DieselOutbox(database.clone())).await;
    spend_proofs(&DieselMailbox(database.clone()), &users, now).await;
    take_second_steps(database).await;
    change_factors(database).await;
    admin::search(database).await;
    admin::transfer(database).await;
}

async fn know_clients(clients: &DieselClients) {
    let known = clients.find(uuid(77).parse().unwrap()).await.unwrap().unwrap();
    for after in [None, Some(known.id)] {
        assert_eq!(clients.list(after, 20).await.unwrap().len(), 20);
    }
    let next = known.rotated(secret_hash("y"), TimeDelta::hours(1), at("2026-01-20T00:00:00.5Z"));
    assert!(clients.rotate(&next, &known.secret).await.unwrap());
    assert!(!clients.remove(client("nobody").id).await.unwrap() && clients.remove(known.id).await.unwrap());
}

async fn look_back(trail: &DieselAudit) {
    let twice = entry(EventKind::LoginFailed, 0);
    for _ in 0..2 {
        trail.append(std::slice::from_ref(&twice)).await.unwrap();
    }
    let all = Filter { whose: None, event: None, since: DateTime::UNIX_EPOCH, until: None, before: None, limit: 20 };
    let first = trail.list(&all).await.unwrap();
    let before = first.last().map(|entry| entry.place());
    assert_eq!(trail.list(&Filter { before, ..all.clone() }).await.unwrap().len(), 20);
    let user = Whose::User(uuid(77).parse().unwrap());
    for whose in [user, Whose::Address(email("user00000042@example.org"))] {
        let theirs = Filter { whose: Some(whose), ..all.clone() };
        assert!(!trail.list(&theirs).await.unwrap().is_empty());
        let some = Filter { event: Some(EventKind::LoginSucceeded), since: at("2026-01-01T00:00:00.5Z"), before, ..theirs };
        assert!(!trail.list(&some).await.unwrap().is_empty());
    }
    assert!(trail.prune(at("2026-01-01T00:00:10Z"), 5).await.unwrap() > 0);
}

async fn guess(attempts: &DieselAttempts) {
    let from = |address: &str| origin_from(address).subscriber();
    let now = at("2026-01-20T00:00:00.5Z");
    let (contested, client) = (email("user00000042@example.org"), from("203.0.113.7"));
    let standing = attempts.throttle_state(&contested, client).await.unwrap();
    assert_eq!((standing.own.map(|own| own.count), standing.all.map(|all| all.count)), (Some(1), Some(9)));
    for (account, client) in [(contested, client), (email("user00000043@example.org"), from("203.0.113.8"))] {
        for _ in 0..2 {
            let standing = attempts.throttle_state(&account, client).await.unwrap();
            let counted = attempts.count(&account, client, standing, 10, now).await.unwrap().unwrap();
            attempts.forgive(&account, client, counted).await.unwrap();
            assert!(attempts.count(&account, client, standing, 10, now).await.unwrap().is_some());
        }
    }
    let network = Network::of([203, 0, 113, 7].into());
    attempts.network_seen_at(uuid(42).parse().unwrap(), network).await.unwrap().unwrap();
    let (forgotten, old) = (at("2026-01-01T00:15:10Z"), at("2026-01-01T00:00:10Z"));
    assert!(attempts.prune(forgotten, old, old, 5).await.unwrap() > 10);
}
