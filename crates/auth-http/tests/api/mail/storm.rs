//! All that proofs do, at once and on two servers: whoever comes first, nothing breaks, and each proof is used once at most.

use std::{collections::BTreeMap, sync::Arc};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{NEW, ask_to_change, forget};
use crate::service::{PASSWORD, Service, on_every_engine};

/// How many send each request.
const EACH: usize = 4;

type Request = (Method, &'static str, Option<String>, Value);

on_every_engine! {
    async fn nothing_breaks_when_all_of_it_happens_at_once(engine) {
        let first = Arc::new(Service::with_mail(engine, &[]).await);
        let servers = [first.clone(), Arc::new(Service::with_mail_on(first.database.clone(), &[]).await)];
        let (ann, mut bob) = tokio::join!(requests(&first, "ann"), requests(&first, "bob"));
        // It is done before any password is hashed, and little can be done after it.
        bob.retain(|(_, path, _, _)| *path != "/auth/undo");
        let mut storm = JoinSet::new();
        for number in 0..EACH {
            for (method, path, access, body) in ann.iter().chain(&bob).cloned() {
                let service = servers[(number + path.len()) % 2].clone();
                storm.spawn(async move {
                    let answer = service.send(method, path, access.as_deref(), Some(body.clone())).await;
                    (format!("{path} {body}"), answer.status)
                });
            }
        }
        let mut done = BTreeMap::<String, usize>::new();
        for (request, status) in storm.join_all().await {
            assert!(status < 500, "{request}: {status}");
            *done.entry(request).or_default() += usize::from(status == 204);
        }
        let used: Vec<_> = done.iter().filter(|(request, _)| request.contains("\"token\"")).collect();
        assert!(used.len() == 7 && used.iter().all(|(_, times)| **times <= 1), "{used:#?}");
        for service in &servers {
            service.outbox_is_empty().await;
            assert!(!service.log_text().contains("\"ERROR\""), "{}", service.log_text());
        }
    }
}

/// What the owner of an account, who has it from all its mails, sends, and what others do.
async fn requests(service: &Service, name: &str) -> Vec<Request> {
    let email = format!("{name}@example.org");
    let moved = format!("{name}@new.example.org");
    let (tokens, verify) = service.register_with_mail(&email).await;
    ask_to_change(service, tokens.access(), &moved).await;
    let change = service.mail_to(&moved, 1).await;
    let undo = service.mail_to(&email, 2).await;
    forget(service, &email).await;
    let reset = service.mail_to(&email, 3).await;
    service.forget_mails_to(&email);
    service.forget_mails_to(&moved);
    let access = Some(tokens.access().to_owned());
    let post = |path: &'static str, access: &Option<String>, body: Value| (Method::POST, path, access.clone(), body);
    vec![
        post("/auth/email/verify", &access, json!({ "token": verify.token() })),
        post("/auth/email/confirm", &None, json!({ "token": change.token() })),
        post("/auth/password/reset", &None, json!({ "token": reset.token(), "new_password": NEW })),
        post("/auth/undo", &None, json!({ "token": undo.token() })),
        post("/auth/email/confirm", &access, json!({ "code": change.code() })),
        post("/auth/email", &access, json!({ "new_email": moved })),
        post("/auth/email", &access, json!({ "new_email": format!("{name}@other.example.org") })),
        post("/auth/password", &access, json!({ "current_password": PASSWORD, "new_password": NEW })),
        post("/auth/refresh", &None, json!({ "refresh_token": tokens.refresh() })),
        post("/auth/password/forgot", &None, json!({ "email": email })),
        post("/auth/email/verification", &None, json!({ "email": email })),
        post("/auth/login", &None, json!({ "email": email, "password": PASSWORD })),
        post("/auth/register", &None, json!({ "email": moved, "password": PASSWORD })),
        (Method::DELETE, "/auth/me", access.clone(), json!({ "password": NEW })),
    ]
}
