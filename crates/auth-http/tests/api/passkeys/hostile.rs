//! What no browser sends: each is refused, costs little, and brings nothing down.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{add, is_not_added, is_refused, login};
use crate::service::{Engine, Service, passkey};

fn encoded(bytes: &[u8]) -> Value {
    json!(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Bytes that are no attestation object, and would be much if they were.
fn objects() -> Vec<Vec<u8>> {
    let head = |kind: u8| [&[kind][..], &u64::MAX.to_be_bytes()].concat();
    let mut all = vec![Vec::new(), vec![0xa0], vec![0xff], vec![0x9f; 5000], vec![0x81; 5000], vec![0xbf, 0xff], b"{}".to_vec()];
    all.extend([0x5b, 0x7b, 0x9b, 0xbb].map(head));
    all.push([&[0xa3, 0x63][..], b"fmt"].concat());
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bytes_are_too_odd_to_be_refused() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    let tokens = service.register("ann@example.org").await;
    let mut key = passkey();
    let good = service.make(tokens.access(), &mut key).await;
    for object in objects() {
        for member in ["attestationObject", "clientDataJSON"] {
            let mut made = service.make(tokens.access(), &mut passkey()).await;
            made["credential"]["response"][member] = encoded(&object);
            is_not_added(&add(&service, tokens.access(), made).await, member);
        }
    }
    for length in [0, 1024, 5000] {
        let mut made = service.make(tokens.access(), &mut passkey()).await;
        made["credential"]["rawId"] = encoded(&vec![7; length]);
        is_not_added(&add(&service, tokens.access(), made).await, "an id that is not the credential's");
    }
    assert_eq!(add(&service, tokens.access(), good).await.status, 201, "asked for before all of that");
    for object in objects() {
        for member in ["clientDataJSON", "authenticatorData", "signature"] {
            let mut shown = service.show(&mut key).await;
            shown["credential"]["response"][member] = encoded(&object);
            is_refused(&login(&service, shown).await, member);
        }
    }
    // Cut off anywhere, and with one more byte.
    let shown = service.show(&mut key).await;
    for member in ["authenticatorData", "signature"] {
        let whole = crate::service::bytes(&shown["credential"]["response"][member]);
        for bytes in [&whole[..whole.len() - 1], &whole[..1], &[&whole[..], &[0]].concat()] {
            let mut shown = service.show(&mut key).await;
            shown["credential"]["response"][member] = encoded(bytes);
            is_refused(&login(&service, shown).await, member);
        }
    }
    assert_eq!(service.login_by(&mut key).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn base64_has_one_spelling() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    let tokens = service.register("ann@example.org").await;
    let mut key = passkey();
    service.add_passkey(tokens.access(), &mut key).await;
    for (text, fault) in [
        ("AA==", "invalid_base64url"),
        ("A", "invalid_base64url"),
        ("AB", "invalid_base64url"),
        ("+/8", "invalid_base64url"),
        ("AA AA", "invalid_base64url"),
        ("é", "invalid_base64url"),
    ] {
        let mut shown = service.show(&mut key).await;
        shown["credential"]["rawId"] = json!(text);
        assert_eq!(login(&service, shown).await.faults(), [("credential.rawId", fault)], "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_adds_is_ignored() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    let tokens = service.register("ann@example.org").await;
    let mut key = passkey();
    let mut made = service.make(tokens.access(), &mut key).await;
    made["credential"]["clientExtensionResults"] = json!({ "credProps": { "rk": true } });
    made["credential"]["response"]["publicKeyAlgorithm"] = json!(-8);
    made["credential"]["response"]["transports"] = json!(["internal", 7, "x".repeat(500), "hybrid", "a b", "internal"]);
    made["credential"]["authenticatorAttachment"] = json!(null);
    assert_eq!(add(&service, tokens.access(), made).await.status, 201);
    let options = service.post_as(tokens.access(), "/auth/passkeys/options", None).await;
    let transports = options.body["publicKey"]["excludeCredentials"][0]["transports"].clone();
    assert!(
        transports.as_array().unwrap().iter().all(|name| ["internal", "hybrid"].contains(&name.as_str().unwrap())),
        "{transports}"
    );
    let mut shown = service.show(&mut key).await;
    shown["credential"]["type"] = json!("something");
    shown["credential"]["id"] = json!("something");
    assert_eq!(login(&service, shown).await.status, 200);
}
