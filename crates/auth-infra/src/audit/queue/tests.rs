//! Bursts and outages: callers never wait, nothing is written twice, and losses are logged.

use std::{sync::Mutex, thread};

use auth_domain::{
    audit::{entry::Filter, event::Target, kind::EventKind, ports::MockAuditStore},
    identity::request_context::{RequestContext, UserAgent},
    testkit::{Flaky, Fuse, InjectedFault, MemoryAudit, MemoryStore, samples::email},
};
use chrono::{DateTime, TimeDelta};
use futures_util::FutureExt;

use super::*;
use crate::audit::tests::Captured;

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(60);

fn options(capacity: usize, batch: usize) -> QueueOptions {
    let (linger, first_pause, longest_pause) = (Duration::from_millis(1), Duration::from_micros(1), Duration::from_millis(1));
    QueueOptions { capacity, batch, linger, first_pause, longest_pause }
}

fn start(log: &MemoryAudit, trail: impl AuditStore + 'static, options: QueueOptions) -> QueuedAudit {
    QueuedAudit::start(Arc::new(log.clone()), Arc::new(trail), options).unwrap()
}

fn event(number: usize) -> AuditEvent {
    let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::try_from(number).unwrap());
    AuditEvent::new(EventKind::LoginFailed, &RequestContext::default(), at)
}

fn record(audit: &QueuedAudit, count: usize) {
    (0..count).for_each(|number| audit.record(event(number)));
}

fn kept(store: &MemoryStore) -> Vec<Entry> {
    let all = Filter { whose: None, event: None, since: DateTime::UNIX_EPOCH, until: None, before: None, limit: 1_000_000 };
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
    let mut trail = MockAuditStore::new();
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
    fuse.arm(InjectedFault { call: 2, after_the_effect: true, lasting: false });
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
    let shared = shared(options(10, 2));
    push(&shared, 0..25);
    shared.queue.lock().also.deadline = Some(Instant::now());
    let store = MemoryStore::default();
    let told = write(&shared, &store);
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
    while !audit.shared.queue.lock().also.over {
        thread::yield_now();
    }
    store.come_back();
    assert_eq!(kept(&store), []);
    audit.record(event(1));
    assert_eq!(kept(&store), [], "it is over");
}

/// Refuses some entries whenever they are among those to be written, as a database does: all or nothing.
fn refusing(store: &MemoryStore, error: PortError, refuses: fn(&Entry) -> bool) -> MockAuditStore {
    let (mut trail, store) = (MockAuditStore::new(), store.clone());
    trail.expect_append().returning(move |entries| {
        if entries.iter().any(refuses) {
            return Err(error.clone());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (store, entries) = (store.clone(), entries.to_vec());
        thread::spawn(move || runtime.block_on(store.append(&entries))).join().unwrap()
    });
    trail
}

fn written(store: &MemoryStore) -> Vec<i64> {
    let mut times: Vec<_> = kept(store).iter().map(|entry| entry.at.timestamp()).collect();
    times.sort_unstable();
    times
}

fn refusals() -> [PortError; 2] {
    [PortError::Refused("value too long".to_owned()), PortError::Corrupt("CheckViolation".to_owned())]
}

/// Writes by hand, so that what is logged is logged on this thread.
fn shared(options: QueueOptions) -> Shared {
    let refused = IntCounter::new(REFUSED.0, REFUSED.1).unwrap();
    Shared { options, queue: Queue::new(Progress::default()), refused }
}

fn push(shared: &Shared, numbers: impl IntoIterator<Item = usize>) {
    numbers.into_iter().for_each(|number| shared.push(Entry::of(EntryId(UuidV7.next()), event(number))));
}

fn write(shared: &Shared, trail: &dyn AuditStore) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    logged(|| shared.write(&runtime, trail))
}

#[test]
fn a_row_that_is_refused_is_set_aside_and_the_others_are_written() {
    for error in refusals() {
        let (shared, store) = (shared(options(1000, 50)), MemoryStore::default());
        push(&shared, 0..100);
        shared.queue.lock().also.deadline = Some(Instant::now() + LONG);
        let trail = refusing(&store, error, |entry| [3, 4, 57].contains(&entry.at.timestamp()));
        let told = write(&shared, &trail);
        assert_eq!(written(&store), (0..100).filter(|number| ![3, 4, 57].contains(number)).collect::<Vec<_>>());
        assert_eq!((shared.refused.get(), told.matches("refused an event").count()), (3, 3), "{told}");
        assert!(told.contains("login_failed") && shared.queue.lock().also.in_hand == 0, "{told}");
    }
}

#[test]
fn however_many_are_refused_the_rest_is_written() {
    let (shared, store) = (shared(options(1000, 7)), MemoryStore::default());
    let agent = RequestContext {
        user_agent: Some(UserAgent::new("too long")),
        request_id: "request".to_owned(),
        ..RequestContext::default()
    };
    for number in 0..100 {
        let context = if number < 60 { agent.clone() } else { RequestContext::default() };
        let event = AuditEvent { context, ..event(number) }.on(Target::Address(email("ann@example.org")));
        shared.push(Entry::of(EntryId(UuidV7.next()), event));
    }
    shared.queue.lock().also.deadline = Some(Instant::now());
    let trail = refusing(&store, PortError::Refused(String::new()), |entry| entry.context.user_agent.is_some());
    write(&shared, &trail);
    assert_eq!((written(&store), shared.refused.get()), ((0..100).collect(), 60));
    let kept = kept(&store);
    assert_eq!(kept.iter().filter(|entry| entry.email.is_none()).count(), 60, "without what the client sent");
}

#[test]
fn a_row_that_is_refused_alone_waits_for_another_and_does_not_hold_it_up() {
    let (shared, store) = (Arc::new(shared(options(100, 10))), MemoryStore::default());
    push(&shared, [0]);
    shared.queue.lock().also.deadline = Some(Instant::now() + LONG);
    let (inner, later) = (refusing(&store, PortError::Refused(String::new()), |entry| entry.at.timestamp() == 0), shared.clone());
    let (mut trail, mut calls) = (MockAuditStore::new(), 0);
    trail.expect_append().returning(move |entries| {
        calls += 1;
        if calls == 20 {
            push(&later, [1]);
        }
        inner.append(entries).now_or_never().unwrap()
    });
    let told = write(&shared, &trail);
    assert_eq!((written(&store), shared.refused.get()), (vec![1], 1));
    assert!(told.contains("set aside"), "{told}");
}

#[test]
fn a_table_that_takes_nothing_at_all_is_waited_for() {
    for error in refusals() {
        let store = MemoryStore::default();
        let (mut trail, mut calls, inner) = (MockAuditStore::new(), 0, store.clone());
        trail.expect_append().returning(move |entries| {
            calls += 1;
            if calls < 40 {
                return Err(error.clone());
            }
            let (runtime, store) = (tokio::runtime::Builder::new_current_thread().build().unwrap(), inner.clone());
            let entries = entries.to_vec();
            thread::spawn(move || runtime.block_on(store.append(&entries))).join().unwrap()
        });
        let shared = shared(options(1000, 10));
        push(&shared, 0..30);
        shared.queue.lock().also.deadline = Some(Instant::now() + LONG);
        write(&shared, &trail);
        assert_eq!(written(&store), (0..30).collect::<Vec<_>>());
        assert!(shared.refused.get() <= 1, "if it takes one again between two tries");
    }
}

#[test]
fn what_the_database_says_of_a_row_forges_no_line() {
    let (shared, store) = (shared(options(100, 10)), MemoryStore::default());
    push(&shared, 0..5);
    shared.queue.lock().also.deadline = Some(Instant::now() + LONG);
    let trail = refusing(&store, PortError::Refused("evil\n\u{202e}line".to_owned()), |entry| entry.at.timestamp() == 0);
    let told = write(&shared, &trail);
    assert!(told.contains("evil\u{fffd}\u{fffd}line"), "{told}");
}
