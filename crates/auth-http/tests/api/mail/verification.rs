//! POST /auth/email/verification

use serde_json::json;

use super::{ask_to_verify, is_done, is_no_proof, operate, verify};
use crate::service::{PASSWORD, Service, on_every_engine};

on_every_engine! {
    async fn an_address_that_is_not_verified_gets_another_mail(engine) {
        let service = Service::with_mail(engine, &[]).await;
        tokio::join!(
            a_newer_mail_takes_the_place_of_the_older(&service),
            a_verified_address_gets_none(&service),
            a_disabled_account_gets_none(&service),
            an_address_without_an_account_gets_none(&service),
        );
        assert!(service.audited("verification_sent", 3).await.iter().all(|event| event["outcome"] == "success"));
    }

    async fn so_does_a_registration_that_waits(engine) {
        let service = Service::with_mail(engine, &[("EMAIL_VERIFICATION", "required")]).await;
        let answer = service.post("/auth/register", crate::service::credentials("ann@example.org")).await;
        assert_eq!(answer.status, 202);
        let first = service.mail_to("ann@example.org", 1).await;
        service.forget_mails_to("ann@example.org");
        ask_to_verify(&service, " Ann@Example.ORG ").await;
        let second = service.mail_to("ann@example.org", 2).await;
        is_no_proof(&verify(&service, json!({ "token": first.token(), "password": PASSWORD })).await, "the older one");
        is_done(&verify(&service, json!({ "token": second.token(), "password": PASSWORD })).await, "the newer one");
        assert_eq!(service.login("ann@example.org").await.status, 200);
    }
}

async fn a_newer_mail_takes_the_place_of_the_older(service: &Service) {
    let (_, first) = service.register_with_mail("ann@example.org").await;
    service.forget_mails_to("ann@example.org");
    ask_to_verify(service, "ANN@example.org").await;
    let second = service.mail_to("ann@example.org", 2).await;
    assert_eq!(second.subject, "Confirm your address for auth.example.org");
    assert_eq!(second.link().unwrap().0, "https://auth.example.org/pages/verify");
    assert_ne!((first.token(), first.code()), (second.token(), second.code()));
    let with = |member: &str, value: &str| json!({ "email": "ann@example.org", "password": PASSWORD, member: value });
    is_no_proof(&verify(service, json!({ "token": first.token(), "password": PASSWORD })).await, "the older link");
    is_no_proof(&verify(service, with("code", first.code())).await, "the older code");
    is_done(&verify(service, with("code", second.code())).await, "the newer code");
}

async fn a_verified_address_gets_none(service: &Service) {
    service.register_verified("bob@example.org").await;
    service.forget_mails_to("bob@example.org");
    ask_to_verify(service, "bob@example.org").await;
    assert_eq!(service.mails_to("bob@example.org").await.len(), 1);
}

async fn a_disabled_account_gets_none(service: &Service) {
    service.register_with_mail("eve@example.org").await;
    tokio::task::block_in_place(|| operate(service, &["users", "disable", "eve@example.org"]));
    service.forget_mails_to("eve@example.org");
    ask_to_verify(service, "eve@example.org").await;
    assert_eq!(service.mails_to("eve@example.org").await.len(), 1);
}

async fn an_address_without_an_account_gets_none(service: &Service) {
    ask_to_verify(service, "nobody@example.org").await;
    assert!(service.mails_to("nobody@example.org").await.is_empty());
}
