//! How many mails an address gets.

use serde_json::json;

use super::{NEW, ask_to_change, ask_to_verify, forget, is_done, mailbox, reset, verify};
use crate::service::{Engine, PASSWORD, Service, on_every_engine};

on_every_engine! {
    async fn an_address_gets_one_mail_a_minute_and_five_an_hour(engine) {
        let service = Service::with_mail(engine, &[]).await;
        let other_server = Service::with_mail_on(service.database.clone(), &[]).await;
        tokio::join!(
            a_second_mail_within_a_minute_is_not_sent(&service, &other_server),
            a_sixth_mail_within_an_hour_is_not_sent(&service),
            each_purpose_counts_by_itself(&service),
            a_change_that_is_not_sent_changes_nothing(&service),
            an_address_without_an_account_counts_alike(&service),
        );
    }
}

async fn suppressed(service: &Service, email: &str) -> usize {
    service.outbox_is_empty().await;
    let count = |event: &&serde_json::Value| event["event"] == "mail_suppressed" && event["email"] == email;
    service.events().iter().filter(count).count()
}

async fn a_second_mail_within_a_minute_is_not_sent(service: &Service, other_server: &Service) {
    service.register_verified("ann@example.org").await;
    forget(service, "ann@example.org").await;
    let letter = service.mail_to("ann@example.org", 2).await;
    for server in [service, other_server, service] {
        forget(server, "Ann@example.org").await;
    }
    assert_eq!(service.mails_to("ann@example.org").await.len(), 2);
    assert_eq!((suppressed(service, "ann@example.org").await, suppressed(other_server, "ann@example.org").await), (2, 1));
    is_done(&reset(service, letter.token(), NEW).await, "the older proof stays good");
}

async fn a_sixth_mail_within_an_hour_is_not_sent(service: &Service) {
    service.register_verified("bob@example.org").await;
    // As if the newest one had been sent two minutes before.
    let a_while_ago = "UPDATE mail_allowances SET sent_1 = sent_2 WHERE address = 'bob@example.org' AND purpose = 'reset'";
    for nth in 1..=5 {
        forget(service, "bob@example.org").await;
        assert_eq!(service.mails_to("bob@example.org").await.len(), 1 + nth);
        let seconds_ago = |seconds: u32| match service.database.engine() {
            Engine::Sqlite => format!("datetime('now', '-{seconds} seconds')"),
            Engine::Postgres => format!("(now() AT TIME ZONE 'UTC') - interval '{seconds} seconds'"),
            #[cfg(feature = "mysql")]
            Engine::Mysql => format!("UTC_TIMESTAMP(6) - INTERVAL {seconds} SECOND"),
        };
        service.database.execute(&a_while_ago.replace("= sent_2", &format!("= {}", seconds_ago(61))));
    }
    forget(service, "bob@example.org").await;
    assert_eq!(service.mails_to("bob@example.org").await.len(), 6);
    assert_eq!(suppressed(service, "bob@example.org").await, 1);
    service.database.execute("UPDATE mail_allowances SET sent_5 = '2026-01-01 00:00:00' WHERE address = 'bob@example.org'");
    forget(service, "bob@example.org").await;
    assert_eq!(service.mails_to("bob@example.org").await.len(), 7);
}

async fn each_purpose_counts_by_itself(service: &Service) {
    let (_, letter) = service.register_with_mail("eve@example.org").await;
    ask_to_verify(service, "eve@example.org").await;
    assert_eq!(suppressed(service, "eve@example.org").await, 1, "registering has sent one");
    forget(service, "eve@example.org").await;
    service.mail_to("eve@example.org", 2).await;
    assert_eq!(suppressed(service, "eve@example.org").await, 1);
    let body = json!({ "token": letter.token(), "password": PASSWORD });
    is_done(&verify(service, body).await, "what was not sent voids nothing");
}

async fn a_change_that_is_not_sent_changes_nothing(service: &Service) {
    let (first, second) =
        (service.register_verified("dan@example.org").await, service.register_verified("don@example.org").await);
    ask_to_change(service, first.access(), "shared@example.org").await;
    service.mail_to("dan@example.org", 2).await;
    ask_to_change(service, second.access(), "shared@example.org").await;
    assert_eq!(mailbox(service, second.access()).await.2, serde_json::Value::Null);
    assert_eq!(service.mails_to("don@example.org").await.len(), 1, "no notice either");
    let letter = service.mails_to("shared@example.org").await;
    assert_eq!(letter.len(), 1);
    is_done(&super::confirm(service, letter[0].token()).await, "the first one's");
}

async fn an_address_without_an_account_counts_alike(service: &Service) {
    for _ in 0..2 {
        forget(service, "nobody@example.org").await;
        ask_to_verify(service, "nobody@example.org").await;
    }
    assert_eq!(suppressed(service, "nobody@example.org").await, 2);
    let kept = "SELECT COUNT(*) AS count FROM mail_allowances WHERE address = 'nobody@example.org'";
    assert_eq!(service.database.number(kept), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_no_bearer_draws_on_the_budget_of_logins() {
    let budgets = [("RATE_LIMIT_REQUESTS", "2"), ("RATE_LIMIT_SESSION_REQUESTS", "50"), ("RATE_LIMIT_WINDOW", "3600")];
    let service = Service::with_mail(Engine::Sqlite, &budgets).await;
    let tokens = service.register("ann@example.org").await;
    let answer = service.post_as(tokens.access(), "/auth/email", Some(json!({ "new_email": "bob@example.org" }))).await;
    assert_eq!((answer.status, answer.header("ratelimit-limit")), (202, Some("50")));
    let answer = service.post("/auth/password/forgot", json!({ "email": "ann@example.org" })).await;
    assert_eq!((answer.status, answer.header("ratelimit-limit")), (202, Some("2")));
    let paths = ["/auth/email/verification", "/auth/email/verify", "/auth/password/forgot", "/auth/password/reset"];
    for path in paths.into_iter().chain(["/auth/email/confirm", "/auth/undo"]) {
        assert_eq!(service.post(path, json!({})).await.refusal(), (429, "rate_limited"), "{path}");
    }
    for page in ["verify", "reset", "email", "undo", "style.css", "pages.js", "links.js"] {
        let page = service.get(&format!("/pages/{page}")).await;
        assert_eq!((page.status, page.header("ratelimit-limit")), (200, None));
    }
}
