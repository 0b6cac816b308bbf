//! What is planned for a ring, row by row. Times are in seconds, and it is 1000.

use chrono::TimeDelta;

use super::*;
use crate::{
    signing_keys::key::SigningKey,
    testkit::samples::{after, signing_key},
};
use KeyChange::{Create, Forget, Retire, Revoke};
use KeyCommand::{Import, Rotate};
use Revocation::{Compromised, Orderly};
use When::{AtOnce, Published};

const POLICY: KeyPolicy =
    KeyPolicy { algorithm: KeyAlgorithm::Es256, cached_for: TimeDelta::seconds(300), signs_for: TimeDelta::days(90) };
const NOW: i64 = 1000;
/// When a key signs that is made now and published first.
const KNOWN: i64 = NOW + 310;
/// When all servers know of a change.
const SOON: i64 = NOW + 3;

fn id(number: i64) -> KeyId {
    KeyId::new(format!("key-{number}"))
}

/// A key that signs from a time on.
fn from(number: i64, signs_from: i64) -> SigningKey {
    SigningKey { id: id(number), signs_from: after(signs_from), ..signing_key(number, 0) }
}

fn create(at: i64) -> KeyChange {
    Create { signs_from: after(at) }
}

fn retire(number: i64, at: i64) -> KeyChange {
    Retire { id: id(number), at: after(at) }
}

fn revoke(number: i64, at: i64) -> KeyChange {
    Revoke { id: id(number), at: after(at) }
}

#[test]
fn each_command_has_its_plan() {
    let ids = [1, 2, 9].map(id);
    let [one, two, unknown] = &ids;
    let active = || vec![from(1, 0)];
    let with_a_next = || vec![from(1, 0), from(2, KNOWN)];
    let retired = |at| vec![SigningKey { retired_at: Some(after(at)), ..from(1, 0) }, from(2, at)];
    let revoked = || vec![SigningKey { revoked_at: Some(after(900)), ..from(1, 0) }, from(2, 900)];
    let of = |algorithm, id| Import { id, algorithm, when: Published };
    let (es256, rs256) = (KeyAlgorithm::Es256, KeyAlgorithm::Rs256);
    for (keys, command, expected) in [
        (vec![], Rotate(Published), Ok(vec![create(KNOWN)])),
        (vec![], Rotate(AtOnce), Ok(vec![create(SOON)])),
        (active(), Rotate(Published), Ok(vec![create(KNOWN)])),
        (active(), of(es256, two), Ok(vec![create(KNOWN)])),
        (active(), of(es256, one), Err(KeyRefusal::KnownKey)),
        (active(), of(rs256, two), Err(KeyRefusal::OtherAlgorithm { its: rs256, ours: es256 })),
        (active(), KeyCommand::Revoke(one, Orderly), Ok(vec![create(KNOWN), retire(1, KNOWN)])),
        (active(), KeyCommand::Revoke(one, Compromised), Ok(vec![create(SOON), revoke(1, SOON)])),
        (with_a_next(), KeyCommand::Revoke(one, Orderly), Ok(vec![retire(1, KNOWN)])),
        (with_a_next(), KeyCommand::Revoke(one, Compromised), Ok(vec![create(SOON), revoke(1, SOON)])),
        (with_a_next(), KeyCommand::Revoke(two, Orderly), Ok(vec![retire(2, SOON)])),
        (with_a_next(), KeyCommand::Revoke(two, Compromised), Ok(vec![revoke(2, SOON)])),
        (retired(500), KeyCommand::Revoke(one, Orderly), Err(KeyRefusal::OutOfUse)),
        (retired(500), KeyCommand::Revoke(one, Compromised), Ok(vec![revoke(1, SOON)])),
        (retired(-3660), KeyCommand::Revoke(one, Compromised), Err(KeyRefusal::OutOfUse)),
        (revoked(), KeyCommand::Revoke(one, Orderly), Err(KeyRefusal::Revoked)),
        (revoked(), KeyCommand::Revoke(one, Compromised), Err(KeyRefusal::Revoked)),
        (active(), KeyCommand::Revoke(unknown, Orderly), Err(KeyRefusal::NoSuchKey)),
        (active(), KeyCommand::Revoke(unknown, Compromised), Err(KeyRefusal::NoSuchKey)),
    ] {
        let ring = KeyRing::of(keys);
        assert_eq!(plan(&ring, command, after(NOW), Some(POLICY)), expected, "{command:?} of {ring:#?}");
    }
}

#[test]
fn without_a_policy_no_key_is_made_and_none_in_use_ends() {
    let (one, two) = (id(1), id(2));
    let import = Import { id: &two, algorithm: KeyAlgorithm::Es256, when: Published };
    let ring = KeyRing::of(vec![from(1, 0)]);
    for command in [Rotate(AtOnce), import, KeyCommand::Revoke(&one, Orderly), KeyCommand::Revoke(&one, Compromised)] {
        assert_eq!(plan(&ring, command, after(NOW), None), Err(KeyRefusal::SecretSigns), "{command:?}");
    }
    let retiring = KeyRing::of(vec![SigningKey { retired_at: Some(after(500)), ..from(1, 0) }]);
    assert_eq!(plan(&retiring, KeyCommand::Revoke(&one, Compromised), after(NOW), None), Ok(vec![revoke(1, SOON)]));
}

#[test]
fn a_server_plans_what_its_policy_and_the_age_of_the_keys_demand() {
    let eddsa = KeyPolicy { algorithm: KeyAlgorithm::EdDsa, ..POLICY };
    let short = KeyPolicy { signs_for: TimeDelta::seconds(1310), ..POLICY };
    let retired = |at| SigningKey { retired_at: Some(after(at)), ..from(1, 0) };
    let (silent, over) = (KeyRing::of(vec![retired(1500 - NOW)]), KeyRing::of(vec![retired(-2660), from(2, -2660)]));
    let (none, active) = (KeyRing::default(), KeyRing::of(vec![from(1, 0)]));
    let both = KeyRing::of(vec![from(1, 0), from(2, 500)]);
    let now = after(NOW);
    let just_after = Create { signs_from: after(SOON) };
    for (planned, expected) in [
        (reconcile(&none, true, now, Some(POLICY)), vec![create(NOW)]),
        (reconcile(&none, false, now, Some(POLICY)), vec![create(KNOWN)]),
        (reconcile(&active, false, now, Some(POLICY)), vec![]),
        (reconcile(&active, false, now, Some(eddsa)), vec![create(KNOWN)]),
        (reconcile(&silent, false, now, Some(POLICY)), vec![just_after.clone()]),
        (reconcile(&both, false, now, None), vec![retire(1, SOON), retire(2, SOON)]),
        (reconcile(&silent, false, now, None), vec![]),
        (maintain(&none, now, Some(POLICY)), vec![create(NOW)]),
        (maintain(&none, now, None), vec![]),
        (maintain(&active, now, Some(POLICY)), vec![]),
        (maintain(&active, now, Some(short)), vec![create(KNOWN)]),
        (maintain(&silent, now, Some(POLICY)), vec![just_after.clone()]),
        (maintain(&over, now, Some(POLICY)), vec![Forget { id: id(1) }]),
        (end_silence(&active, now, POLICY), vec![]),
        (end_silence(&silent, now, POLICY), vec![just_after]),
    ] {
        assert_eq!(planned, expected);
    }
}
