//! Methods, levels, and when an authentication is fresh.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{AssuranceLevel, DemandFresh, Methods, NoMethods, NotFresh};
use crate::{
    factors::policy::MfaPolicy,
    sessions::session::Session,
    testing::caller,
    testkit::{
        MovableClock,
        samples::{after, context, lifetimes, start},
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
