//! POST /auth/passkeys

use auth_domain::factors::{
    one_time_token::{OneTimePurpose, OneTimeToken},
    ports::OneTimeTokenCodec,
};
use auth_infra::{
    one_time_tokens::HmacOneTimeTokens,
    webauthn::authenticator::{
        Algorithm, BACKED_UP, BACKUP_ELIGIBLE, PRESENT, VERIFIED, VirtualAuthenticator, authentication_json, registration_json,
    },
};
use serde_json::{Value, json};

use super::{add, is_not_added, is_refused, login, named, reasons};
use crate::{
    factors::methods,
    service::{Answer, Engine, ORIGIN, REFRESH_SECRET, RP_ID, Service, bytes, on_every_engine, passkey, texts},
    sessions::{reauthenticate::an_hour_ago, tokens::claims},
};

on_every_engine! {
    async fn it_is_a_factor_and_the_session_one_with_a_factor(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let other_server = Service::with_factors_on(service.database.clone(), &[]).await;
        let tokens = service.register("ann@example.org").await;
        let other = service.login("ann@example.org").await;
        let mut key = passkey();
        let made = named(&service.make(tokens.access(), &mut key).await, json!("Ann's laptop"));
        let then = an_hour_ago(&service);
        let added = add(&other_server, tokens.access(), made).await;
        assert_eq!((added.status, added.header("cache-control")), (201, Some("no-store")), "asked of one server, added at the other");
        let names: Vec<_> = added.body.as_object().unwrap().keys().cloned().collect();
        let expected = ["access_token", "created_at", "expires_in", "id", "last_used_at", "name", "recovery_codes", "token_type", "type"];
        assert_eq!(names, expected);
        assert_eq!((added.text("type"), added.text("name"), &added.body["last_used_at"]), ("passkey", "Ann's laptop", &Value::Null));
        let codes = texts(&added.body["recovery_codes"]);
        assert_eq!(codes.len(), 10);
        let said = claims(added.access());
        assert_eq!((&said["amr"], &said["acr"]), (&json!(["pwd", "hwk", "user", "mfa"]), &json!("aal2")));
        assert!(said["auth_time"].as_i64().unwrap() > then + 3000 && said["sid"] == claims(tokens.access())["sid"], "{said}");
        for server in [&service, &other_server] {
            assert_eq!(server.me(other.access()).await.refusal(), (401, "token_invalid"), "other sessions end");
            assert_eq!(server.me(tokens.access()).await.status, 200);
        }
        let listed = service.factors(added.access()).await.body["factors"][0].clone();
        assert!(["id", "type", "name", "created_at"].iter().all(|member| listed[member] == added.body[member]), "{listed}");
        assert_eq!(service.login("ann@example.org").await.body["factors"], json!(["passkey", "recovery_code"]));
        assert_eq!(service.login_by(&mut key).await.status, 200);
        let second = service.add_passkey(added.access(), &mut passkey()).await;
        assert_eq!((&second.body["recovery_codes"], second.text("name")), (&json!([]), "Passkey"));
        assert_eq!(methods(&service, "factor_added", 1).await, ["passkey"]);
        assert_eq!(service.audited("session_ended", 1).await[0]["reason"], "factor_added");
    }

    async fn every_algorithm_and_backup_state_is_taken(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let mut access = service.register("ann@example.org").await.access().to_owned();
        for algorithm in Algorithm::ALL {
            for (flags, kind) in [(0, "hwk"), (BACKUP_ELIGIBLE, "swk"), (BACKUP_ELIGIBLE | BACKED_UP, "swk")] {
                let mut key = VirtualAuthenticator::new(algorithm, RP_ID, ORIGIN);
                key.flags |= flags;
                access = service.add_passkey(&access, &mut key).await.access().to_owned();
                let begun = service.login_by(&mut key).await;
                assert_eq!((begun.status, &claims(begun.access())["amr"]), (200, &json!([kind, "user", "mfa"])), "{algorithm:?} {flags}");
            }
        }
        assert_eq!(service.database.count("passkeys WHERE backup_eligible"), 6);
        assert_eq!(service.database.count("passkeys WHERE backed_up"), 3);
    }

    async fn whatever_is_wrong_with_it_is_answered_alike(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.register("ann@example.org").await;
        let access = owner.access();
        let attempt = async |change: &dyn Fn(&mut VirtualAuthenticator)| {
            let mut key = passkey();
            change(&mut key);
            let made = service.make(access, &mut key).await;
            add(&service, access, made).await
        };
        is_not_added(&attempt(&|key| key.origin = "https://evil.example.net".to_owned()).await, "another page");
        is_not_added(&attempt(&|key| key.origin = "http://auth.example.org".to_owned()).await, "an insecure page");
        is_not_added(&attempt(&|key| key.relying_party = "example.org".to_owned()).await, "another relying party");
        is_not_added(&attempt(&|key| key.flags = PRESENT).await, "its user was not verified");
        is_not_added(&attempt(&|key| key.flags = VERIFIED).await, "its user was not there");
        is_not_added(&attempt(&|key| key.flags |= BACKED_UP).await, "backed up, though it cannot be");
        is_not_added(&attempt(&|key| key.id = Vec::new()).await, "no id");

        let mut key = passkey();
        let other = service.make(access, &mut key).await;
        let mut crossed = service.make(access, &mut key).await;
        crossed["credential"] = other["credential"].clone();
        is_not_added(&add(&service, access, crossed.clone()).await, "an answer to another challenge");
        crossed["credential"] = json!({ "rawId": "AA", "response": { "clientDataJSON": "AA", "attestationObject": "AA" } });
        is_not_added(&add(&service, access, crossed).await, "a challenge that is used up");
        let login = service.challenge().await.0;
        is_not_added(&add(&service, access, json!({ "challenge_id": login, "credential": other["credential"] })).await, "of a login");
        assert_eq!(service.factors(access).await.body["factors"], json!([]));
        let expected = ["wrong_origin", "wrong_origin", "wrong_relying_party", "user_not_verified", "user_not_verified", "backup_state"];
        let reasons = reasons(&service, 10).await;
        assert_eq!((&reasons[..6], &reasons[7..]), (&expected.map(String::from)[..], &["wrong_challenge", "challenge", "challenge"].map(String::from)[..]));
    }

    async fn a_challenge_is_of_one_account_as_it_is_and_counts_once(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let (ann, bob) = (service.register("ann@example.org").await, service.register("bob@example.org").await);
        let mut key = passkey();
        let made = service.make(ann.access(), &mut key).await;
        is_not_added(&add(&service, bob.access(), made.clone()).await, "another account's");
        assert_eq!(add(&service, ann.access(), made.clone()).await.status, 201, "which used nothing up");
        is_not_added(&add(&service, ann.access(), made).await, "the second time");
        let before = service.make(ann.access(), &mut passkey()).await;
        service.add_app(ann.access()).await;
        is_not_added(&add(&service, ann.access(), before).await, "the account has changed");
        // The credential of somebody else.
        let stolen = service.make(bob.access(), &mut key).await;
        is_not_added(&add(&service, bob.access(), stolen).await, "another account has it");
        assert_eq!(service.database.count("passkeys"), 1);
        assert_eq!(reasons(&service, 4).await, ["challenge", "challenge", "challenge", "credential_taken"]);
    }

    async fn a_challenge_counts_for_five_minutes(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        let codec = HmacOneTimeTokens::new(REFRESH_SECRET.as_bytes()).unwrap();
        let mut key = passkey();
        for (minutes, is_good) in [(-1, false), (0, false), (4, true)] {
            let mut made = service.make(tokens.access(), &mut key).await;
            let token = codec.decode(made["challenge_id"].as_str().unwrap()).unwrap();
            assert!(matches!(token.purpose, OneTimePurpose::RegisterPasskey { .. }));
            let now = token.expires_at - chrono::TimeDelta::minutes(5);
            let moved = OneTimeToken { expires_at: now + chrono::TimeDelta::minutes(minutes), ..token };
            made["challenge_id"] = json!(codec.encode(&moved));
            let answer = add(&service, tokens.access(), made).await;
            if is_good { assert_eq!(answer.status, 201) } else { is_not_added(&answer, "expired") }
        }
    }

    async fn of_many_at_once_one_adds_it(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(service.database.clone(), &[]).await;
        let tokens = service.register("ann@example.org").await;
        let mut key = passkey();
        let made = service.make(tokens.access(), &mut key).await;
        // And the same credential for other challenges.
        let others = [service.make(tokens.access(), &mut key).await, service.make(tokens.access(), &mut key).await];
        let bodies = [&made, &made, &made, &made, &others[0], &others[1]];
        let attempts = bodies.into_iter().enumerate().map(|(number, body)| add([&service, &second][number % 2], tokens.access(), body.clone()));
        let answers: Vec<Answer> = futures_util::future::join_all(attempts).await;
        let added: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert_eq!(added.len(), 1, "{answers:#?}");
        answers.iter().filter(|answer| answer.status != 201).for_each(|answer| is_not_added(answer, "too late"));
        let codes = texts(&added[0].body["recovery_codes"]);
        let token = service.first_step("ann@example.org").await;
        assert_eq!(service.second_step(&token, &codes[0]).await.status, 200, "its codes are the ones that count");
        assert_eq!((service.database.count("passkeys"), service.database.count("recovery_codes")), (1, 10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_adds_one_logs_nobody_in_and_the_other_way_round() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    let tokens = service.register("ann@example.org").await;
    let mut key = passkey();
    let made = service.make(tokens.access(), &mut key).await;
    let options = service.post_as(tokens.access(), "/auth/passkeys/options", None).await;
    let challenge = bytes(&options.body["publicKey"]["challenge"]);
    service.add_passkey(tokens.access(), &mut key).await;
    let shown =
        json!({ "challenge_id": options.body["challenge_id"], "credential": authentication_json(&key.authenticate(&challenge)) });
    is_refused(&login(&service, shown).await, "the challenge of another ceremony");
    let (id, challenge) = service.challenge().await;
    let registration = json!({ "challenge_id": id, "credential": registration_json(&passkey().register(&challenge)) });
    is_not_added(&add(&service, tokens.access(), registration).await, "the challenge of another ceremony");
    assert_eq!(service.post("/auth/passkeys", made.clone()).await.refusal(), (401, "token_missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_judged_before_the_challenge_is_used_up() {
    let service = Service::with_factors(Engine::Sqlite, &[]).await;
    let tokens = service.register("ann@example.org").await;
    let made = service.make(tokens.access(), &mut passkey()).await;
    for (name, fault) in [
        (json!(""), "too_short"),
        (json!("x".repeat(65)), "too_long"),
        (json!("a\nb"), "control_character"),
        (json!(7), "wrong_type"),
    ] {
        assert_eq!(add(&service, tokens.access(), named(&made, name)).await.faults(), [("name", fault)]);
    }
    let added = add(&service, tokens.access(), named(&made, json!("李".repeat(64)))).await;
    assert_eq!((added.status, added.text("name")), (201, &*"李".repeat(64)));
}
