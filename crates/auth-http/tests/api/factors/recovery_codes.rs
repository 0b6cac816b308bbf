//! POST /auth/factors/recovery-codes

use serde_json::json;

use super::{is_no_code, is_stale, password_alone, replace_codes};
use crate::{
    service::{Service, on_every_engine, passkey, texts},
    sessions::reauthenticate::an_hour_ago,
};

on_every_engine! {
    async fn ten_others_take_the_place_of_the_old_ones(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let token = service.first_step("ann@example.org").await;
        assert_eq!(service.second_step(&token, &owner.codes[0]).await.status, 200);
        let token = service.first_step("ann@example.org").await;
        let replaced = replace_codes(&service, &owner.access).await;
        assert_eq!((replaced.status, replaced.header("cache-control")), (200, Some("no-store")));
        assert_eq!(replaced.body.as_object().unwrap().len(), 1);
        let codes = texts(&replaced.body["recovery_codes"]);
        assert!(codes.len() == 10 && codes.iter().all(|code| !owner.codes.contains(code)), "{codes:?}");
        assert_eq!(service.factors(&owner.access).await.body["recovery_codes_left"], 10);
        assert_eq!(service.second_step(&token, &codes[0]).await.refusal(), (401, "token_invalid"), "of before");

        let token = service.first_step("ann@example.org").await;
        for old in &owner.codes[..3] {
            is_no_code(&service.second_step(&token, old).await, "an old one");
        }
        assert_eq!(service.second_step(&token, &codes[0]).await.status, 200);
        assert_eq!(service.me(&owner.access).await.status, 200, "sessions go on");
        assert_eq!(service.audited("recovery_codes_replaced", 1).await.len(), 1);
    }

    async fn they_stand_in_for_any_factor_and_are_nothing_without_one(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let tokens = service.register("ann@example.org").await;
        assert_eq!(replace_codes(&service, tokens.access()).await.refusal(), (404, "not_found"));
        service.start_app(tokens.access()).await;
        assert_eq!(replace_codes(&service, tokens.access()).await.refusal(), (404, "not_found"), "one that waits is none");
        assert_eq!(service.database.count("recovery_codes"), 0);
        let added = service.add_passkey(tokens.access(), &mut passkey()).await;
        let token = service.first_step("ann@example.org").await;
        assert_eq!(service.second_step(&token, &texts(&added.body["recovery_codes"])[0]).await.status, 200);
        assert_eq!(replace_codes(&service, added.access()).await.status, 200);
    }

    async fn when_all_are_used_there_are_none(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        for code in &owner.codes {
            let token = service.first_step("ann@example.org").await;
            assert_eq!(service.second_step(&token, code).await.status, 200);
        }
        assert_eq!(service.factors(&owner.access).await.body["recovery_codes_left"], 0);
        let asked = service.login("ann@example.org").await;
        assert_eq!(asked.body["factors"], json!(["totp"]), "what cannot be shown is not offered");
        assert_eq!(texts(&replace_codes(&service, &owner.access).await.body["recovery_codes"]).len(), 10);
        assert_eq!(service.login("ann@example.org").await.body["factors"], json!(["totp", "recovery_code"]));
    }

    async fn of_two_at_once_one_replaces_them(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let second = Service::with_factors_on(service.database.clone(), &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let (one, other) = tokio::join!(replace_codes(&service, &owner.access), replace_codes(&second, &owner.access));
        let won: Vec<_> = [&one, &other].into_iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(service.database.count("recovery_codes"), 10);
        // They may have come one after the other as well. Whoever was last told of codes has those that count.
        assert!(!won.is_empty(), "{} {}", one.body, other.body);
        let mut good = 0;
        for answer in won {
            let token = service.first_step("ann@example.org").await;
            let code = texts(&answer.body["recovery_codes"]).remove(0);
            good += usize::from(service.second_step(&token, &code).await.status == 200);
        }
        assert_eq!(good, 1);
    }

    async fn it_is_for_those_who_are_fresh(engine) {
        let service = Service::with_factors(engine, &[]).await;
        let owner = service.enrol("ann@example.org").await;
        let weak = password_alone(&service, &owner).await;
        is_stale(&replace_codes(&service, weak.access()).await, Some("aal2"), "without a second factor");
        an_hour_ago(&service);
        is_stale(&replace_codes(&service, &owner.access).await, None, "an hour ago");
        let token = service.first_step("ann@example.org").await;
        assert_eq!(service.second_step(&token, &owner.codes[0]).await.status, 200, "the old ones count still");
    }
}
