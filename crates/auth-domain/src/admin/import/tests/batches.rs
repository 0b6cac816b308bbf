//! Many accounts: in batches, as a list and as a stream, by whoever may.

use super::*;
use crate::{
    admin::transfer::{AccountRecord, TRANSFER_BATCH},
    audit::{
        event::{Actor, Target},
        initiator::Initiator,
        kind::{EventKind, Outcome},
    },
    identity::ids::{ClientId, UserId},
    testkit::{Flaky, Fuse, InjectedFault, samples::id},
};

/// So many, in the order of their addresses.
fn crowd(count: usize) -> Vec<Candidate> {
    (0..count).map(|number| candidate(&format!("user{number:04}@example.org"))).collect()
}

fn batch() -> usize {
    TRANSFER_BATCH.try_into().unwrap()
}

async fn stored(store: &MemoryStore) -> Vec<AccountRecord> {
    store.page(None, 10_000).await.unwrap()
}

#[tokio::test]
async fn a_list_goes_in_by_batches_and_nobody_is_lost_between_them() {
    for count in [0, 1, batch(), batch() + 1, 2 * batch() + 17] {
        let store = MemoryStore::default();
        let fates = imported(&store, &crowd(count)).await;
        assert!(fates.len() == count && fates.iter().all(|fate| matches!(fate, Imported(_))));
        assert_eq!(stored(&store).await.len(), count);
    }
}

/// Also where one is in the first batch, and the other in the last.
#[tokio::test]
async fn an_address_that_is_far_apart_in_a_list_is_ambiguous_all_the_same() {
    let mut candidates = crowd(2 * batch());
    candidates.push(candidate("USER0000@example.org"));
    let fates = imported(&MemoryStore::default(), &candidates).await;
    assert_eq!((&fates[0], fates.last().unwrap()), (&Refused(Ambiguous), &Refused(Ambiguous)));
    assert_eq!(fates.iter().filter(|fate| matches!(fate, Imported(_))).count(), 2 * batch() - 1);
}

/// Nobody can look ahead in a stream.
#[tokio::test]
async fn of_two_in_a_stream_the_first_gets_the_address() {
    let (store, audit) = (MemoryStore::default(), MemoryAudit::default());
    let candidates = ["ann@example.org", "ANN@example.org", "ben@example.org"].map(candidate);
    let import = import(store.clone(), &audit);
    for run in [Mode::Dry, Mode::Real] {
        let fates = import.batch(&candidates, run, &operator()).await.unwrap();
        assert!(matches!(&fates[..], [Imported(_), AlreadyThere(_), Imported(_)]), "{run:?}: {fates:?}");
    }
    let again = import.batch(&candidates, Mode::Real, &operator()).await.unwrap();
    assert!(again.iter().all(|fate| matches!(fate, AlreadyThere(_))), "{again:?}");
    assert_eq!(stored(&store).await.len(), 2);
}

/// What came before it is in, in the trail too, and running it again does the rest.
#[tokio::test]
async fn an_outage_in_the_middle_loses_nobody() {
    for after_the_effect in [false, true] {
        let (store, audit, fuse) = (MemoryStore::default(), MemoryAudit::default(), Fuse::default());
        let flaky = || Flaky { port: store.clone(), fuse: fuse.clone() };
        let candidates = crowd(3 * batch());
        fuse.arm(InjectedFault { call: 2, after_the_effect, lasting: false });
        let outcome = import(flaky(), &audit).execute(&candidates, Mode::Real, &operator()).await;
        assert!(outcome.is_err() && fuse.mend());
        assert_eq!(stored(&store).await.len(), batch() * if after_the_effect { 2 } else { 1 });
        let certain = audit.events().into_iter().filter(|event| event.outcome != Outcome::Unknown).collect::<Vec<_>>();
        let mut expected = vec![("user_registered", Some("import")); batch()];
        expected.push(("users_imported", Some("operator")));
        assert!(told(&certain) == expected, "after the effect: {after_the_effect}");
        let unknown = audit.events().len() - certain.len();
        assert_eq!(unknown, if after_the_effect { batch() } else { 0 }, "those that may be there are in the trail");
        let again = import(flaky(), &audit).execute(&candidates, Mode::Real, &operator()).await.unwrap();
        let there = again.iter().filter(|fate| matches!(fate, AlreadyThere(_))).count();
        assert_eq!((there, stored(&store).await.len()), (batch() * if after_the_effect { 2 } else { 1 }, 3 * batch()));
    }
}

#[tokio::test]
async fn the_trail_has_who_imported_each_account() {
    let somebody = [Actor::User(UserId(id())), Actor::Client(ClientId(id())), Actor::Operator];
    for actor in somebody {
        let (store, audit) = (MemoryStore::default(), MemoryAudit::default());
        let by = Initiator { actor, ..operator() };
        let fates = import(store, &audit).execute(&crowd(2), Mode::Real, &by).await.unwrap();
        let kind = if actor == Actor::Operator { EventKind::UserRegistered } else { EventKind::UserCreated };
        let events = audit.events();
        assert_eq!(audit.kinds(), [kind, kind, EventKind::UsersImported]);
        assert!(events.iter().all(|event| event.actor == actor && event.context == by.context && event.at == start()));
        for (fate, event) in fates.iter().zip(&events) {
            assert!(matches!(fate, Imported(user) if event.target == Target::account(user)), "{event:?}");
        }
        assert_eq!(events[2].target, Target::Nothing);
    }
}

#[tokio::test]
async fn a_dry_run_is_not_in_the_trail() {
    let (store, audit) = (MemoryStore::default(), MemoryAudit::default());
    let dry = import(store.clone(), &audit);
    dry.execute(&crowd(batch() + 1), Mode::Dry, &operator()).await.unwrap();
    dry.finish(Mode::Dry, &operator());
    assert_eq!((audit.events(), stored(&store).await), (Vec::new(), Vec::new()));
}

/// A store that forgets one.
#[tokio::test]
async fn an_account_that_nobody_accounts_for_is_no_success() {
    let (mut store, audit) = (MockTransferStore::new(), MemoryAudit::default());
    store.expect_insert().returning(|_, _| Ok(vec![Stored::Yes]));
    let outcome = import(store, &audit).execute(&crowd(2), Mode::Real, &operator()).await;
    assert!(matches!(outcome, Err(PortError::Internal(_))), "{outcome:?}");
}
