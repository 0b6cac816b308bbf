//! Many use one proof at once: one of them wins.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{NEW, ask_to_change, forget, login, mailbox};
use crate::service::{PASSWORD, Service, on_every_engine};

const MANY: usize = 32;

on_every_engine! {
    async fn one_of_many_uses_a_proof(engine) {
        let first = Arc::new(Service::with_mail(engine, &[]).await);
        let servers = [first.clone(), Arc::new(Service::with_mail_on(first.database.clone(), &[]).await)];
        let (tokens, letter) = first.register_with_mail("ann@example.org").await;
        race(&servers, "/auth/email/verify", Some(tokens.access()), &json!({ "token": letter.token() })).await;
        assert!(mailbox(&first, tokens.access()).await.1);

        ask_to_change(&first, tokens.access(), "ann@new.example.org").await;
        let letter = first.mail_to("ann@new.example.org", 1).await;
        race(&servers, "/auth/email/confirm", None, &json!({ "token": letter.token() })).await;
        assert_eq!(mailbox(&first, tokens.access()).await.0, "ann@new.example.org");

        let notice = first.mails_to("ann@example.org").await.pop().unwrap();
        race(&servers, "/auth/undo", None, &json!({ "token": notice.token() })).await;
        let letters = first.mails_to("ann@example.org").await;
        let resets = letters.iter().filter(|letter| letter.subject.starts_with("Choose a new password")).count();
        assert_eq!(resets, 1, "one undo, one mail");

        first.forget_mails_to("ann@example.org");
        forget(&first, "ann@example.org").await;
        let letter = first.mails_to("ann@example.org").await.pop().unwrap();
        race(&servers, "/auth/password/reset", None, &json!({ "token": letter.token(), "new_password": NEW })).await;
        assert_eq!(login(&first, "ann@example.org", NEW).await.status, 200);
    }

    async fn of_many_who_ask_at_once_one_gets_a_mail(engine) {
        let overrides = [("EMAIL_VERIFICATION", "required"), ("HASH_MAX_WAIT_SECONDS", "60")];
        let service = Arc::new(Service::with_mail(engine, &overrides).await);
        for path in ["/auth/register", "/auth/password/forgot", "/auth/email/verification"] {
            let email = format!("ann@{}.example.org", path.rsplit('/').next().unwrap());
            let mut racers = JoinSet::new();
            for _ in 0..MANY {
                let (service, body) = (service.clone(), json!({ "email": email, "password": PASSWORD }));
                racers.spawn(async move { service.post(path, body).await.status });
            }
            assert_eq!(racers.join_all().await, vec![202; MANY], "{path}");
            for table in ["mail_outbox WHERE recipient", "mailbox_proofs WHERE address", "mail_allowances WHERE address"] {
                let count = format!("SELECT COUNT(*) AS count FROM {table} = '{email}'");
                assert_eq!(service.database.number(&count), 1, "{path} {table}");
            }
        }
    }

    async fn of_many_codes_at_once_five_are_tried(engine) {
        let service = Arc::new(Service::with_mail(engine, &[]).await);
        let (_, letter) = service.register_with_mail("ann@example.org").await;
        let mut racers = JoinSet::new();
        for _ in 0..MANY {
            let (service, code) = (service.clone(), letter.wrong_code());
            let body = json!({ "email": "ann@example.org", "code": code, "password": PASSWORD });
            racers.spawn(async move { service.post("/auth/email/verify", body).await.refusal().0 });
        }
        assert_eq!(racers.join_all().await, vec![400; MANY]);
        let tries = "SELECT tries AS count FROM mailbox_proofs WHERE purpose = 'verify'";
        assert_eq!(service.database.number(tries), 5);
    }
}

async fn race(servers: &[Arc<Service>; 2], path: &'static str, access: Option<&str>, body: &Value) {
    let mut racers = JoinSet::new();
    for number in 0..MANY {
        let (service, access, body) = (servers[number % 2].clone(), access.map(str::to_owned), body.clone());
        racers.spawn(async move { service.send(Method::POST, path, access.as_deref(), Some(body)).await });
    }
    let mut answers: Vec<_> = racers.join_all().await.into_iter().map(|answer| answer.status).collect();
    answers.sort_unstable();
    assert_eq!(answers, [vec![204], vec![400; MANY - 1]].concat(), "{path}");
}
