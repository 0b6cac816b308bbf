//! Waits, how failures add up and are forgotten, and how one is taken back.

use super::*;
use crate::testkit::samples::{after, start};

const LIMIT: u32 = 10;

fn failures(count: u32, others: u32) -> Failures {
    Failures { count, others, last_at: start(), forgotten_at: after(1_000_000) }
}

fn own(count: u32, others: u32) -> ThrottleState {
    ThrottleState { own: Some(failures(count, others)), all: None }
}

/// In seconds; none is 0.
fn wait(standing: ThrottleState, seconds: i64) -> i64 {
    standing.wait(LIMIT, after(seconds)).map_or(0, |wait| wait.num_seconds())
}

/// Fails at these times, in seconds, alone.
fn failing(times: impl IntoIterator<Item = i64>) -> ThrottleState {
    times.into_iter().fold(ThrottleState::default(), |standing, seconds| standing.one_more(LIMIT, after(seconds)))
}

fn counts(standing: ThrottleState) -> (u32, u32) {
    (standing.own.map_or(0, |own| own.count), standing.all.map_or(0, |all| all.count))
}

#[test]
fn who_has_not_failed_never_waits() {
    for all in [1, 10, 100_000, u32::MAX] {
        assert_eq!(wait(ThrottleState { own: None, all: Some(failures(all, 0)) }, 0), 0);
    }
}

#[test]
fn a_client_alone_has_the_whole_limit() {
    for count in 0..LIMIT {
        assert_eq!(wait(own(count, 0), 0), 0);
    }
    let waits: Vec<_> = (LIMIT..LIMIT + 8).map(|count| wait(own(count, 0), 0)).collect();
    assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900, 900]);
    for count in [41, 42, 73, u32::MAX] {
        assert_eq!(wait(own(count, 0), 0), 900);
    }
}

#[test]
fn what_others_failed_is_missing_but_for_the_first() {
    for (count, others, waits) in
        [(5, 4, 0), (6, 4, 30), (1, 8, 0), (1, 9, 30), (2, 9, 60), (1, 1_000, 30), (6, u32::MAX, 900), (u32::MAX, u32::MAX, 900)]
    {
        assert_eq!(wait(own(count, others), 0), waits, "{count} {others}");
    }
}

#[test]
fn a_wait_runs_out() {
    assert_eq!(wait(own(10, 0), 29), 1);
    assert_eq!(wait(own(10, 0), 30), 0);
}

#[test]
fn a_clock_set_back_makes_no_wait_longer() {
    assert_eq!(wait(own(10, 0), -86_400), 30);
    assert_eq!(wait(own(9, 0), -86_400), 0);
}

#[test]
fn failures_add_up_until_they_are_forgotten() {
    assert_eq!(counts(failing([0, 899])), (2, 2));
    assert_eq!(counts(failing([0, 900])), (1, 1));
    // One wait, half an hour; two, three quarters; never more than an hour and three quarters.
    for (waits, minutes) in [(1, 30), (2, 45), (6, 105), (7, 105), (90, 105)] {
        let count = LIMIT - 1 + waits;
        let many = || std::iter::repeat_n(0, usize::try_from(count).unwrap());
        assert_eq!(counts(failing(many().chain([minutes * 60 - 1]))), (count + 1, count + 1));
        assert_eq!(counts(failing(many().chain([minutes * 60]))), (1, 1));
    }
}

#[test]
fn numbers_beyond_all_range_break_nothing() {
    let most = ThrottleState { own: Some(failures(u32::MAX, 0)), all: Some(failures(u32::MAX, 0)) };
    assert_eq!(counts(most.one_more(LIMIT, start())), (u32::MAX, u32::MAX));
    assert_eq!(most.one_more(0, start()).wait(0, start()), Some(LONGEST_WAIT));
    assert_eq!(ThrottleState::default().one_more(0, start()).wait(0, start()), Some(FIRST_WAIT));
}

#[test]
fn the_failures_of_all_are_remembered_as_long_as_any_of_them() {
    let held = failing(std::iter::repeat_n(0, 10));
    let stranger = ThrottleState { own: None, ..held }.one_more(LIMIT, after(1799));
    assert_eq!((counts(stranger), stranger.own.unwrap().others), ((1, 11), 10));
    let later = ThrottleState { own: None, ..held }.one_more(LIMIT, after(1800));
    assert_eq!((counts(later), later.own.unwrap().others), ((1, 1), 0));
    // A failure that is forgotten sooner shortens nothing.
    let first = ThrottleState { own: None, all: Some(failures(1, 0)) }.one_more(LIMIT, start());
    assert_eq!(first.all.unwrap().forgotten_at, after(1_000_000));
}

#[test]
fn an_attempt_is_counted_first_where_its_failure_has_consequences() {
    let first = |standing: ThrottleState, seconds| standing.is_counted_first(LIMIT, after(seconds));
    assert!(!first(ThrottleState::default(), 0));
    assert!(!first(ThrottleState { own: None, all: Some(failures(8, 0)) }, 0));
    assert!(first(ThrottleState { own: None, all: Some(failures(9, 0)) }, 0));
    assert!(first(failing([0]), 899));
    assert!(!first(failing([0]), 900));
}

#[test]
fn what_is_taken_back_leaves_all_as_it_was() {
    let stale = failing([-10_000]);
    for before in [ThrottleState::default(), stale, failing([-5]), failing(std::iter::repeat_n(-31, 12))] {
        let counted = Counted { before, after: before.one_more(LIMIT, start()) };
        assert_eq!(counted.after.without(&counted), before);
    }
}

#[test]
fn what_is_taken_back_moves_nobody_who_failed_meanwhile() {
    let before = failing([-5]);
    let counted = Counted { before, after: before.one_more(LIMIT, start()) };
    let meanwhile = counted.after.one_more(LIMIT, after(1));
    let left = meanwhile.without(&counted);
    let fewer = |failures: Option<Failures>| failures.map(|all| Failures { count: all.count - 1, ..all });
    assert_eq!(left, ThrottleState { own: fewer(meanwhile.own), all: fewer(meanwhile.all) });
    // Forgotten and deleted, or the last one.
    assert_eq!(ThrottleState::default().without(&counted), ThrottleState::default());
    let other = ThrottleState { own: Some(failures(1, 3)), all: Some(failures(1, 0)) };
    assert_eq!(other.without(&counted), ThrottleState::default());
}
