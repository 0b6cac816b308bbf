//! Clients, keys and mails, as a console shows them.

use serde_json::json;

use super::{administrator, client, start};
use crate::service::{ENCRYPTION, Engine, Service};

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_shown_without_their_secrets() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let (first, _) = client(&service, "admin:read,admin:write").await;
    let (second, _) = client(&service, "admin:read").await;
    let page = service.get_as(&admin, "/admin/clients?limit=1").await;
    assert_eq!(page.body["clients"][0]["client_id"], *first, "{}", page.body);
    assert_eq!(page.body["clients"][0]["scopes"], json!(["admin:read", "admin:write"]));
    assert!(!page.body.to_string().contains("secret\""), "{}", page.body);
    let next = service.get_as(&admin, &format!("/admin/clients?limit=1&after={}", page.text("next"))).await;
    assert_eq!((&next.body["clients"][0]["client_id"], &next.body["next"]), (&json!(second), &json!(null)));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_shown_without_their_private_halves() {
    let service = Service::with(
        Engine::Sqlite,
        &[&super::ON[..], &[ENCRYPTION, ("JWT_ALGORITHM", "ES256"), ("JWT_ISSUER", "https://auth.example.org")]].concat(),
    )
    .await;
    let admin = administrator(&service, "ada@example.org").await;
    let keys = service.get_as(&admin, "/admin/keys").await;
    let published = service.get("/.well-known/jwks.json").await;
    assert_eq!(keys.body["keys"][0]["kid"], published.body["keys"][0]["kid"], "{}", keys.body);
    assert_eq!((&keys.body["keys"][0]["alg"], &keys.body["keys"][0]["state"]), (&json!("ES256"), &json!("active")));
    let text = keys.body.to_string();
    assert!(!text.contains("sealed") && !text.contains("\"d\""), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_shown_without_their_content() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    service.outbox_is_empty().await;
    tokio::task::block_in_place(|| {
        service.database.execute("UPDATE mail_outbox SET state = 'dead', last_error = '550 <b>no</b>'")
    });
    let dead = service.get_as(&admin, "/admin/outbox").await;
    assert_eq!(dead.body["mails"][0]["state"], "dead", "{}", dead.body);
    assert_eq!(dead.body["mails"][0]["last_error"], "550 <b>no</b>");
    for (query, count) in [("state=waiting", 0), ("state=dead", 1)] {
        let page = service.get_as(&admin, &format!("/admin/outbox?{query}")).await;
        assert_eq!(page.body["mails"].as_array().unwrap().len(), count, "{query}");
    }
    assert_eq!(service.get_as(&admin, "/admin/outbox?state=sent").await.faults(), [("state", "unknown_value")]);
}
