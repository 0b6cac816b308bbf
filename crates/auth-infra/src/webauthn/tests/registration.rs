//! What an authenticator says of a new passkey.

use proptest::prelude::*;

use super::*;
use crate::webauthn::{
    authenticator::{ATTESTED, BACKED_UP, BACKUP_ELIGIBLE, EXTENSIONS, PRESENT, VERIFIED, attestation_object},
    cbor::Item,
};

/// A registration whose authenticator data are these.
fn judged(device: &VirtualAuthenticator, data: &[u8]) -> Result<Credential, WebAuthnFault> {
    attested(device, &attestation_object("none", &Item::Map(Vec::new()), data))
}

fn attested(device: &VirtualAuthenticator, object: &[u8]) -> Result<Credential, WebAuthnFault> {
    register(&RegistrationResponse { attestation_object: object.to_vec(), ..device.register(&CHALLENGE) })
}

/// The authenticator data of an honest registration.
fn honest(device: &VirtualAuthenticator) -> Vec<u8> {
    device.authenticator_data(ATTESTED, &device.attested_credential(&device.cose_key()))
}

#[test]
fn refuses_another_relying_party() {
    for other in ["example.com", "www.example.org", "EXAMPLE.ORG", "https://example.org", ""] {
        let device = VirtualAuthenticator { relying_party: other.to_owned(), ..device() };
        assert_eq!(register(&device.register(&CHALLENGE)), Err(WrongRelyingParty), "{other}");
    }
}

#[test]
fn demands_that_the_user_was_there_and_verified() {
    for (flags, verdict) in [
        (0, Err(NotPresent)),
        (VERIFIED, Err(NotPresent)),
        (PRESENT, Err(NotVerified)),
        (PRESENT | VERIFIED, Ok((false, false))),
        (PRESENT | VERIFIED | BACKED_UP, Err(BackupState)),
        (PRESENT | VERIFIED | BACKUP_ELIGIBLE, Ok((true, false))),
        (PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP, Ok((true, true))),
        // The two reserved ones.
        (PRESENT | VERIFIED | 0x22, Ok((false, false))),
    ] {
        let device = VirtualAuthenticator { flags, ..device() };
        let states = register(&device.register(&CHALLENGE)).map(|new| (new.backup_eligible, new.backed_up));
        assert_eq!(states, verdict, "{flags:#x}");
    }
}

#[test]
fn demands_a_credential() {
    let device = device();
    assert_eq!(judged(&device, &device.authenticator_data(0, &[])), Err(AuthenticatorData));
    assert_eq!(judged(&device, &device.authenticator_data(EXTENSIONS, &[0xa0])), Err(AuthenticatorData));
    let forgotten = device.authenticator_data(0, &device.attested_credential(&device.cose_key()));
    assert_eq!(judged(&device, &forgotten), Err(AuthenticatorData), "announced by no flag");
}

#[test]
fn takes_an_id_of_1_to_1023_bytes() {
    for (length, verdict) in
        [(0, Err(CredentialId)), (1, Ok(1)), (1023, Ok(1023)), (1024, Err(CredentialId)), (65_535, Err(CredentialId))]
    {
        let device = VirtualAuthenticator { id: vec![7; length], ..device() };
        assert_eq!(register(&device.register(&CHALLENGE)).map(|new| new.id.as_bytes().len()), verdict, "{length}");
    }
}

#[test]
fn refuses_an_id_that_the_authenticator_did_not_sign() {
    let response = device().register(&CHALLENGE);
    for id in [Vec::new(), vec![0; 16], response.id[..15].to_vec(), [&response.id[..], &[0]].concat()] {
        assert_eq!(register(&RegistrationResponse { id, ..response.clone() }), Err(CredentialId));
    }
}

#[test]
fn refuses_data_that_are_cut_short_or_go_on() {
    let device = device();
    let data = honest(&device);
    assert!(judged(&device, &data).is_ok());
    for length in 0..data.len() {
        let fault = judged(&device, &data[..length]).unwrap_err();
        assert!(matches!(fault, AuthenticatorData | Cbor), "{length}: {fault:?}");
    }
    assert_eq!(judged(&device, &[&data[..], &[0]].concat()), Err(AuthenticatorData));
    assert_eq!(judged(&device, &[&data[..], &device.cose_key()].concat()), Err(AuthenticatorData));
    let mut longer = data.clone();
    longer[53..55].copy_from_slice(&u16::MAX.to_be_bytes());
    assert_eq!(judged(&device, &longer), Err(AuthenticatorData), "an id that is longer than all there is");
}

#[test]
fn takes_extensions_and_nothing_behind_them() {
    let device = device();
    let judged_with = |more: u8, rest: &[u8]| {
        let credential = device.attested_credential(&device.cose_key());
        judged(&device, &device.authenticator_data(ATTESTED | more, &[&credential, rest].concat())).map(|_| ())
    };
    let protection = Item::Map(vec![(Item::Text("credProtect"), Item::Integer(2))]).encode();
    assert_eq!(judged_with(EXTENSIONS, &protection), Ok(()));
    assert_eq!(judged_with(EXTENSIONS, &[0xa0]), Ok(()));
    assert_eq!(judged_with(EXTENSIONS, &[]), Err(Cbor), "announced and missing");
    assert_eq!(judged_with(EXTENSIONS, &[0x80]), Err(AuthenticatorData), "an array");
    assert_eq!(judged_with(EXTENSIONS, &[0xa0, 0xa0]), Err(AuthenticatorData), "two");
    assert_eq!(judged_with(EXTENSIONS, &[0xbf, 0xff]), Err(Cbor), "of indefinite length");
    assert_eq!(judged_with(EXTENSIONS, &[0xa2, 1, 1, 1, 1]), Err(Cbor), "a key twice");
    assert_eq!(judged_with(0, &protection), Err(AuthenticatorData), "not announced");
}

#[test]
fn takes_an_attestation_object_of_three_parts() {
    let device = device();
    let data = honest(&device);
    let (none, empty, bytes) = (Item::Text("none"), Item::Map(Vec::new()), Item::Bytes(&data));
    let object = |entries: &[(&'static str, &Item<'_>)]| {
        let entries = entries.iter().map(|(name, value)| (Item::Text(name), (*value).clone())).collect();
        attested(&device, &Item::Map(entries).encode()).map(|_| ())
    };
    let text = Item::Text("x");
    assert_eq!(object(&[("fmt", &none), ("attStmt", &empty), ("authData", &bytes)]), Ok(()));
    // In their order.
    assert_eq!(object(&[("authData", &bytes), ("fmt", &none), ("attStmt", &empty)]), Err(Cbor));
    // More may come with them.
    assert_eq!(object(&[("ep", &Item::Bool(false)), ("fmt", &none), ("attStmt", &empty), ("authData", &bytes)]), Ok(()));
    assert_eq!(object(&[("attStmt", &empty), ("authData", &bytes)]), Err(Attestation));
    assert_eq!(object(&[("fmt", &none), ("authData", &bytes)]), Err(Attestation));
    assert_eq!(object(&[("fmt", &none), ("attStmt", &empty)]), Err(Attestation));
    assert_eq!(object(&[("fmt", &Item::Null), ("attStmt", &empty), ("authData", &bytes)]), Err(Attestation));
    assert_eq!(object(&[("fmt", &none), ("attStmt", &text), ("authData", &bytes)]), Err(Attestation));
    assert_eq!(object(&[("fmt", &none), ("attStmt", &empty), ("authData", &text)]), Err(Attestation));
    assert_eq!(object(&[("fmt", &none), ("fmt", &none), ("attStmt", &empty), ("authData", &bytes)]), Err(Cbor));
    assert_eq!(attested(&device, &[]), Err(Cbor));
    assert_eq!(attested(&device, &[0x80]), Err(Attestation));
    let whole = attestation_object("none", &empty, &data);
    assert_eq!(attested(&device, &[&whole[..], &[0]].concat()), Err(Cbor));
    assert_eq!(attested(&device, &whole[..whole.len() - 1]), Err(Cbor));
}

/// Asked for none, a statement says nothing; an empty one is all that "none" has.
#[test]
fn looks_at_no_statement_but_that_of_none() {
    let device = device();
    let statement = Item::Map(vec![
        (Item::Text("alg"), Item::Integer(-7)),
        (Item::Text("sig"), Item::Bytes(b"no signature")),
        (Item::Text("x5c"), Item::Array(vec![Item::Bytes(b"no certificate")])),
    ]);
    let judged_as = |format: &str| attested(&device, &attestation_object(format, &statement, &honest(&device))).map(|_| ());
    assert_eq!(judged_as("packed"), Ok(()));
    assert_eq!(judged_as("a format of tomorrow"), Ok(()));
    assert_eq!(judged_as("none"), Err(Attestation));
}

#[test]
fn notices_each_changed_byte_in_front_of_the_id() {
    let device = device();
    let (data, credential) = (honest(&device), registered(&device));
    // The hash, but not the flags, the counter and the model, which nobody signs where there is no attestation.
    for at in 0..32 {
        let mut changed = data.clone();
        changed[at] ^= 1;
        assert_eq!(judged(&device, &changed), Err(WrongRelyingParty), "{at}");
    }
    for at in 53..data.len() {
        let mut changed = data.clone();
        changed[at] ^= 1;
        assert_ne!(judged(&device, &changed), Ok(credential.clone()), "{at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever comes is judged, and only what the authenticator made is taken as it made it.
    #[test]
    fn no_attestation_object_causes_a_panic(bytes: Vec<u8>, edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let device = device();
        let _ = attested(&device, &bytes);
        let mut bent = device.register(&CHALLENGE).attestation_object;
        for (at, byte) in edits {
            let at = at.index(bent.len());
            bent[at] = byte;
        }
        if let Ok(credential) = attested(&device, &bent) {
            prop_assert_eq!(credential.id.as_bytes(), &device.id);
        }
    }
}
