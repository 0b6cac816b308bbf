//! A server that sends no mail has nothing of it.

use reqwest::Method;
use serde_json::json;

use crate::{
    oauth::introspect::Client,
    service::{Service, on_every_engine},
    sessions::tokens::claims,
};

const PATHS: [&str; 7] = [
    "/auth/email/verification",
    "/auth/email/verify",
    "/auth/password/forgot",
    "/auth/password/reset",
    "/auth/email",
    "/auth/email/confirm",
    "/auth/undo",
];

on_every_engine! {
    async fn nothing_of_it_is_there(engine) {
        let service = Service::with(engine, &[("PUBLIC_URL", "https://auth.example.org")]).await;
        let client = Client::add(&service);
        let tokens = service.register("ann@example.org").await;
        for path in PATHS {
            for body in [json!({}), json!({ "email": "ann@example.org", "token": "x", "new_email": "bob@example.org" })] {
                let answer = service.send(Method::POST, path, Some(tokens.access()), Some(body)).await;
                assert_eq!(answer.refusal(), (404, "not_found"), "{path}");
            }
        }
        for page in ["verify", "reset", "email", "undo"] {
            assert_eq!(service.get(&format!("/pages/{page}")).await.refusal(), (404, "not_found"), "{page}");
        }
        let me = service.me(tokens.access()).await;
        let said = client.ask(&service, tokens.access()).await;
        for whole in [&me.body, &said.body, &claims(tokens.access())] {
            assert_eq!((whole.get("email_verified"), whole.get("pending_email")), (Some(&json!(false)), None));
        }
        for table in ["mailbox_proofs", "mail_outbox", "mail_allowances", "pending_registrations"] {
            assert_eq!(service.database.count(table), 0, "{table}");
        }
    }
}
