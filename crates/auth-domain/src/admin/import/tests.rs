//! What is taken over and what is not; a dry run tells the same and writes nothing.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    Activity, Candidate,
    ImportOutcome::{self, AlreadyThere, Imported, Refused},
    ImportUsers, Mode, NoTime,
    Refusal::{self, Address, Ambiguous, Password, Range, Row, Time},
};
use crate::{
    accounts::ports::{Inserted, MockUserStore, UserAdminStore, UserStore},
    identity::{
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountState, User},
    },
    passwords::ports::HashFault,
    testing::{clock, down, told},
    testkit::{
        MemoryAudit, MemoryStore, PlainHasher, SequentialIds,
        samples::{PASSWORD, after, context, email, hash, start, user},
    },
};

fn candidate(address: &str) -> Candidate {
    let created_at = Ok(Some(after(-1000)));
    let (number, email, activity) = ("1".to_owned(), address.to_owned(), Activity::Active);
    Candidate { number, email, password: hash(PASSWORD), activity, created_at }
}

fn import(users: impl UserStore + 'static, audit: &MemoryAudit) -> ImportUsers {
    let (users, hasher, ids) = (Arc::new(users), Arc::new(PlainHasher::default()), Arc::new(SequentialIds::default()));
    ImportUsers { users, hasher, ids, audit: Arc::new(audit.clone()), clock: clock() }
}

/// What became of each: as a dry run tells it, and then indeed.
async fn imported(store: &MemoryStore, candidates: &[Candidate]) -> Vec<ImportOutcome> {
    let (before, audit) = (store.list("", None, 100).await.unwrap(), MemoryAudit::default());
    let forecast = import(store.clone(), &audit).execute(candidates, Mode::Dry, &context()).await.unwrap();
    assert_eq!((store.list("", None, 100).await.unwrap(), audit.events()), (before, Vec::new()), "a dry run writes nothing");
    let fates = import(store.clone(), &audit).execute(candidates, Mode::Real, &context()).await.unwrap();
    assert_eq!(fates.iter().map(words).collect::<Vec<_>>(), forecast.iter().map(words).collect::<Vec<_>>());
    let new = fates.iter().filter(|fate| matches!(fate, Imported(_))).count();
    assert_eq!(told(&audit.events()), vec![("user_registered", Some("import")); new]);
    fates
}

/// All but the id.
fn words(fate: &ImportOutcome) -> String {
    match fate {
        Imported(user) => format!("{} {} {}", user.email, user.state, user.created_at),
        AlreadyThere(email) => email.to_string(),
        Refused(refusal) => refusal.to_string(),
    }
}

#[tokio::test]
async fn an_account_comes_with_its_password_its_state_and_its_age() {
    let store = MemoryStore::default();
    let off = Candidate { activity: Activity::Disabled, created_at: Ok(None), ..candidate("off@example.org") };
    let unclear = Candidate { activity: Activity::Unknown, ..candidate("unclear@example.org") };
    let fates = imported(&store, &[candidate(" Ann@Example.org"), off, unclear]).await;
    let [Imported(ann), Imported(off), Imported(unclear)] = &fates[..] else { panic!("{fates:?}") };
    assert_eq!(unclear.state, AccountState::Disabled { since: start() }, "not known to be active");
    let expected = User { id: ann.id, created_at: after(-1000), ..user("ann@example.org") };
    assert_eq!(store.find_by_email(&email("ann@example.org")).await.unwrap(), Some(expected));
    assert_eq!((off.state, off.created_at), (AccountState::Disabled { since: start() }, start()));
    assert_eq!(store.find_by_email(&off.email).await.unwrap().as_ref(), Some(&**off));
}

#[tokio::test]
async fn who_is_there_already_stays_as_it_is() {
    let store = MemoryStore::default();
    let ann = User { password: Some(hash("another")), ..user("ann@example.org") };
    assert_eq!(store.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    let fates = imported(&store, &[candidate("ANN@example.org"), candidate("ben@example.org")]).await;
    assert_eq!(fates[0], AlreadyThere(ann.email.clone()));
    assert_eq!(store.find(ann.id).await.unwrap(), Some(ann));
    let again = imported(&store, &[candidate("ben@example.org")]).await;
    assert_eq!(again, [AlreadyThere(email("ben@example.org"))]);
}

/// Made at this time.
fn made(created_at: &str, address: &str) -> Candidate {
    Candidate { created_at: Ok(Some(created_at.parse().unwrap())), ..candidate(address) }
}

#[tokio::test]
async fn any_time_that_every_database_keeps_is_kept() {
    let times = ["1000-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"];
    let candidates: Vec<_> = times.iter().map(|at| made(at, &format!("{}@example.org", &at[..4]))).collect();
    for (fate, at) in imported(&MemoryStore::default(), &candidates).await.iter().zip(times) {
        assert!(matches!(fate, Imported(user) if user.created_at == at.parse::<DateTime<Utc>>().unwrap()), "{at}: {fate:?}");
    }
}

#[tokio::test]
async fn a_row_that_the_database_does_not_take_stops_no_other() {
    let mut users = MockUserStore::new();
    users.expect_find_by_email().returning(|_| Ok(None));
    users.expect_insert().returning(|user, _, _| match user.email.as_str() {
        "bad@example.org" => Err(PortError::Corrupt("the database refused a row".to_owned())),
        _ => Ok(Inserted::Yes),
    });
    let audit = MemoryAudit::default();
    let candidates = ["ann@example.org", "bad@example.org", "cid@example.org"].map(candidate);
    let fates = import(users, &audit).execute(&candidates, Mode::Real, &context()).await.unwrap();
    assert!(matches!(&fates[..], [Imported(_), Refused(Row), Imported(_)]), "{fates:?}");
    assert_eq!(audit.events().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused_with_its_reason() {
    let refused = |refusal: Refusal, candidate: Candidate| (candidate, Refused(refusal));
    let foreign = |form: &str| PasswordHash::new(form.to_owned());
    let cases = [
        refused(Address, candidate("")),
        refused(Address, candidate("ann@localhost")),
        refused(Password(HashFault::Unknown), Candidate { password: foreign("pbkdf2:sha256:1"), ..candidate("a@example.org") }),
        refused(Password(HashFault::Unknown), Candidate { password: foreign(""), ..candidate("b@example.org") }),
        refused(Time, Candidate { created_at: Err(NoTime), ..candidate("c@example.org") }),
        refused(Range, made("0999-12-31T23:59:59Z", "d@example.org")),
        refused(Range, made("9999-12-31T23:59:59-00:01", "e@example.org")),
        refused(Range, made("2016-12-31T23:59:60Z", "f@example.org")),
        refused(Range, made("-0044-03-15T12:00:00Z", "g@example.org")),
        refused(Ambiguous, candidate("Dan@example.org")),
        refused(Ambiguous, candidate("dan@EXAMPLE.org")),
    ];
    let (candidates, expected): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let store = MemoryStore::default();
    assert_eq!(imported(&store, &candidates).await, expected);
    assert_eq!(store.list("", None, 100).await.unwrap(), []);
}

#[tokio::test]
async fn who_registers_meanwhile_is_there_already() {
    let mut users = MockUserStore::new();
    users.expect_find_by_email().returning(|_| Ok(None));
    users.expect_insert().returning(|_, _, _| Ok(Inserted::EmailTaken));
    let audit = MemoryAudit::default();
    let fates = import(users, &audit).execute(&[candidate("ann@example.org")], Mode::Real, &context()).await.unwrap();
    assert_eq!((fates, audit.events()), (vec![AlreadyThere(email("ann@example.org"))], Vec::new()));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut away = MockUserStore::new();
    away.expect_find_by_email().returning(|_| down());
    let mut read_only = MockUserStore::new();
    read_only.expect_find_by_email().returning(|_| Ok(None));
    read_only.expect_insert().returning(|_, _, _| down());
    for users in [away, read_only] {
        let audit = MemoryAudit::default();
        let outcome = import(users, &audit).execute(&[candidate("ann@example.org")], Mode::Real, &context()).await;
        assert!(matches!(outcome, Err(PortError::Unavailable(_))) && audit.events().is_empty());
    }
}
