//! POST /auth/logout

use crate::service::{Engine, Service, on_every_engine};

on_every_engine! {
    async fn it_ends_what_its_scope_says(engine) {
        let service = Service::start(engine).await;
        let other_server = Service::on(service.database.clone(), &[]).await;
        let bystander = service.register("bob@example.org").await;
        service.register("ann@example.org").await;
        for (query, own_lives, other_lives) in
            [("", false, true), ("?scope=local", false, true), ("?scope=others", true, false), ("?scope=all", false, false)]
        {
            let (own, other) = (service.login("ann@example.org").await, service.login("ann@example.org").await);
            let ended = service.post_as(own.access(), &format!("/auth/logout{query}"), None).await;
            assert_eq!((ended.status, ended.body.is_null()), (204, true), "{query}");
            for (tokens, lives) in [(&own, own_lives), (&other, other_lives), (&bystander, true)] {
                for server in [&service, &other_server] {
                    assert_eq!(server.me(tokens.access()).await.status, if lives { 200 } else { 401 }, "{query}");
                }
                if !lives {
                    assert_eq!(service.refresh(tokens.refresh()).await.refusal(), (401, "token_invalid"), "{query}");
                    assert_eq!(service.post_as(tokens.access(), "/auth/logout", None).await.refusal(), (401, "token_invalid"));
                }
            }
        }
        // local twice, and all once, ended the session they were asked with.
        assert_eq!(service.audited("logged_out", 3).await.len(), 3);
    }
}

#[tokio::test]
async fn an_unknown_scope_ends_nothing() {
    let service = Service::start(Engine::Sqlite).await;
    let tokens = service.register("ann@example.org").await;
    for query in ["?scope=everything", "?scope=", "?scope=ALL"] {
        let refused = service.post_as(tokens.access(), &format!("/auth/logout{query}"), None).await;
        assert_eq!(refused.faults(), [("scope", "unknown_scope")], "{query}");
    }
    assert_eq!(service.post_as(tokens.access(), "/auth/logout?scope=all&scope=local", None).await.refusal().0, 422);
    assert_eq!(service.me(tokens.access()).await.status, 200);
}
