//! DELETE /auth/me

use serde_json::json;

use crate::service::{PASSWORD, Service, on_every_engine};

on_every_engine! {
    async fn it_deletes_the_account_and_frees_the_address(engine) {
        let service = Service::start(engine).await;
        let other_server = Service::on(service.database.clone(), &[]).await;
        let own = service.register("ann@example.org").await;
        let other = service.login("ann@example.org").await;
        let bystander = service.register("bob@example.org").await;
        let old_id = service.me(own.access()).await.text("id").to_owned();
        let wrong = service.delete_as(own.access(), "/auth/me", Some(json!({ "password": "wrong" }))).await;
        assert_eq!(wrong.refusal(), (403, "password_mismatch"));
        assert_eq!(service.delete_as(own.access(), "/auth/me", Some(json!({}))).await.faults(), [("password", "missing")]);
        assert_eq!(service.me(other.access()).await.status, 200);
        let deleted = service.delete_as(own.access(), "/auth/me", Some(json!({ "password": PASSWORD }))).await;
        assert_eq!((deleted.status, deleted.body.is_null()), (204, true));
        for server in [&service, &other_server] {
            for tokens in [&own, &other] {
                assert_eq!(server.me(tokens.access()).await.refusal(), (401, "token_invalid"));
                assert_eq!(server.refresh(tokens.refresh()).await.refusal(), (401, "token_invalid"));
            }
            assert_eq!(server.login("ann@example.org").await.refusal(), (401, "invalid_credentials"));
        }
        assert_eq!(service.me(bystander.access()).await.status, 200);
        assert_eq!(service.audited("account_deleted", 1).await[0]["email"], "ann@example.org");
        let again = service.register("ann@example.org").await;
        assert_ne!(service.me(again.access()).await.text("id"), old_id);
    }
}
