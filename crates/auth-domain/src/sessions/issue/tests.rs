//! Issuing: what the tokens of a session say.

use crate::{
    identity::port_error::PortError,
    sessions::{authentication::Authentication, session::Generation, token::TokenPurpose},
    testing::{broken_issuer, caller, issuer, opened},
    testkit::samples::{after, context, lifetimes, refreshed, start, user},
};

#[test]
fn a_session_begins_at_the_first_generation() {
    let ann = user("ann@example.org");
    let issuer = issuer();
    let begin = || issuer.session(&ann, Authentication::by_password(start()), &context(), start());
    let (session, other) = (begin(), begin());
    assert_eq!((session.user, session.generation, session.created_at), (ann.id, Generation(1), start()));
    assert_eq!((session.expires_at, session.ended_at), (start() + lifetimes().refresh, None));
    assert_ne!(session.id, other.id);
}

#[test]
fn a_pair_says_whose_it_is_and_how_long_it_lasts() {
    let caller = caller();
    let pair = issuer().pair(&caller.session, &caller.user, start()).unwrap();
    assert_eq!((pair.access_expires_in, pair.refresh_expires_in), (lifetimes().access, lifetimes().refresh));
    let (access, refresh) = opened(&pair);
    assert_eq!((access.purpose, refresh.purpose), (TokenPurpose::Access, TokenPurpose::Refresh(Generation(1))));
    assert_eq!(access.expires_at - access.issued_at, lifetimes().access);
    for claims in [&access, &refresh] {
        assert_eq!((claims.user, claims.session), (caller.user.id, caller.session.id));
        assert_eq!((&claims.email, claims.not_before), (&caller.user.email, claims.issued_at));
    }
    assert_ne!(access.id, refresh.id);
    assert_eq!(access.authentication.map(|how| how.methods), Some(caller.session.authentication.methods));
    assert_eq!(refresh.authentication, None);
}

#[test]
fn a_refresh_token_says_the_same_whenever_it_is_made() {
    let caller = caller();
    let session = refreshed(&caller.session, 5);
    let first = issuer().pair(&session, &caller.user, after(5)).unwrap();
    let again = issuer().pair(&session, &caller.user, after(9)).unwrap();
    assert_eq!(first.refresh, again.refresh);
    assert_ne!(first.access, again.access);
    assert_eq!(after(5) + first.refresh_expires_in, after(9) + again.refresh_expires_in);
}

#[test]
fn a_key_that_cannot_sign_is_an_outage() {
    let caller = caller();
    let outcome = broken_issuer().pair(&caller.session, &caller.user, start());
    assert!(matches!(outcome, Err(PortError::Unavailable(_))));
}
