//! What is taken over and what is not; a dry run tells the same and writes nothing.

mod accounts;
mod batches;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    Candidate,
    ImportOutcome::{self, AlreadyThere, Imported, Refused},
    ImportUsers, Mode,
    Refusal::{self, Address, Ambiguous, Password, Range, Row, Time},
};
use crate::{
    accounts::ports::{Inserted, UserAdminStore, UserStore},
    admin::{
        ports::{MockTransferStore, Stored, TransferStore},
        transfer::{Activity, Arrival},
    },
    identity::{
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountState, User},
    },
    passwords::ports::HashFault,
    testing::{Fresh, clock, down, told, unheard},
    testkit::{
        FakeTotp, MemoryAudit, MemoryStore, PlainHasher,
        samples::{PASSWORD, after, email, hash, operator, start, user},
    },
};

fn candidate(address: &str) -> Candidate {
    arriving(address, |arrival| arrival)
}

/// With something else than usual.
fn arriving(address: &str, change: impl FnOnce(Arrival) -> Arrival) -> Candidate {
    let account = address.parse().map_err(|_fault| Address).map(|email| {
        let usual = Arrival { password: Some(hash(PASSWORD)), created_at: Some(after(-1000)), ..Arrival::of(email) };
        Box::new(change(usual))
    });
    Candidate { number: "1".to_owned(), email: address.to_owned(), account }
}

/// One of which its reader says why it is none.
fn unreadable(address: &str, refusal: Refusal) -> Candidate {
    Candidate { account: Err(refusal), ..candidate(address) }
}

fn import(store: impl TransferStore + 'static, audit: &MemoryAudit) -> ImportUsers {
    ImportUsers {
        store: Arc::new(store),
        hasher: Arc::new(PlainHasher::default()),
        totp: Some(Arc::new(FakeTotp::default())),
        ids: Arc::new(Fresh),
        audit: Arc::new(audit.clone()),
        clock: clock(),
    }
}

/// What became of each: as a dry run tells it, and then indeed.
async fn imported(store: &MemoryStore, candidates: &[Candidate]) -> Vec<ImportOutcome> {
    let (before, audit) = (store.list("", None, 100).await.unwrap(), MemoryAudit::default());
    let forecast = import(store.clone(), &audit).execute(candidates, Mode::Dry, &operator()).await.unwrap();
    assert_eq!((store.list("", None, 100).await.unwrap(), audit.events()), (before, Vec::new()), "a dry run writes nothing");
    let fates = import(store.clone(), &audit).execute(candidates, Mode::Real, &operator()).await.unwrap();
    assert_eq!(fates.iter().map(words).collect::<Vec<_>>(), forecast.iter().map(words).collect::<Vec<_>>());
    let new = fates.iter().filter(|fate| matches!(fate, Imported(_))).count();
    let mut expected = vec![("user_registered", Some("import")); new];
    expected.push(("users_imported", Some("operator")));
    assert!(told(&audit.events()) == expected, "{:?}", audit.kinds());
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
    let off = arriving("off@example.org", |account| {
        let (activity, created_at) = (Activity::Disabled(None), None);
        Arrival { activity, created_at, ..account }
    });
    let unclear = arriving("unclear@example.org", |account| Arrival { activity: Activity::Unknown, ..account });
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
    assert_eq!(UserStore::insert(&store, &ann, None, None).await.unwrap(), Inserted::Yes);
    let fates = imported(&store, &[candidate("ANN@example.org"), candidate("ben@example.org")]).await;
    assert_eq!(fates[0], AlreadyThere(ann.email.clone()));
    assert_eq!(UserStore::find(&store, ann.id).await.unwrap(), Some(ann));
    let again = imported(&store, &[candidate("ben@example.org")]).await;
    assert_eq!(again, [AlreadyThere(email("ben@example.org"))]);
}

/// Made at this time.
fn made(created_at: &str, address: &str) -> Candidate {
    arriving(address, |account| Arrival { created_at: Some(created_at.parse().unwrap()), ..account })
}

#[tokio::test]
async fn any_time_that_every_database_keeps_is_kept() {
    let times = ["1000-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"];
    let candidates: Vec<_> = times.iter().map(|at| made(at, &format!("{}@example.org", &at[..4]))).collect();
    for (fate, at) in imported(&MemoryStore::default(), &candidates).await.iter().zip(times) {
        assert!(matches!(fate, Imported(user) if user.created_at == at.parse::<DateTime<Utc>>().unwrap()), "{at}: {fate:?}");
    }
}

/// A store that says this of everybody, in a dry run that they are free.
fn storing(outcome: fn(&str) -> Result<Stored, PortError>) -> MockTransferStore {
    let mut store = MockTransferStore::new();
    store.expect_foresee().returning(|accounts, _| Ok(vec![Stored::Yes; accounts.len()]));
    store
        .expect_insert()
        .returning(move |accounts, _| accounts.iter().map(|account| outcome(account.user.email.as_str())).collect());
    store
}

#[tokio::test]
async fn a_row_that_the_database_does_not_take_stops_no_other() {
    let store = storing(|address| Ok(if address == "bad@example.org" { Stored::Refused } else { Stored::Yes }));
    let audit = MemoryAudit::default();
    let candidates = ["ann@example.org", "bad@example.org", "cid@example.org"].map(candidate);
    let fates = import(store, &audit).execute(&candidates, Mode::Real, &operator()).await.unwrap();
    assert!(matches!(&fates[..], [Imported(_), Refused(Row), Imported(_)]), "{fates:?}");
    assert_eq!(audit.events().len(), 2 + 1);
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused_with_its_reason() {
    let refused = |refusal: Refusal, candidate: Candidate| (candidate, Refused(refusal));
    let foreign = |address: &str, form: &str| {
        arriving(address, |account| Arrival { password: Some(PasswordHash::new(form.to_owned())), ..account })
    };
    let cases = [
        refused(Address, candidate("")),
        refused(Address, candidate("ann@localhost")),
        refused(Password(HashFault::Unknown), foreign("a@example.org", "pbkdf2:sha256:1")),
        refused(Password(HashFault::Unknown), foreign("b@example.org", "")),
        refused(Time, unreadable("c@example.org", Time)),
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

/// Which of them its owner uses, nobody can tell, whatever else is wrong with either.
#[tokio::test]
async fn an_address_that_is_there_twice_is_refused_twice() {
    let candidates = [candidate("Dan@example.org"), unreadable("dan@example.org", Time), unreadable("nobody", Address)];
    let fates = imported(&MemoryStore::default(), &candidates).await;
    assert_eq!(fates, [Refused(Ambiguous), Refused(Ambiguous), Refused(Address)]);
}

#[tokio::test]
async fn who_registers_meanwhile_is_there_already() {
    let (store, audit) = (storing(|_| Ok(Stored::EmailTaken)), MemoryAudit::default());
    let fates = import(store, &audit).execute(&[candidate("ann@example.org")], Mode::Real, &operator()).await.unwrap();
    assert_eq!(fates, vec![AlreadyThere(email("ann@example.org"))]);
    assert_eq!(told(&audit.events()), [("users_imported", Some("operator"))]);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let audit = MemoryAudit::default();
    let outcome = import(storing(|_| down()), &audit).execute(&[candidate("ann@example.org")], Mode::Real, &operator()).await;
    assert!(matches!(outcome, Err(PortError::Unavailable(_))) && audit.events().is_empty());
    let mut away = MockTransferStore::new();
    away.expect_foresee().returning(|_, _| down());
    let outcome = import(away, &audit).execute(&[candidate("ann@example.org")], Mode::Dry, &operator()).await;
    assert!(matches!(outcome, Err(PortError::Unavailable(_))) && audit.events().is_empty());
}

/// The answer did not come: each may be there or not.
#[tokio::test]
async fn accounts_of_which_nobody_knows_are_in_the_trail_as_that() {
    let audit = MemoryAudit::default();
    let candidates = ["ann@example.org", "ben@example.org"].map(candidate);
    let outcome = import(storing(|_| unheard()), &audit).execute(&candidates, Mode::Real, &operator()).await;
    assert!(matches!(outcome, Err(PortError::Unknown(_))));
    let events = audit.events();
    assert_eq!(told(&events), [("user_registered", Some("outcome_unknown")); 2]);
}
