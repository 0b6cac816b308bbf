//! What docs/guessing.md promises, for whatever clients do and however long they do it.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Two share a network with the owner, and one has registered from there.
const CLIENTS: [&str; 5] = [OWNER, "203.0.113.7", "192.0.2.1", "2001:db8::1", "2001:db8:0:100::1"];
/// On either side of every wait, and of what is remembered.
const GAPS: [u64; 15] = [0, 1, 29, 30, 31, 60, 120, 299, 480, 899, 900, 901, 1_800, 2_700, 6_300];
const QUARTER: u64 = 900;

#[derive(Debug, Clone, Copy)]
struct Step {
    client: usize,
    after: u64,
}

fn step() -> impl Strategy<Value = Step> {
    (0..CLIENTS.len(), 0..GAPS.len()).prop_map(|(client, gap)| Step { client, after: GAPS[gap] })
}

/// What wrong passwords are answered, at the address of Ann or at one that has no account.
async fn transcript(steps: &[Step], has_account: bool) -> Vec<Verdict> {
    let scene = Scene::new().await;
    let account = if has_account { scene.ann.email.clone() } else { email("nobody@example.org") };
    let user = Some(&scene.ann).filter(|_| has_account);
    let mut verdicts = Vec::new();
    for Step { client, after } in steps {
        scene.passes(*after);
        let from = origin_from(CLIENTS[*client]);
        verdicts.push(scene.proof.verify(place(), &account, user, attempt(OTHER_PASSWORD), &from).await.unwrap());
    }
    verdicts
}

/// How many attempts at an address may be verified in so many seconds: all clients share what is free, once for each quarter of an
/// hour, since it takes that long to be forgotten; each gets one attempt for each quarter of an hour, and five more that its
/// first waits are too short for.
fn bound(clients: usize, seconds: u64) -> u64 {
    let quarters = seconds / QUARTER;
    u64::from(LIMIT - 1) * (1 + quarters) + u64::try_from(clients).unwrap() * (5 + quarters)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_account_is_answered_as_none_is(steps in proptest::collection::vec(step(), 0..60)) {
        prop_assert_eq!(run(transcript(&steps, true)), run(transcript(&steps, false)));
    }

    #[test]
    fn nobody_waits_for_long_or_for_what_others_did(steps in proptest::collection::vec(step(), 0..60)) {
        let verdicts = run(transcript(&steps, true));
        let mut failed = BTreeSet::new();
        for (Step { client, .. }, verdict) in steps.iter().zip(&verdicts) {
            match verdict {
                Verdict::Throttled { retry_after } => {
                    prop_assert!(failed.contains(client), "held without a failure");
                    prop_assert!((1..=QUARTER).contains(&retry_after.as_secs()), "{retry_after:?}");
                }
                Verdict::Wrong => drop(failed.insert(*client)),
                Verdict::Right => prop_assert!(false, "nobody knows the password"),
            }
        }
    }

    #[test]
    fn no_more_is_verified_than_is_promised(steps in proptest::collection::vec(step(), 0..120)) {
        let verdicts = run(transcript(&steps, true));
        let clients: BTreeSet<_> = steps.iter().map(|step| step.client).collect();
        // From each attempt on: the bound holds for every window, not only for the first.
        for begin in 0..steps.len() {
            let (mut seconds, mut verified) = (0, 0);
            for (index, verdict) in verdicts.iter().enumerate().skip(begin) {
                seconds += if index == begin { 0 } else { steps[index].after };
                verified += u64::from(*verdict == Verdict::Wrong);
                prop_assert!(verified <= bound(clients.len(), seconds), "{verified} in {seconds} s");
            }
        }
    }

    #[test]
    fn the_owner_gets_in_within_a_quarter_of_an_hour(steps in proptest::collection::vec(step(), 0..60)) {
        run(async {
            let scene = Scene::new().await;
            for Step { client, after } in &steps {
                scene.passes(*after);
                let _refused = scene.tries(OTHER_PASSWORD, CLIENTS[*client]).await;
            }
            for address in CLIENTS {
                let mut waited = 0;
                // Strangers poll all the time.
                while let Verdict::Throttled { .. } = scene.tries(PASSWORD, address).await {
                    scene.passes(30);
                    waited += 30;
                    let _refused = scene.tries(OTHER_PASSWORD, "198.51.100.1").await;
                    assert!(waited <= QUARTER, "{address}");
                }
            }
        });
    }
}

/// Who tries all the time, for six hours.
#[tokio::test]
async fn a_botnet_gets_one_attempt_a_machine_and_quarter_of_an_hour() {
    let scene = Scene::new().await;
    let (machines, hours) = (50_u32, 6_u64);
    let mut verified = 0;
    for second in (0..hours * 3_600).step_by(30) {
        for machine in 0..machines {
            verified += u64::from(scene.tries(OTHER_PASSWORD, &format!("198.51.100.{machine}")).await == Verdict::Wrong);
        }
        let bound = bound(usize::try_from(machines).unwrap(), second);
        assert!(verified <= bound, "{verified} of {bound} after {second} s");
        scene.passes(30);
    }
    // No promise to guessers, but the wait is not longer than it is said to be.
    assert!(verified >= u64::from(machines) * hours * 4, "{verified}");
}
