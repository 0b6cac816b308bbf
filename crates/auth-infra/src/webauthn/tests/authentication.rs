//! What an authenticator says with a passkey it has.

use proptest::prelude::*;

use super::*;
use crate::webauthn::authenticator::{ATTESTED, BACKED_UP, BACKUP_ELIGIBLE, EXTENSIONS, PRESENT, VERIFIED};

fn assertion(device: &VirtualAuthenticator, data: Vec<u8>) -> AuthenticationResponse {
    device.assertion(device.client_data("webauthn.get", &CHALLENGE), data)
}

/// The answer of a device that says what its fields say.
fn answer(device: &VirtualAuthenticator) -> AuthenticationResponse {
    assertion(device, device.authenticator_data(0, &[]))
}

#[test]
fn refuses_another_relying_party() {
    let mut device = device();
    let credential = registered(&device);
    device.relying_party = "example.com".to_owned();
    assert_eq!(refused(&credential, &answer(&device)), Some(WrongRelyingParty));
}

#[test]
fn demands_that_the_user_is_there_and_verified() {
    let mut device = device();
    let credential = registered(&device);
    for (flags, fault) in [
        (0, Some(NotPresent)),
        (VERIFIED, Some(NotPresent)),
        (PRESENT, Some(NotVerified)),
        (PRESENT | VERIFIED, None),
        (PRESENT | VERIFIED | 0x22, None),
        (PRESENT | VERIFIED | BACKED_UP, Some(BackupState)),
        (PRESENT | VERIFIED | BACKUP_ELIGIBLE, Some(BackupState)),
    ] {
        device.flags = flags;
        assert_eq!(refused(&credential, &answer(&device)), fault, "{flags:#x}");
    }
}

#[test]
fn a_passkey_stays_backup_eligible_or_never_becomes_so_while_backups_come_and_go() {
    let mut device = device();
    device.flags |= BACKUP_ELIGIBLE;
    let credential = registered(&device);
    for (flags, verdict) in [
        (BACKUP_ELIGIBLE, Ok(false)),
        (BACKUP_ELIGIBLE | BACKED_UP, Ok(true)),
        (0, Err(BackupState)),
        (BACKED_UP, Err(BackupState)),
    ] {
        device.flags = PRESENT | VERIFIED | flags;
        let shown = party().authenticate(&CHALLENGE, &answer(&device), &credential);
        assert_eq!(shown.map(|shown| shown.backed_up), verdict, "{flags:#x}");
    }
}

#[test]
fn a_counter_grows_or_is_zero_on_both_sides() {
    let mut device = device();
    for (kept, said, verdict) in [
        (0, 0, Ok(0)),
        (0, 1, Ok(1)),
        (1, 0, Err(Counter)),
        (1, 1, Err(Counter)),
        (2, 1, Err(Counter)),
        (1, 2, Ok(2)),
        (1, u32::MAX, Ok(u32::MAX)),
        (u32::MAX, u32::MAX, Err(Counter)),
        (u32::MAX, 0, Err(Counter)),
    ] {
        device.counter = kept;
        let credential = registered(&device);
        device.counter = said;
        let shown = party().authenticate(&CHALLENGE, &answer(&device), &credential);
        assert_eq!(shown.map(|shown| shown.counter), verdict, "{kept} {said}");
    }
}

/// Else whoever has no key could make one look cloned.
#[test]
fn a_counter_is_judged_only_where_the_signature_is_right() {
    let mut device = device();
    device.counter = 5;
    let credential = registered(&device);
    let mut response = answer(&device);
    response.signature[10] ^= 1;
    assert_eq!(refused(&credential, &response), Some(Signature));
}

#[test]
fn refuses_data_that_are_cut_short_or_go_on() {
    let device = device();
    let credential = registered(&device);
    let data = device.authenticator_data(0, &[]);
    for length in 0..data.len() {
        assert_eq!(refused(&credential, &assertion(&device, data[..length].to_vec())), Some(AuthenticatorData), "{length}");
    }
    assert_eq!(refused(&credential, &assertion(&device, [&data[..], &[0]].concat())), Some(AuthenticatorData));
}

#[test]
fn takes_extensions_and_no_attested_credential() {
    let device = device();
    let credential = registered(&device);
    let judged = |more, rest: &[u8]| refused(&credential, &assertion(&device, device.authenticator_data(more, rest)));
    assert_eq!(judged(EXTENSIONS, &[0xa0]), None);
    assert_eq!(judged(EXTENSIONS, &[]), Some(Cbor));
    assert_eq!(judged(EXTENSIONS, &[0x00]), Some(AuthenticatorData));
    assert_eq!(judged(EXTENSIONS, &[0xa0, 0x00]), Some(AuthenticatorData));
    let attested = device.attested_credential(&device.cose_key());
    assert_eq!(judged(ATTESTED, &attested), Some(AuthenticatorData));
}

#[test]
fn refuses_another_credential() {
    let (ann, bob) = (device(), device());
    let credential = registered(&ann);
    assert_eq!(refused(&credential, &answer(&bob)), Some(CredentialId));
    let posing = AuthenticationResponse { id: ann.id.clone(), ..answer(&bob) };
    assert_eq!(refused(&credential, &posing), Some(Signature));
}

#[test]
fn an_answer_counts_for_its_challenge_alone() {
    let device = device();
    let credential = registered(&device);
    let fault = party().authenticate(&[0; 32], &answer(&device), &credential);
    assert_eq!(fault, Err(WrongChallenge));
    let transplanted = AuthenticationResponse { client_data: device.client_data("webauthn.get", &[0; 32]), ..answer(&device) };
    assert_eq!(party().authenticate(&[0; 32], &transplanted, &credential), Err(Signature));
}

/// Every bit of what is signed, and of the signature, for each algorithm.
#[test]
fn notices_each_changed_bit() {
    for algorithm in Algorithm::ALL {
        let mut device = VirtualAuthenticator::new(algorithm, "example.org", ORIGIN);
        device.counter = 7;
        let credential = registered(&device);
        device.counter = 8;
        let genuine = answer(&device);
        assert_eq!(refused(&credential, &genuine), None);
        for bit in 0..8 * genuine.authenticator_data.len() {
            let mut changed = genuine.clone();
            changed.authenticator_data[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&credential, &changed).is_some(), "{algorithm:?}: bit {bit} of the authenticator data");
        }
        for bit in 0..8 * genuine.signature.len() {
            let mut changed = genuine.clone();
            changed.signature[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(refused(&credential, &changed), Some(Signature), "{algorithm:?}: bit {bit} of the signature");
        }
        for bit in 0..8 * genuine.client_data.len() {
            let mut changed = genuine.clone();
            changed.client_data[bit / 8] ^= 1 << (bit % 8);
            assert!(refused(&credential, &changed).is_some(), "{algorithm:?}: bit {bit} of the client data");
        }
    }
}

#[test]
fn refuses_a_signature_that_is_empty_cut_short_or_goes_on() {
    for algorithm in Algorithm::ALL {
        let device = VirtualAuthenticator::new(algorithm, "example.org", ORIGIN);
        let (credential, genuine) = (registered(&device), answer(&device));
        let whole = &genuine.signature;
        for signature in
            [Vec::new(), whole[..whole.len() - 1].to_vec(), [&whole[..], &[0]].concat(), vec![0; whole.len()], vec![0; 64]]
        {
            let response = AuthenticationResponse { signature, ..genuine.clone() };
            assert_eq!(refused(&credential, &response), Some(Signature), "{algorithm:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_unsigned_is_taken(client_data: Vec<u8>, authenticator_data: Vec<u8>, signature: Vec<u8>) {
        let device = device();
        let (credential, genuine) = (registered(&device), answer(&device));
        for response in [
            AuthenticationResponse { client_data, ..genuine.clone() },
            AuthenticationResponse { authenticator_data, ..genuine.clone() },
            AuthenticationResponse { signature, ..genuine },
        ] {
            prop_assert!(refused(&credential, &response).is_some());
        }
    }
}
