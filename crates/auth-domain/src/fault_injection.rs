//! Every use case with the fixture gone at each of its steps: an outage is never a "no", nothing is left half, nothing comes twice.

mod actions;
mod clock;
mod factors;
mod fixture;
mod keys;
mod mail;
mod resource_servers;

use std::{sync::Arc, time::Duration};

use actions::{Action, CASES, Case};
use fixture::{Fixture, Refusal, SeenKey, Snapshot};

use crate::{
    audit::kind::{EventKind, Outcome},
    identity::port_error::PortError,
    sign_in::{login::Login, prove::Prove},
    testing::admitting,
    testkit::InjectedFault,
};

/// What comes of a action when nothing breaks.
struct Undisturbed {
    outcome: Result<(), Refusal>,
    before: Snapshot,
    after: Snapshot,
    is_reported: bool,
}

async fn undisturbed(case: Case) -> Undisturbed {
    let fixture = Fixture::new().await;
    let before = fixture.sight().await;
    let outcome = case.action.perform(&fixture).await;
    assert_eq!(outcome, case.outcome(), "{case:?}");
    let after = fixture.sight().await;
    assert_eq!(after.newcomers, usize::from(outcome.is_ok() && case.begins_a_session()), "{case:?}");
    Undisturbed { outcome, before, after, is_reported: !fixture.audit.kinds().is_empty() }
}

/// Whether there was a call to disturb.
async fn disturbed(case: Case, fault: InjectedFault, plain: &Undisturbed) -> bool {
    let what = format!("{:?} with {fault:?}", case.action);
    let fixture = Fixture::new().await;
    fixture.fuse.arm(fault);
    let outcome = case.action.perform(&fixture).await;
    if !fixture.fuse.mend() {
        assert_eq!(outcome, plain.outcome, "{what}");
        return false;
    }
    assert_eq!(outcome, Err(Refusal::Outage), "{what}: an outage is never a no");
    let sight = fixture.sight().await;
    let took_effect = sight != plain.before;
    // What takes several steps may be left half done; asked again, it is to do the rest.
    let is_done = took_effect && (sight == plain.after || !case.takes_steps());
    let mut reported = fixture.audit.kinds();
    if took_effect && case.action == Action::Refresh(1) {
        assert!(reported.contains(&EventKind::TokenReused), "{what}: no session ends by a theft that nobody hears of");
    }
    if is_done && plain.is_reported {
        assert_ne!(reported, [], "{what}: what may have happened is reported");
    }
    // A spent token was presented, a right password tried, or a passkey refused, whatever came of it.
    let facts =
        [EventKind::TokenReused, EventKind::PasswordChangeRefused, EventKind::SecondFactorRequired, EventKind::PasskeyRefused];
    reported.retain(|kind| !facts.contains(kind));
    if is_done {
        assert_eq!(sight, plain.after, "{what}: all or nothing");
    } else if !took_effect {
        let as_happened = fixture.audit.events().into_iter().filter(|event| event.outcome != Outcome::Unknown);
        reported.retain(|kind| as_happened.clone().any(|event| event.kind == *kind));
        assert_eq!(reported, [], "{what}: what did not happen is not reported as if it had");
    }
    fixture.is_sound(&what).await;

    let again = case.action.perform(&fixture).await;
    let expected = if is_done { case.outcome_again() } else { plain.outcome.clone() };
    assert_eq!(again, expected, "{what}: asked once more");
    let mut once = plain.after.clone();
    if is_done && again.is_ok() {
        once.newcomers += usize::from(case.begins_a_session());
        let next = once.keys.last().filter(|_| case.makes_a_key()).map(SeenKey::once_more);
        once.keys.extend(next);
    }
    assert_eq!(fixture.sight().await, once, "{what}: nothing lost and nothing doubled");
    fixture.is_sound(&what).await;
    true
}

#[tokio::test]
async fn an_outage_at_any_step_is_never_a_no_and_leaves_nothing_half() {
    for case in CASES {
        let plain = undisturbed(case).await;
        for (after_the_effect, lasting) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut calls = 0;
            while disturbed(case, InjectedFault { call: calls + 1, after_the_effect, lasting }, &plain).await {
                calls += 1;
            }
            assert!(calls >= 1, "{case:?} asks nobody");
        }
    }
}

/// Busy hashers are the one trouble a login may swallow: the password was right, and the old form still serves.
#[tokio::test]
async fn a_login_whose_rehash_finds_no_room_succeeds_all_the_same() {
    let mut hasher = admitting();
    hasher.expect_verify().returning(|_, _, _| Ok(true));
    hasher.expect_is_outdated().return_const(true);
    hasher.expect_hash().returning(|_, _| Err(PortError::Overloaded { retry_after: Duration::from_secs(1) }));
    let fixture = Fixture::new().await;
    let login = fixture.login();
    let login = Login { prove: Prove { hasher: Arc::new(hasher), ..login.prove.clone() }, ..login };
    assert!(login.execute(&fixture::ann(), fixture::right(), &fixture::context()).await.is_ok());
    assert_eq!(fixture.sight().await.newcomers, 1);
}
