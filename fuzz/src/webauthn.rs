//! Passkeys: canonical CBOR is what another reader sees in it, in one spelling; only what an authenticator signed is taken, as it
//! signed it; no input causes a panic.

use std::sync::LazyLock;

use auth_domain::{
    factors::passkey::Credential,
    passkeys::ports::{AuthenticationResponse, RegistrationResponse, RelyingParty},
};
use auth_infra::webauthn::{
    WebAuthn,
    authenticator::{ATTESTED, Algorithm, EXTENSIONS, Key, PRESENT, VERIFIED, VirtualAuthenticator, attestation_object},
    cbor::{self, Item},
};
use aws_lc_rs::{digest, signature::Ed25519KeyPair};
use ciborium::Value;

const RP_ID: &str = "example.org";
const ORIGIN: &str = "https://example.org";
const CHALLENGE: [u8; 32] = *b"a challenge of thirty-two bytes.";

static PARTY: LazyLock<WebAuthn> = LazyLock::new(|| WebAuthn::new(RP_ID.to_owned(), vec![ORIGIN.to_owned()]));
static DEVICE: LazyLock<VirtualAuthenticator> = LazyLock::new(|| VirtualAuthenticator {
    id: b"sixteen bytes id".to_vec(),
    key: Key::EdDsa(Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key")),
    ..VirtualAuthenticator::new(Algorithm::EdDsa, RP_ID, ORIGIN)
});
static CREDENTIAL: LazyLock<Credential> =
    LazyLock::new(|| PARTY.register(&CHALLENGE, &DEVICE.register(&CHALLENGE)).expect("an honest registration"));

/// The first byte determines the rest: `c` CBOR, `o` an attestation object, `k` a public key, `d` authenticator data, which get the
/// right signature as they are, as do the client data of `j`, and `e` edits of an honest assertion.
pub fn check(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    match mode {
        b'c' => cbor(rest),
        b'o' => object(rest),
        b'k' => key(rest),
        b'd' => authenticator_data(rest),
        b'j' => client_data(rest),
        _ => edits(rest),
    }
}

fn cbor(bytes: &[u8]) {
    match cbor::first(bytes) {
        Ok((item, after)) => {
            let read = &bytes[..bytes.len() - after.len()];
            assert_eq!(item.encode(), read, "one spelling");
            assert_eq!(cbor::whole(read).as_ref(), Ok(&item));
            assert_eq!(cbor::whole(bytes).is_ok(), after.is_empty());
            let other: Value = ciborium::from_reader(read).expect("CBOR to another reader");
            assert!(is_same(&item, &other), "{item:?} is {other:?} to another reader");
            assert_eq!(written(&other), read, "and to another writer");
        }
        // What is refused is not canonical, or of no use to CTAP2.
        Err(_) => {
            let mut rest = bytes;
            if let Ok(other) = ciborium::from_reader::<Value, _>(&mut rest) {
                let read = &bytes[..bytes.len() - rest.len()];
                assert!(written(&other) != read || !is_of_ctap(&other, 4) || items(&other) > 256, "{other:?} is refused");
            }
        }
    }
}

fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("bytes");
    bytes
}

fn is_same(item: &Item<'_>, value: &Value) -> bool {
    match (item, value) {
        (Item::Integer(one), Value::Integer(other)) => *one == i128::from(*other),
        (Item::Bytes(one), Value::Bytes(other)) => one == other,
        (Item::Text(one), Value::Text(other)) => one == other,
        (Item::Bool(one), Value::Bool(other)) => one == other,
        (Item::Null, Value::Null) => true,
        (Item::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(item, value)| is_same(item, value))
        }
        (Item::Map(one), Value::Map(other)) => {
            let same = |(one, other): (&(Item<'_>, Item<'_>), &(Value, Value))| is_same(&one.0, &other.0) && is_same(&one.1, &other.1);
            one.len() == other.len() && one.iter().zip(other).all(same)
        }
        _ => false,
    }
}

/// Of the kinds that are read, as deep as they may be, and with keys in order.
fn is_of_ctap(value: &Value, levels: usize) -> bool {
    let rank = |key: &Value| {
        let bytes = written(key);
        (bytes[0] >> 5, bytes.len(), bytes)
    };
    match value {
        Value::Integer(_) | Value::Bytes(_) | Value::Text(_) | Value::Bool(_) | Value::Null => true,
        Value::Array(values) => levels > 0 && values.iter().all(|value| is_of_ctap(value, levels - 1)),
        Value::Map(entries) => {
            levels > 0
                && entries.iter().all(|(key, value)| matches!(key, Value::Integer(_) | Value::Text(_)) && is_of_ctap(value, levels - 1))
                && entries.windows(2).all(|pair| rank(&pair[0].0) < rank(&pair[1].0))
        }
        _ => false,
    }
}

fn items(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(items).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|(key, value)| items(key) + items(value)).sum::<usize>(),
        _ => 1,
    }
}

fn registered(object: Vec<u8>) -> Option<Credential> {
    let response = RegistrationResponse { attestation_object: object, ..DEVICE.register(&CHALLENGE) };
    PARTY.register(&CHALLENGE, &response).map_or(None, Some)
}

fn object(bytes: &[u8]) {
    let Some(credential) = registered(bytes.to_vec()) else { return };
    let object: Value = ciborium::from_reader(bytes).expect("CBOR");
    let part = |name: &str| object.as_map().and_then(|map| map.iter().find(|(key, _)| key.as_text() == Some(name))).map(|(_, part)| part);
    let statement = part("attStmt").and_then(Value::as_map).expect("a statement");
    assert!(part("fmt").and_then(Value::as_text).expect("a format") != "none" || statement.is_empty());
    let data = part("authData").and_then(Value::as_bytes).expect("authenticator data");
    says_what_it_has_to(data);
    assert!(data[32] & ATTESTED != 0);
    assert_eq!(data[37..53], *credential.aaguid.as_bytes());
    assert_eq!(data[55..71], DEVICE.id);
    assert!(data[71..].starts_with(&credential.public_key));
}

fn says_what_it_has_to(data: &[u8]) {
    assert_eq!(data[..32], *digest::digest(&digest::SHA256, RP_ID.as_bytes()).as_ref());
    let (flags, needed) = (data[32], PRESENT | VERIFIED);
    assert_eq!(flags & needed, needed);
    assert!(flags & 0x10 == 0 || flags & 0x08 != 0, "BS needs BE");
}

fn key(bytes: &[u8]) {
    let data = DEVICE.authenticator_data(ATTESTED, &DEVICE.attested_credential(bytes));
    let Some(credential) = registered(attestation_object("none", &Item::Map(Vec::new()), &data)) else { return };
    assert_eq!(credential.public_key, bytes);
    let key: Value = ciborium::from_reader(bytes).expect("CBOR");
    let parameters = key.as_map().expect("a map");
    let labels: Vec<_> = parameters.iter().map(|(label, _)| label.as_integer().map(i128::from).expect("a label")).collect();
    let numbers = parameters.iter().map(|(_, value)| value.as_integer().map(i128::from));
    let sizes = parameters.iter().map(|(_, value)| value.as_bytes().map(Vec::len));
    match numbers.collect::<Vec<_>>()[..] {
        [Some(2), Some(-7), Some(1), None, None] => {
            assert_eq!(labels, [1, 3, -1, -2, -3]);
            assert_eq!(sizes.skip(3).collect::<Vec<_>>(), [Some(32), Some(32)]);
        }
        [Some(1), Some(-8), Some(6), None] => {
            assert_eq!(labels, [1, 3, -1, -2]);
            assert_eq!(sizes.skip(3).collect::<Vec<_>>(), [Some(32)]);
        }
        [Some(3), Some(-257), None, None] => {
            assert_eq!(labels, [1, 3, -1, -2]);
            let [Some(256..=1024), Some(3..=4)] = sizes.skip(2).collect::<Vec<_>>()[..] else { panic!("sizes of {key:?}") };
        }
        _ => panic!("{key:?}"),
    }
    // Whatever the key, nobody has signed with it.
    let response = honest();
    assert!(PARTY.authenticate(&CHALLENGE, &response, &credential).is_err() || credential.public_key == DEVICE.cose_key());
}

fn honest() -> AuthenticationResponse {
    DEVICE.assertion(DEVICE.client_data("webauthn.get", &CHALLENGE), DEVICE.authenticator_data(0, &[]))
}

fn authenticator_data(data: &[u8]) {
    let _ = registered(attestation_object("none", &Item::Map(Vec::new()), data)).map(|_| says_what_it_has_to(data));
    let response = DEVICE.assertion(DEVICE.client_data("webauthn.get", &CHALLENGE), data.to_vec());
    let Ok(shown) = PARTY.authenticate(&CHALLENGE, &response, &CREDENTIAL) else { return };
    says_what_it_has_to(data);
    assert_eq!(shown.counter.to_be_bytes(), data[33..37]);
    assert_eq!(data[32] & (ATTESTED | 0x18), 0, "no credential, and no backups, as it was registered");
    if data[32] & EXTENSIONS == 0 {
        assert_eq!(data.len(), 37);
    } else {
        assert!(ciborium::from_reader::<Value, _>(&data[37..]).expect("CBOR").is_map());
    }
}

fn client_data(bytes: &[u8]) {
    let response = DEVICE.assertion(bytes.to_vec(), DEVICE.authenticator_data(0, &[]));
    let authenticated = PARTY.authenticate(&CHALLENGE, &response, &CREDENTIAL).is_ok();
    let response = RegistrationResponse { client_data: bytes.to_vec(), ..DEVICE.register(&CHALLENGE) };
    let registered = PARTY.register(&CHALLENGE, &response).is_ok();
    assert!(!(authenticated && registered), "one text for two ceremonies");
    if !(authenticated || registered) {
        return;
    }
    let said = strict_json::parse(bytes).expect("strict JSON");
    assert_eq!(said["type"], if registered { "webauthn.create" } else { "webauthn.get" });
    assert_eq!(said["challenge"], "YSBjaGFsbGVuZ2Ugb2YgdGhpcnR5LXR3byBieXRlcy4");
    assert_eq!(said["origin"], ORIGIN);
    assert!(said.get("topOrigin").is_none() && said.get("crossOrigin").is_none_or(|framed| framed == false), "{said}");
}

/// Four bytes are an edit: the part, the operation (insert, remove or replace), the place, and the new byte.
fn edits(data: &[u8]) {
    let genuine = honest();
    let mut bent = genuine.clone();
    for edit in data.chunks_exact(4) {
        let [part, what, place, with] = edit else { continue };
        let bytes = match part % 3 {
            0 => &mut bent.client_data,
            1 => &mut bent.authenticator_data,
            _ => &mut bent.signature,
        };
        let at = usize::from(*place) % bytes.len().max(1);
        match what % 3 {
            0 => bytes.insert(at, *with),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.get_mut(at).map_or((), |byte| *byte = *with),
        }
    }
    assert_eq!(PARTY.authenticate(&CHALLENGE, &bent, &CREDENTIAL).is_ok(), bent == genuine, "{bent:?} for {genuine:?}");
}
