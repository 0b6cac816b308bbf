//! Which public keys are taken.

use super::*;
use crate::webauthn::{
    authenticator::{ATTESTED, attestation_object},
    cbor::Item,
};

type Parameters<'a> = Vec<(i128, Item<'a>)>;

/// A registration whose key has these parameters.
fn judged(parameters: &Parameters<'_>) -> Result<(), WebAuthnFault> {
    let entries = parameters.iter().map(|(label, value)| (Item::Integer(*label), value.clone())).collect();
    encoded(&Item::Map(entries).encode())
}

fn encoded(key: &[u8]) -> Result<(), WebAuthnFault> {
    let device = device();
    let data = device.authenticator_data(ATTESTED, &device.attested_credential(key));
    let object = attestation_object("none", &Item::Map(Vec::new()), &data);
    register(&RegistrationResponse { attestation_object: object, ..device.register(&CHALLENGE) }).map(|_| ())
}

/// The same with one parameter exchanged.
fn but<'a>(parameters: &Parameters<'a>, label: i128, value: Item<'a>) -> Result<(), WebAuthnFault> {
    judged(&parameters.iter().map(|(other, old)| (*other, if *other == label { value.clone() } else { old.clone() })).collect())
}

/// The parameters of a key of an authenticator.
fn parameters(key: &[u8]) -> Parameters<'_> {
    let key = super::super::cbor::whole(key).unwrap();
    key.map().unwrap().iter().map(|(label, value)| (label.integer().unwrap(), value.clone())).collect()
}

fn key_of(algorithm: Algorithm) -> Vec<u8> {
    VirtualAuthenticator::new(algorithm, "example.org", ORIGIN).cose_key()
}

#[test]
fn a_key_has_the_parameters_that_its_algorithm_needs_and_no_other() {
    for algorithm in Algorithm::ALL {
        let key = key_of(algorithm);
        let whole = parameters(&key);
        assert_eq!(judged(&whole), Ok(()));
        for at in 0..whole.len() {
            let mut fewer = whole.clone();
            let (label, _) = fewer.remove(at);
            assert_eq!(judged(&fewer), Err(UnsupportedKey), "{algorithm:?} without {label}");
        }
        // kid, key_ops and Base IV (RFC 9052 section 7.1), and one that is unknown.
        for (label, value) in
            [(2, Item::Bytes(b"x")), (4, Item::Array(vec![Item::Integer(2)])), (5, Item::Bytes(b"x")), (24, Item::Null)]
        {
            let mut more = whole.clone();
            more.insert(more.iter().take_while(|(other, _)| (0..label).contains(other)).count(), (label, value));
            assert_eq!(judged(&more), Err(UnsupportedKey), "{algorithm:?} with {label}");
        }
    }
}

#[test]
fn refuses_types_algorithms_and_curves_that_were_not_asked_for() {
    for algorithm in Algorithm::ALL {
        let key = key_of(algorithm);
        let whole = parameters(&key);
        for label in [1, 3, -1] {
            let genuine = &whole.iter().find(|(other, _)| *other == label).unwrap().1;
            let others = [0, 1, 2, 3, 4, 6, 7, -7, -8, -35, -36, -37, -47, -257, -258, -65_535, -9, -19];
            for value in others.map(Item::Integer).into_iter().chain([Item::Null, Item::Text("ES256"), Item::Bytes(&[])]) {
                let expected = if value == *genuine { Ok(()) } else { Err(UnsupportedKey) };
                assert_eq!(but(&whole, label, value.clone()), expected, "{algorithm:?} {label} {value:?}");
            }
        }
    }
}

#[test]
fn a_point_is_on_the_curve_and_uncompressed() {
    let key = key_of(Algorithm::Es256);
    let whole = parameters(&key);
    let [.., (_, Item::Bytes(x)), (_, Item::Bytes(y))] = &whole[..] else { panic!("x and y") };
    let changed = |bytes: &[u8]| [&bytes[..31], &[bytes[31] ^ 1]].concat();
    assert_eq!(but(&whole, -3, Item::Bytes(&changed(y))), Err(UnsupportedKey), "off the curve");
    assert_eq!(but(&whole, -3, Item::Bytes(x)), Err(UnsupportedKey), "off the curve");
    assert_eq!(but(&whole, -2, Item::Bytes(&[0; 32])), Err(UnsupportedKey), "off the curve");
    assert_eq!(but(&whole, -2, Item::Bytes(&[0xff; 32])), Err(UnsupportedKey), "no element of the field");
    assert_eq!(but(&whole, -3, Item::Bool(y[31] & 1 == 1)), Err(UnsupportedKey), "compressed: the sign of y");
    for length in [0, 31, 33, 64] {
        let mut long = y.to_vec();
        long.resize(length, 0);
        assert_eq!(but(&whole, -3, Item::Bytes(&long)), Err(UnsupportedKey), "{length} bytes");
    }
    assert_eq!(but(&whole, -2, Item::Bytes(&[&[0], *x].concat())), Err(UnsupportedKey), "a zero in front");
    let zero: Parameters<'_> = vec![
        (1, Item::Integer(2)),
        (3, Item::Integer(-7)),
        (-1, Item::Integer(1)),
        (-2, Item::Bytes(&[0; 32])),
        (-3, Item::Bytes(&[0; 32])),
    ];
    assert_eq!(judged(&zero), Err(UnsupportedKey), "the point at infinity, as some write it");
}

#[test]
fn an_ed25519_key_has_32_bytes() {
    let key = key_of(Algorithm::EdDsa);
    let whole = parameters(&key);
    for length in [0, 31, 33, 44, 57, 64] {
        assert_eq!(but(&whole, -2, Item::Bytes(&vec![1; length])), Err(UnsupportedKey), "{length}");
    }
}

#[test]
fn an_rsa_key_has_2048_to_8192_bits_and_a_usual_exponent() {
    let key = key_of(Algorithm::Rs256);
    let whole = parameters(&key);
    let modulus = |length: usize, top: u8| [&[top], &vec![0xa5; length - 1][..]].concat();
    for (length, top, verdict) in [
        (1, 0xff, Err(UnsupportedKey)),
        (128, 0xff, Err(UnsupportedKey)),
        (255, 0xff, Err(UnsupportedKey)),
        (256, 0x7f, Err(UnsupportedKey)),
        (256, 0x80, Ok(())),
        (256, 0x00, Err(UnsupportedKey)),
        (257, 0x00, Err(UnsupportedKey)),
        (257, 0x01, Ok(())),
        (1024, 0x80, Ok(())),
        (1024, 0xff, Ok(())),
        (1025, 0x01, Err(UnsupportedKey)),
        (4096, 0x80, Err(UnsupportedKey)),
    ] {
        assert_eq!(but(&whole, -1, Item::Bytes(&modulus(length, top))), verdict, "{length} bytes from {top:#x}");
    }
    let mut even = modulus(256, 0x80);
    even[255] = 0xa4;
    assert_eq!(but(&whole, -1, Item::Bytes(&even)), Err(UnsupportedKey), "an even modulus");
    assert_eq!(but(&whole, -1, Item::Bytes(&[])), Err(UnsupportedKey));
    for (exponent, verdict) in [
        (&[1, 0, 1][..], Ok(())),
        (&[0xff, 0xff, 0xff, 0xff], Ok(())),
        (&[], Err(UnsupportedKey)),
        (&[1], Err(UnsupportedKey)),
        (&[3], Err(UnsupportedKey)),
        (&[1, 1], Err(UnsupportedKey)),
        (&[1, 0, 0], Err(UnsupportedKey)),
        (&[0, 1, 0, 1], Err(UnsupportedKey)),
        (&[0, 0, 1], Err(UnsupportedKey)),
        (&[1, 0, 0, 0, 1], Err(UnsupportedKey)),
    ] {
        assert_eq!(but(&whole, -2, Item::Bytes(exponent)), verdict, "{exponent:?}");
    }
}

#[test]
fn a_key_is_canonical_cbor() {
    let key = key_of(Algorithm::Es256);
    assert_eq!(encoded(&key), Ok(()));
    // Firefox 117 wrote three where there were four.
    let mut short = key_of(Algorithm::EdDsa);
    short[0] = 0xa3;
    assert_eq!(encoded(&short), Err(AuthenticatorData));
    assert_eq!(encoded(&[&[0xb8, 5], &key[1..]].concat()), Err(Cbor), "a longer head");
    assert_eq!(encoded(&[&[0xbf], &key[1..], &[0xff]].concat()), Err(Cbor), "of indefinite length");
    assert_eq!(encoded(&[&[0xa6], &key[1..], &key[1..3]].concat()), Err(Cbor), "a parameter twice");
    assert_eq!(encoded(&[&[0xa5], &key[3..5], &key[1..3], &key[5..]].concat()), Err(Cbor), "out of order");
    assert_eq!(encoded(&[0x80]), Err(UnsupportedKey), "an array");
    assert_eq!(encoded(&[]), Err(Cbor));
}

/// Should a store ever hand out another.
#[test]
fn refuses_a_kept_key_that_is_none() {
    let device = device();
    let genuine = registered(&device);
    let response = device.assertion(device.client_data("webauthn.get", &CHALLENGE), device.authenticator_data(0, &[]));
    let kept = |public_key: Vec<u8>| refused(&Credential { public_key, ..genuine.clone() }, &response);
    assert_eq!(kept(device.cose_key()), None);
    assert_eq!(kept(Vec::new()), Some(Cbor));
    assert_eq!(kept([device.cose_key(), vec![0]].concat()), Some(Cbor));
    assert_eq!(kept(vec![0xa0]), Some(UnsupportedKey));
    for algorithm in Algorithm::ALL {
        assert_eq!(kept(key_of(algorithm)), Some(Signature), "another's");
    }
}
