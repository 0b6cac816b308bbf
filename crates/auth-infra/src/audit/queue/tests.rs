//! Bursts and outages: callers never wait, nothing is written twice, and losses are logged.

use auth_domain::{
    audit::{EventKind, Filter},
    origin::Origin,
    ports::MockAuditTrail,
    testkit::{Fault, Flaky, Fuse, MemoryAudit, MemoryStore},
};
use chrono::{DateTime, TimeDelta};

use super::*;
use crate::audit::tests::Captured;

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(60);

fn options(capacity: usize, batch: usize) -> QueueOptions {
    let (linger, first_pause, longest_pause) = (Duration::from_millis(1), Duration::from_micros(1), Duration::from_millis(1));
    QueueOptions { capacity, batch, linger, first_pause, longest_pause }
}

fn start(log: &MemoryAudit, trail: impl AuditTrail + 'static, options: QueueOptions) -> QueuedAudit {
    QueuedAudit::start(Arc::new(log.clone()), Arc::new(trail), options).unwrap()
}

fn event(number: usize) -> AuditEvent {
    let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::try_from(number).unwrap());
    AuditEvent::new(EventKind::LoginFailed, &Origin::default(), at)
}

fn record(audit: &QueuedAudit, count: usize) {
    (0..count).for_each(|number| audit.record(event(number)));
}

fn kept(store: &MemoryStore) -> Vec<Entry> {
    let all = Filter { whose: None, event: None, since: DateTime::UNIX_EPOCH, before: None, limit: 1_000_000 };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.list(&all)).unwrap()
}

/// What the work logs on this thread.
fn logged(work: impl FnOnce()) -> String {
    let captured = Captured::default();
    tracing::subscriber::with_default(tracing_subscriber::fmt().with_writer(captured.clone()).finish(), work);
    captured.text()
}

#[test]
fn a_burst_is_kept_whole_and_once() {
    let (log, store) = (MemoryAudit::default(), MemoryStore::default());
    let audit = start(&log, store.clone(), options(10_000, 7));
    record(&audit, 1000);
    audit.close(LONG);
    assert_eq!(log.events().len(), 1000);
    let times: Vec<_> = kept(&store).iter().rev().map(|entry| entry.at.timestamp()).collect();
    assert_eq!(times, (0..1000).collect::<Vec<_>>());
}

#[test]
fn no_batch_is_larger_than_it_may_be() {
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let mut trail = MockAuditTrail::new();
    let seen = sizes.clone();
    trail.expect_append().returning(move |entries| {
        seen.lock().unwrap().push(entries.len());
        Ok(())
    });
    let audit = start(&MemoryAudit::default(), trail, options(10_000, 7));
    record(&audit, 100);
    audit.close(LONG);
    let sizes = sizes.lock().unwrap();
    assert_eq!((sizes.iter().sum::<usize>(), sizes.iter().all(|size| *size <= 7)), (100, true), "{sizes:?}");
}

#[test]
fn an_outage_delays_and_loses_nothing() {
    let (log, store) = (MemoryAudit::default(), MemoryStore::default());
    let audit = start(&log, store.clone(), options(10_000, 7));
    for _ in 0..3 {
        store.go_away();
        record(&audit, 50);
        store.come_back();
        record(&audit, 50);
    }
    audit.close(LONG);
    assert_eq!((log.events().len(), kept(&store).len()), (300, 300));
}

#[test]
fn a_lost_answer_doubles_nothing() {
    let (store, fuse) = (MemoryStore::default(), Fuse::default());
    fuse.arm(Fault { call: 2, after_the_effect: true, lasting: false });
    let audit = start(&MemoryAudit::default(), Flaky { port: store.clone(), fuse: fuse.clone() }, options(10_000, 7));
    record(&audit, 100);
    audit.close(LONG);
    assert!(fuse.mend(), "an answer was lost");
    assert_eq!(kept(&store).len(), 100);
}

#[test]
fn what_a_full_queue_drops_is_in_the_log_and_told_once() {
    let (log, store) = (MemoryAudit::default(), MemoryStore::default());
    store.go_away();
    let audit = start(&log, store.clone(), options(10, 2));
    let told = logged(|| record(&audit, 100));
    assert_eq!(told.matches("is full").count(), 1, "{told}");
    assert_eq!(log.events().len(), 100, "the log has every one");
    store.come_back();
    audit.close(LONG);
    let kept = kept(&store).len();
    assert!((10..=12).contains(&kept), "the queue and the batch in hand: {kept}");
}

#[test]
fn a_flood_of_refusals_leaves_room_for_what_else_happens() {
    let (log, store) = (MemoryAudit::default(), MemoryStore::default());
    store.go_away();
    let audit = start(&log, store.clone(), options(20, 1));
    for kind in [EventKind::RateLimited, EventKind::ClientRefused] {
        (0..50).for_each(|number| audit.record(AuditEvent { kind, ..event(number) }));
    }
    record(&audit, 9);
    store.come_back();
    audit.close(LONG);
    assert_eq!(kept(&store).iter().filter(|entry| entry.event == "login_failed").count(), 9);
}

#[test]
fn that_there_is_room_again_is_told_once_with_how_many_were_dropped() {
    let shared = Shared { options: options(10, 2), state: Mutex::default(), changed: Condvar::new() };
    for number in 0..25 {
        shared.push(Entry::of(EntryId(UuidV7.next()), event(number)));
    }
    shared.lock().deadline = Some(Instant::now());
    let (store, runtime) = (MemoryStore::default(), tokio::runtime::Builder::new_current_thread().build().unwrap());
    let told = logged(|| shared.write(&runtime, &store));
    assert!(told.matches("room again").count() == 1 && told.contains("15"), "{told}");
    assert_eq!(kept(&store).len(), 10);
}

#[test]
fn what_cannot_be_written_by_the_end_is_told() {
    let store = MemoryStore::default();
    store.go_away();
    let audit = start(&MemoryAudit::default(), store.clone(), options(100, 7));
    record(&audit, 20);
    let told = logged(|| audit.close(Duration::from_millis(5)));
    assert!(told.contains("not written") && told.contains("20"), "{told}");
    while !audit.shared.lock().over {
        thread::yield_now();
    }
    store.come_back();
    assert_eq!(kept(&store), []);
    audit.record(event(1));
    assert_eq!(kept(&store), [], "it is over");
}

#[test]
fn what_makes_no_sense_to_the_database_holds_up_nothing_else() {
    let mut trail = MockAuditTrail::new();
    let mut first = true;
    let seen = Arc::new(Mutex::new(0));
    let summed = seen.clone();
    trail.expect_append().returning(move |entries| {
        if std::mem::take(&mut first) {
            return Err(PortError::Corrupt("no".to_owned()));
        }
        *summed.lock().unwrap() += entries.len();
        Ok(())
    });
    let audit = start(&MemoryAudit::default(), trail, options(100, 10));
    record(&audit, 30);
    audit.close(LONG);
    assert!((20..30).contains(&*seen.lock().unwrap()), "one batch was given up");
}
