//! POST /auth/passkeys/options and POST /auth/passkeys/login/options

use std::collections::BTreeSet;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::json;

use super::{add, is_not_added};
use crate::{
    factors::{ids, is_done, is_stale, password_alone, remove},
    service::{Engine, RP_ID, Service, bytes, on_every_engine, passkey},
    sessions::reauthenticate::an_hour_ago,
};

const PATH: &str = "/auth/passkeys/options";

on_every_engine! {
    async fn those_for_a_new_one_are_what_a_browser_takes(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        let before = service.database.count("one_time_tokens");
        let answer = service.post_as(tokens.access(), PATH, None).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
        let id = uuid_bytes(service.me(tokens.access()).await.text("id"));
        let mut told = answer.body["publicKey"].clone();
        assert_eq!(bytes(&told["challenge"]).len(), 32);
        told["challenge"] = json!("");
        assert_eq!(told, json!({
            "rp": { "id": RP_ID, "name": "auth.example.org" },
            "user": { "id": BASE64_URL_SAFE_NO_PAD.encode(&id), "name": "ann@example.org", "displayName": "ann@example.org" },
            "challenge": "",
            "pubKeyCredParams": [
                { "type": "public-key", "alg": -7 }, { "type": "public-key", "alg": -8 }, { "type": "public-key", "alg": -257 },
            ],
            "timeout": 300_000,
            "excludeCredentials": [],
            "authenticatorSelection": { "residentKey": "required", "requireResidentKey": true, "userVerification": "required" },
            "attestation": "none",
        }));
        assert_eq!(id.len(), 16, "the handle says nothing of its owner");

        let mut key = passkey();
        let added = service.add_passkey(tokens.access(), &mut key).await;
        let excluded = service.post_as(added.access(), PATH, None).await.body["publicKey"]["excludeCredentials"].clone();
        let expected = json!([{ "type": "public-key", "id": BASE64_URL_SAFE_NO_PAD.encode(&key.id), "transports": ["internal"] }]);
        assert_eq!(excluded, expected);
        assert_eq!(service.database.count("one_time_tokens"), before + 1, "that of the passkey that was added");
    }

    async fn those_of_a_login_name_nobody_and_write_nothing(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        service.add_passkey(&owner.access, &mut passkey()).await;
        let rows = service.database.count("one_time_tokens");
        let mut challenges = BTreeSet::new();
        for _ in 0..20 {
            let answer = service.send(Method::POST, "/auth/passkeys/login/options", None, None).await;
            assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
            let mut told = answer.body["publicKey"].clone();
            challenges.insert(bytes(&told["challenge"]));
            told["challenge"] = json!("");
            assert_eq!(told, json!({ "challenge": "", "timeout": 300_000, "rpId": RP_ID, "userVerification": "required" }));
        }
        assert_eq!(challenges.len(), 20);
        assert!(challenges.iter().all(|challenge| challenge.len() == 32));
        assert_eq!(service.database.count("one_time_tokens"), rows);
    }

    async fn an_account_has_twenty_at_most(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let mut access = service.register("ann@example.org").await.access().to_owned();
        let late = service.make(&access, &mut passkey()).await;
        for number in 0..20 {
            let added = service.add_passkey(&access, &mut passkey()).await;
            assert_eq!(added.body["recovery_codes"].as_array().unwrap().len(), if number == 0 { 10 } else { 0 });
            access = added.access().to_owned();
        }
        assert_eq!(service.post_as(&access, PATH, None).await.refusal(), (409, "factor_limit"));
        is_not_added(&add(&service, &access, late).await, "asked for before");
        service.add_app(&access).await;
        let one = ids(&service, &access).await.remove(0);
        is_done(&remove(&service, &access, &one).await, "one less");
        service.add_passkey(&access, &mut passkey()).await;
        assert_eq!(service.database.count("passkeys"), 20);
    }

    async fn those_for_a_new_one_are_for_those_who_are_fresh(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let weak = password_alone(&service, &owner).await;
        is_stale(&service.post_as(weak.access(), PATH, None).await, Some("aal2"), "without a second factor");
        an_hour_ago(&service);
        is_stale(&service.post_as(&owner.access, PATH, None).await, None, "an hour ago");
    }
}

fn uuid_bytes(id: &str) -> Vec<u8> {
    let digits: Vec<_> = id.bytes().filter(|byte| *byte != b'-').collect();
    digits.chunks(2).map(|byte| u8::from_str_radix(str::from_utf8(byte).unwrap(), 16).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_get_those_of_a_login_alone() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    assert_eq!(service.send(Method::POST, PATH, None, None).await.refusal(), (401, "token_missing"));
    let login = service.post("/auth/passkeys/login/options", json!({ "email": "ann@example.org" })).await;
    assert!(login.status == 200 && login.body["publicKey"].get("allowCredentials").is_none(), "{}", login.body);
}
