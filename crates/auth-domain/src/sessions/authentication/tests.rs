//! Methods, levels, and when an authentication is fresh.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{AssuranceLevel, DemandFresh, Methods, NoMethods, NotFresh, is_for_enrolment};
use crate::{
    factors::{factor::FactorId, policy::MfaPolicy, recovery_code::RecoveryCodeDigest, second_step::Evidence, totp::TimeStep},
    identity::{method::SecondFactors, user::User},
    sessions::{authenticate::SignedIn, session::Session},
    testing::caller,
    testkit::{
        MovableClock,
        samples::{after, context, id, lifetimes, start},
    },
};

#[test]
fn methods_are_read_as_they_are_written_whichever_release_named_them() {
    for text in ["pwd", "pwd otp mfa", "hwk user mfa", "fed"] {
        let methods: Methods = text.parse().unwrap();
        assert_eq!((methods.to_string(), methods.names().collect::<Vec<_>>().join(" ")), (text.to_owned(), text.to_owned()));
    }
    assert_eq!("pwd".parse(), Ok(Methods::PASSWORD));
    for text in ["", " ", "pwd ", " pwd", "pwd  otp", "pwd,otp", "pwd\totp", "\"pwd\""] {
        assert_eq!(text.parse::<Methods>(), Err(NoMethods), "{text:?}");
    }
}

#[test]
fn only_several_factors_reach_the_second_level() {
    let level = |text: &str| text.parse::<Methods>().unwrap().level();
    assert_eq!((level("pwd"), level("fed"), level("otp")), (AssuranceLevel::Aal1, AssuranceLevel::Aal1, AssuranceLevel::Aal1));
    assert_eq!((level("pwd otp mfa"), level("hwk user mfa")), (AssuranceLevel::Aal2, AssuranceLevel::Aal2));
}

#[test]
fn an_authentication_is_fresh_for_the_window_and_no_refresh_prolongs_it() {
    let (clock, window) = (MovableClock::default(), TimeDelta::minutes(10));
    let demand = DemandFresh { clock: Arc::new(clock.clone()), window, mfa: MfaPolicy::Optional };
    let mut caller = caller();
    let stale = Err(NotFresh { max_age: window, level: None });
    for (seconds, expected) in [(0, Ok(())), (600, Ok(())), (601, stale)] {
        clock.set(after(seconds));
        assert_eq!(demand.check(&caller), expected, "after {seconds} s");
        caller.session = caller.session.successor(context(), after(seconds), &lifetimes());
    }
    assert_eq!(caller.session.authentication.at, start());
    let session = Session { authentication: super::Authentication::by_password(after(2)), ..caller.session.clone() };
    caller.session = session;
    assert_eq!(demand.check(&caller), Ok(()));
}

fn totp() -> Evidence {
    Evidence::Totp { factor: FactorId(id()), step: TimeStep(7) }
}

fn passkey(backup_eligible: bool) -> Evidence {
    Evidence::Passkey { factor: FactorId(id()), from: 1, to: 2, backed_up: false, backup_eligible }
}

/// In the order of names, whatever was shown first.
#[test]
fn what_is_shown_adds_to_the_methods_each_once_and_in_order() {
    let recovery = || Evidence::RecoveryCode(RecoveryCodeDigest(String::new()));
    for (before, evidence, after) in [
        ("pwd", totp(), "pwd otp mfa"),
        ("pwd", recovery(), "pwd otp mfa"),
        ("pwd", passkey(true), "pwd swk user mfa"),
        ("pwd", passkey(false), "pwd hwk user mfa"),
        ("fed", totp(), "fed otp mfa"),
        ("otp", recovery(), "otp"),
        ("pwd otp mfa", totp(), "pwd otp mfa"),
        ("pwd otp mfa", passkey(true), "pwd otp swk user mfa"),
        ("swk user mfa", totp(), "otp swk user mfa"),
        ("swk user mfa", passkey(false), "hwk swk user mfa"),
        ("fed pwd", passkey(true), "pwd fed swk user mfa"),
        ("pwd iris", totp(), "pwd otp iris mfa"),
    ] {
        let before: Methods = before.parse().unwrap();
        let with = before.with(&evidence);
        assert_eq!(with.to_string(), after, "{before} and {:?}", evidence.method());
        assert_eq!(with.with(&evidence), with, "once more is no more");
        assert!(with.to_string().len() <= Methods::LONGEST.to_string().len());
    }
    assert_eq!(Methods::alone(&passkey(true)).to_string(), "swk user mfa");
    assert_eq!(Methods::alone(&passkey(false)).level(), AssuranceLevel::Aal2);
    assert_eq!(Methods::alone(&totp()).level(), AssuranceLevel::Aal1, "one factor is one factor");
}

fn with_methods(caller: &SignedIn, text: &str) -> SignedIn {
    let authentication = super::Authentication { at: start(), methods: text.parse().unwrap() };
    SignedIn { session: Session { authentication, ..caller.session.clone() }, user: caller.user.clone() }
}

#[test]
fn where_the_account_has_a_factor_fresh_is_with_one() {
    let (clock, window) = (MovableClock::default(), TimeDelta::minutes(10));
    let plain = caller();
    let user = User { second_factors: SecondFactors::of(true, false, false), ..plain.user.clone() };
    let guarded = SignedIn { user, ..plain.clone() };
    let lacks_factor = Err(NotFresh { max_age: window, level: Some(AssuranceLevel::Aal2) });
    let stale = Err(NotFresh { max_age: window, level: None });
    for (policy, caller, methods, now, later) in [
        (MfaPolicy::Off, &guarded, "pwd", Ok(()), stale),
        (MfaPolicy::Optional, &guarded, "pwd", lacks_factor, lacks_factor),
        (MfaPolicy::Required, &guarded, "pwd", lacks_factor, lacks_factor),
        (MfaPolicy::Optional, &guarded, "pwd otp mfa", Ok(()), stale),
        (MfaPolicy::Optional, &plain, "pwd", Ok(()), stale),
        (MfaPolicy::Required, &plain, "pwd", Ok(()), stale),
    ] {
        let demand = DemandFresh { clock: Arc::new(clock.clone()), window, mfa: policy };
        let caller = with_methods(caller, methods);
        for (seconds, expected) in [(0, now), (600, now), (601, later)] {
            clock.set(after(seconds));
            assert_eq!(demand.check(&caller), expected, "{policy:?} {methods} {seconds}");
            // What takes the password itself demands it only where a factor is asked for.
            let asks = policy.asks(&caller.user);
            assert_eq!(demand.check_where_factor(&caller), if asks { expected } else { Ok(()) });
        }
        assert_eq!(Err(demand.with_factor()), lacks_factor);
    }
}

#[test]
fn where_a_factor_is_required_a_session_without_one_is_for_enrolment() {
    let session = |text| with_methods(&caller(), text).session;
    for (policy, methods, expected) in [
        (MfaPolicy::Off, "pwd", false),
        (MfaPolicy::Optional, "pwd", false),
        (MfaPolicy::Required, "pwd", true),
        (MfaPolicy::Required, "fed", true),
        (MfaPolicy::Required, "pwd otp mfa", false),
        (MfaPolicy::Required, "swk user mfa", false),
    ] {
        assert_eq!(is_for_enrolment(&session(methods), policy), expected, "{policy:?} {methods}");
    }
}
