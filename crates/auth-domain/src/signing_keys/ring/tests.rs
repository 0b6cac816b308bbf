//! The life of keys, from before the first to after the last.

use KeyState::{Active, Gone, Pending, Retiring, Revoked};
use proptest::prelude::*;

use super::*;
use crate::testkit::samples::{after, signing_key};

fn key(number: i64, made: i64) -> SigningKey {
    SigningKey { id: KeyId::new(format!("key-{number}")), ..signing_key(number, made) }
}

fn states(ring: &KeyRing, seconds: i64) -> Vec<KeyState> {
    ring.timelines().map(|timeline| timeline.state(after(seconds))).collect()
}

fn signer(ring: &KeyRing, seconds: i64) -> Option<i64> {
    ring.signer(after(seconds)).map(|key| key.number)
}

const KEPT: i64 = 61 * 60;

#[test]
fn one_key_signs_once_every_cache_has_it_and_leaves_after_its_last_token() {
    let ring = KeyRing::of(vec![key(2, 1000), key(1, 0)]);
    for (seconds, expected) in [
        (0, [Pending, Pending]),
        (309, [Pending, Pending]),
        (310, [Active, Pending]),
        (1309, [Active, Pending]),
        (1310, [Retiring, Active]),
        (1310 + KEPT - 1, [Retiring, Active]),
        (1310 + KEPT, [Gone, Active]),
    ] {
        assert_eq!(states(&ring, seconds), expected, "{seconds}");
    }
    let numbers = |seconds| ring.published(after(seconds)).map(|key| key.number).collect::<Vec<_>>();
    assert_eq!((numbers(0), numbers(1310), numbers(1310 + KEPT)), (vec![1, 2], vec![1, 2], vec![2]));
    assert_eq!([309, 310, 1309, 1310].map(|seconds| signer(&ring, seconds)), [None, Some(1), Some(1), Some(2)]);
}

#[test]
fn a_pending_key_that_is_taken_out_never_signs_and_supersedes_nobody() {
    for revoked in [false, true] {
        let mut withdrawn = key(2, 1000);
        *if revoked { &mut withdrawn.revoked_at } else { &mut withdrawn.retired_at } = Some(after(1200));
        let ring = KeyRing::of(vec![key(1, 0), withdrawn]);
        assert_eq!(states(&ring, 1500), [Active, if revoked { Revoked } else { Gone }]);
        assert_eq!(signer(&ring, 100_000), Some(1));
    }
}

#[test]
fn a_compromised_key_ends_at_once_and_its_predecessor_does_not_come_back() {
    let ring = KeyRing::of(vec![key(1, 0), SigningKey { revoked_at: Some(after(1400)), ..key(2, 1000) }]);
    assert_eq!(states(&ring, 1399), [Retiring, Active]);
    assert_eq!(states(&ring, 1400), [Retiring, Revoked]);
    assert_eq!(signer(&ring, 1400), None);
    let verifies = |seconds| ring.timelines().map(|timeline| timeline.verifies(after(seconds))).collect::<Vec<_>>();
    assert_eq!((verifies(1399), verifies(1400)), (vec![true, true], vec![true, false]));
    assert_eq!(ring.published(after(1400)).count(), 1);
}

#[test]
fn a_token_of_a_pending_or_gone_key_does_not_count_but_for_clocks_that_differ() {
    let ring = KeyRing::of(vec![SigningKey { retired_at: Some(after(1000)), ..key(1, 0) }]);
    let verifies = |seconds| ring.timelines().all(|timeline| timeline.verifies(after(seconds)));
    assert_eq!([299, 300, 1000, 1000 + KEPT - 1, 1000 + KEPT].map(verifies), [false, true, true, true, false]);
}

#[test]
fn the_secret_is_good_as_long_as_a_token_may_live_that_it_signed() {
    assert!(KeyRing::default().leaves_room_for_the_secret(after(0)));
    // From the secret to a key, from that to the secret, and back to another.
    let ring = KeyRing::of(vec![SigningKey { retired_at: Some(after(20_000)), ..key(1, 0) }, key(2, 30_000)]);
    for (seconds, expected) in [
        (0, true),
        (310, true),
        (310 + KEPT - 1, true),
        (310 + KEPT, false),
        (19_989, false),
        (19_990, true),
        (20_000, true),
        (30_310 + KEPT - 1, true),
        (30_310 + KEPT, false),
    ] {
        assert_eq!(ring.leaves_room_for_the_secret(after(seconds)), expected, "{seconds}");
    }
}

#[test]
fn a_private_half_is_not_shown() {
    assert!(!format!("{:?}", key(1, 0)).contains("secret"));
}

proptest! {
    /// Whatever is made and taken out when, one key signs at most, and what was signed while it did counts until it expires.
    #[test]
    fn no_order_of_events_has_two_signers_or_ends_a_token_early(
        keys in prop::collection::vec((0..9000_i64, prop::option::of(0..9000_i64)), 0..6),
        issued in 0..12_000_i64,
        age in 0..3600_i64,
    ) {
        let ring = KeyRing::of(keys.iter().zip(1..).map(|((created, retired), number)| {
            SigningKey { retired_at: retired.map(after), ..key(number, *created) }
        }).collect());
        prop_assert!(states(&ring, issued).iter().filter(|state| **state == Active).count() <= 1);
        let now = after(issued + age);
        match ring.signer(after(issued)) {
            Some(key) => prop_assert!(ring.timelines().any(|timeline| timeline.key.id == key.id && timeline.verifies(now))),
            None => prop_assert!(ring.leaves_room_for_the_secret(now)),
        }
    }
}
