//! Claims: what they say of a session, and when they count.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::{CLOCK_SKEW, Claims, InvalidToken, TokenId, TokenKind, TokenPurpose};
use crate::testkit::samples::{after, claims, id, lifetimes, refreshed, session_of, user};

#[test]
fn a_token_counts_until_ten_seconds_past_its_end() {
    let claims = claims(TokenKind::Access);
    let judged = |seconds| claims.check_times(claims.expires_at + TimeDelta::seconds(seconds));
    assert_eq!((judged(-1), judged(0), judged(9)), (Ok(()), Ok(()), Ok(())));
    assert_eq!(claims.check_times(claims.expires_at + CLOCK_SKEW - TimeDelta::microseconds(1)), Ok(()));
    assert_eq!((judged(10), judged(11)), (Err(InvalidToken::Expired), Err(InvalidToken::Expired)));
}

#[test]
fn a_token_counts_from_ten_seconds_before_its_start() {
    let now = claims(TokenKind::Access).issued_at;
    let judged = |issued: i64, start: i64| {
        let (issued_at, not_before) = (now + TimeDelta::seconds(issued), now + TimeDelta::seconds(start));
        Claims { issued_at, not_before, ..claims(TokenKind::Access) }.check_times(now)
    };
    assert_eq!((judged(10, 0), judged(0, 10), judged(10, 10)), (Ok(()), Ok(()), Ok(())));
    assert_eq!((judged(11, 0), judged(0, 11)), (Err(InvalidToken::Invalid), Err(InvalidToken::Invalid)));
}

#[test]
fn a_token_that_is_wrong_in_more_than_its_age_is_not_told_expired() {
    let claims = claims(TokenKind::Access);
    let later = Claims { not_before: claims.expires_at + TimeDelta::days(2), ..claims.clone() };
    assert_eq!(later.check_times(claims.expires_at + TimeDelta::days(1)), Err(InvalidToken::Invalid));
}

#[test]
fn claims_say_what_the_session_says() {
    let ann = user("ann@example.org");
    let session = refreshed(&session_of(&ann), 30);
    let access = Claims::access(TokenId(id()), &session, &ann, after(60), &lifetimes());
    assert_eq!((access.purpose, access.issued_at, access.not_before), (TokenPurpose::Access, after(60), after(60)));
    assert_eq!(access.expires_at, after(60) + lifetimes().access);
    let refresh = Claims::refresh(TokenId(id()), &session, &ann);
    assert_eq!((refresh.purpose, refresh.issued_at), (TokenPurpose::Refresh(session.generation), session.last_used_at));
    assert_eq!(refresh.expires_at, session.expires_at);
    for claims in [access, refresh] {
        assert_eq!((claims.user, claims.session, claims.email), (ann.id, session.id, ann.email.clone()));
    }
}

#[test]
fn a_grant_is_of_the_kind_of_its_token() {
    for kind in [TokenKind::Access, TokenKind::Refresh] {
        assert_eq!(claims(kind).purpose.kind(), kind);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn times_are_judged_with_a_skew_of_ten_seconds(
        issued in -30..30_i64,
        start in -30..30_i64,
        end in -30..30_i64,
        micros in -2..3_i64,
    ) {
        let base = claims(TokenKind::Refresh);
        let now = base.issued_at + TimeDelta::microseconds(micros);
        let at = |seconds| base.issued_at + TimeDelta::seconds(seconds);
        let (issued_at, not_before, expires_at) = (at(issued), at(start), at(end));
        let judged = Claims { issued_at, not_before, expires_at, ..base.clone() }.check_times(now);
        let micro = |seconds: i64| seconds * 1_000_000 - micros;
        let expected = if micro(issued) > 10_000_000 || micro(start) > 10_000_000 {
            Err(InvalidToken::Invalid)
        } else if micro(end) <= -10_000_000 {
            Err(InvalidToken::Expired)
        } else {
            Ok(())
        };
        prop_assert_eq!(judged, expected);
    }
}
