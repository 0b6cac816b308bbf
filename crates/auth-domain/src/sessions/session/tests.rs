//! A session's generations and its ends.

use chrono::{SubsecRound, TimeDelta};
use proptest::prelude::*;

use super::{Generation, NoPlace, RevocationCursor, Session, TokenUse};
use crate::identity::ids::SessionId;
use crate::{
    sessions::token::Lifetimes,
    testkit::samples::{after, context, id, lifetimes, origin_from, session_of, start, user},
};

const WINDOW: TimeDelta = TimeDelta::seconds(10);
const MICRO: TimeDelta = TimeDelta::microseconds(1);

fn at(generation: i64) -> Session {
    Session { generation: Generation(generation), ..session_of(&user("ann@example.org")) }
}

#[test]
fn a_session_begins_with_its_first_refresh_to_come() {
    let session = at(1);
    let begun = Session::begin(session.id, session.user, session.authentication.clone(), context(), start(), &lifetimes());
    assert_eq!(begun, session);
    let short = Lifetimes { session: TimeDelta::days(1), ..lifetimes() };
    let begun = Session::begin(session.id, session.user, session.authentication.clone(), context(), start(), &short);
    assert_eq!(begun.expires_at, start() + TimeDelta::days(1), "no refresh token outlives the session");
}

#[test]
fn a_session_is_alive_until_the_instant_it_expires_or_ends() {
    let session = at(1);
    assert!(session.is_live(start()) && session.is_live(session.expires_at - MICRO));
    assert!(!session.is_live(session.expires_at));
    assert!(!Session { ended_at: Some(after(60)), ..session }.is_live(start()), "an end counts whatever the clock says");
}

#[test]
fn the_token_just_before_repeats_within_the_window_only() {
    let session = at(7);
    let judged = |now| session.classify(Generation(6), now, WINDOW);
    assert_eq!(judged(start()), TokenUse::Repeat);
    assert_eq!(judged(start() + WINDOW - MICRO), TokenUse::Repeat);
    assert_eq!(judged(start() + WINDOW), TokenUse::Reuse);
    assert_eq!(judged(start() - TimeDelta::seconds(3)), TokenUse::Repeat, "another server's clock may be ahead");
}

#[test]
fn without_a_window_nothing_repeats() {
    let session = at(7);
    for now in [start() - TimeDelta::seconds(3), start() - MICRO, start(), start() + MICRO] {
        assert_eq!(session.classify(Generation(6), now, TimeDelta::zero()), TokenUse::Reuse);
    }
}

#[test]
fn generations_do_not_overflow() {
    let judged = |own, presented| at(own).classify(Generation(presented), start(), WINDOW);
    assert_eq!(judged(i64::MAX, i64::MIN), TokenUse::Reuse);
    assert_eq!(judged(i64::MIN, i64::MAX), TokenUse::FromTheFuture);
    assert_eq!(judged(i64::MAX, i64::MAX), TokenUse::Current);
    assert_eq!(judged(i64::MAX, i64::MAX - 1), TokenUse::Repeat);
    assert_eq!(judged(i64::MIN, i64::MIN), TokenUse::Current);
    assert_eq!(judged(0, i64::MIN), TokenUse::Reuse);
    assert_eq!(judged(-1, i64::MAX), TokenUse::FromTheFuture);
    assert_eq!(at(i64::MAX).successor(context(), start(), &lifetimes()).generation, Generation(i64::MAX));
}

fn any_generation() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), -3..4_i64, Just(i64::MAX), Just(i64::MIN), Just(i64::MAX - 1)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arithmetic_tells_the_generations_apart(
        own in any_generation(),
        other in any_generation(),
        near in -3..4_i64,
        close: bool,
        passed in -20_000_000..20_000_000_i64,
        window in 0..=60_i64,
    ) {
        let presented = if close { own.saturating_add(near) } else { other };
        let judged = at(own).classify(Generation(presented), start() + TimeDelta::microseconds(passed), TimeDelta::seconds(window));
        let expected = match i128::from(own) - i128::from(presented) {
            ..0 => TokenUse::FromTheFuture,
            0 => TokenUse::Current,
            1 if window > 0 && passed < window * 1_000_000 => TokenUse::Repeat,
            1.. => TokenUse::Reuse,
        };
        prop_assert_eq!(judged, expected);
    }

    #[test]
    fn a_successor_never_outlives_the_absolute_end(
        generation in any_generation(),
        passed in 0..400 * 86_400_i64,
        refresh in 1..=30_i64,
        session in 1..=365_i64,
    ) {
        let lifetimes = Lifetimes { refresh: TimeDelta::days(refresh), session: TimeDelta::days(session), ..lifetimes() };
        let (before, now) = (at(generation), after(passed));
        let next = before.successor(origin_from("192.0.2.1"), now, &lifetimes);
        prop_assert!(next.expires_at <= before.created_at + lifetimes.session);
        prop_assert!(next.expires_at <= now + lifetimes.refresh);
        prop_assert!(next.expires_at == before.created_at + lifetimes.session || next.expires_at == now + lifetimes.refresh);
        prop_assert_eq!(next.generation, Generation(generation.saturating_add(1)));
        prop_assert_eq!((next.last_used_at, &next.context), (now, &origin_from("192.0.2.1")));
        prop_assert_eq!((next.id, next.user, next.created_at, next.ended_at), (before.id, before.user, before.created_at, None));
    }

    #[test]
    fn a_session_ends_in_all_however_often_it_is_refreshed(steps in proptest::collection::vec(1..600_000_i64, 1..60)) {
        let mut session = at(1);
        let mut now = 0;
        for step in steps {
            now += step;
            if !session.is_live(after(now)) {
                break;
            }
            session = session.successor(context(), after(now), &lifetimes());
        }
        prop_assert!(session.expires_at <= start() + lifetimes().session);
    }
}

#[test]
fn a_place_among_the_ended_reads_as_it_is_written_and_a_time_is_the_place_before_all_of_it() {
    let place = RevocationCursor { at: after(7), id: SessionId(id()) };
    assert_eq!(place.to_string().parse(), Ok(place));
    assert_eq!(start().timestamp().to_string().parse(), Ok(RevocationCursor::before(start().trunc_subsecs(0))));
    for wrong in ["", "x", "1.5", "1_x", "_", "99999999999999999999", "9223372036854775807", "1_2_3"] {
        assert_eq!(wrong.parse::<RevocationCursor>(), Err(NoPlace), "{wrong}");
    }
}
