//! Roles and attributes in tokens and in what resource servers are told, and the last administrator.

use serde_json::{Value, json};

use crate::{
    oauth::introspect::Client,
    service::{Engine, PASSWORD, Service, command, on_every_engine},
    sessions::tokens::claims,
};

const FREE: [(&str, &str); 1] = [("ADMIN_REQUIRE_MFA", "false")];

fn give(service: &Service, email: &str, role: &str) {
    let (code, _, err) = service.command(&["users", "roles", "add", email, role], "");
    assert_eq!(code, 0, "{err}");
}

fn set(service: &Service, email: &str, name: &str, value: &Value) {
    let (code, _, err) = service.command(&["users", "set-attribute", email, name, &value.to_string()], "");
    assert_eq!(code, 0, "{err}");
}

on_every_engine! {
    async fn a_role_holds_in_tokens_from_the_next_refresh_and_in_answers_at_once(engine) {
        let service = Service::start(engine).await;
        let (client, tokens) = (Client::add(&service), service.register("ann@example.org").await);
        assert_eq!(claims(tokens.access()).get("roles"), None);
        assert_eq!(client.ask(&service, tokens.access()).await.body.get("roles"), None);
        give(&service, "ann@example.org", "editor");
        give(&service, "ann@example.org", "auditor");
        let roles = json!(["auditor", "editor"]);
        assert_eq!(service.me(tokens.access()).await.body["roles"], roles);
        assert_eq!(client.ask(&service, tokens.access()).await.body["roles"], roles);
        assert_eq!(client.ask(&service, tokens.refresh()).await.body["roles"], roles);
        let refreshed = service.refresh(tokens.refresh()).await;
        assert_eq!(claims(refreshed.access())["roles"], roles);
        assert_eq!(claims(refreshed.refresh()).get("roles"), None);
        assert_eq!(service.me(refreshed.access()).await.status, 200);
    }

    async fn a_token_says_the_attributes_that_the_operator_chose(engine) {
        let service = Service::with(engine, &[("TOKEN_CLAIMS", "plan, seats")]).await;
        let tokens = service.register("ann@example.org").await;
        set(&service, "ann@example.org", "plan", &json!({ "name": "gold" }));
        set(&service, "ann@example.org", "hidden", &json!(true));
        let said = claims(service.login("ann@example.org").await.access());
        assert_eq!((&said["plan"], said.get("seats"), said.get("hidden")), (&json!({ "name": "gold" }), None, None));
        assert_eq!(claims(tokens.access()).get("plan"), None);
        set(&service, "ann@example.org", "seats", &json!("x".repeat(1100)));
        let login = service.login("ann@example.org").await;
        assert_eq!((claims(login.access()).get("plan"), claims(login.access()).get("seats")), (None, None));
        let told = service.lines(1, |line| line["message"].as_str().is_some_and(|text| text.contains("TOKEN_CLAIMS"))).await;
        assert!(told[0].to_string().contains(service.me(login.access()).await.text("id")));
    }

    async fn the_longest_token_is_taken(engine) {
        let service = Service::with(engine, &[("TOKEN_CLAIMS", "plan"), ("JWT_ISSUER", &"i".repeat(1024)), ("JWT_AUDIENCE", &"a".repeat(1024))]).await;
        let (client, tokens) = (Client::add(&service), service.register("ann@example.org").await);
        let id = service.me(tokens.access()).await.text("id").to_owned();
        let roles: Vec<_> = (0..32).map(|number| format!("r{number:062}")).collect();
        let plan = json!({ "plan": "x".repeat(1000) });
        service.database.execute(&format!("UPDATE users SET roles = '{}', attributes = '{plan}' WHERE id = '{id}'", roles.join(" ")));
        let login = service.login("ann@example.org").await;
        assert_eq!((claims(login.access())["roles"].as_array().unwrap().len(), &claims(login.access())["plan"]), (32, &plan["plan"]));
        assert_eq!(service.me(login.access()).await.status, 200);
        assert_eq!(client.ask(&service, login.access()).await.body["active"], true);
    }

    async fn the_last_administrator_does_not_leave(engine) {
        let service = Service::with(engine, &FREE).await;
        let (ann, ben) = (service.register("ann@example.org").await, service.register("ben@example.org").await);
        give(&service, "ann@example.org", "admin");
        let leave = async |access: &str| service.delete_as(access, "/auth/me", Some(json!({ "password": PASSWORD }))).await;
        assert_eq!(leave(ann.access()).await.refusal(), (409, "last_administrator"));
        assert_eq!(service.me(ann.access()).await.status, 200);
        give(&service, "ben@example.org", "admin");
        assert_eq!(leave(ann.access()).await.status, 204);
        assert_eq!(leave(ben.access()).await.refusal(), (409, "last_administrator"));
    }

    async fn of_two_servers_that_remove_the_last_two_administrators_one_does(engine) {
        let service = Service::with(engine, &FREE).await;
        let other = Service::on(service.database.clone(), &FREE).await;
        for round in 0..6 {
            let (ann, ben) = (format!("ann{round}@example.org"), format!("ben{round}@example.org"));
            let (anns, bens) = (service.register(&ann).await, service.register(&ben).await);
            give(&service, &ann, "admin");
            give(&service, &ben, "admin");
            let body = || Some(json!({ "password": PASSWORD }));
            let (one, two) = futures_util::future::join(
                service.delete_as(anns.access(), "/auth/me", body()),
                other.delete_as(bens.access(), "/auth/me", body()),
            ).await;
            let mut statuses = [one.status, two.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [204, 409], "in round {round}");
            service.database.execute("DELETE FROM user_roles");
            service.database.execute("DELETE FROM users");
        }
    }
}

#[tokio::test]
async fn a_claim_that_has_a_meaning_is_a_fault_at_start_up() {
    let service = Service::start(Engine::Sqlite).await;
    for (names, told) in [("plan,roles", "`roles`"), ("sub", "`sub`"), ("plan,,seats", "empty"), ("plan,plan", "only once")] {
        let (code, _, err) = command(&service.database, &[("TOKEN_CLAIMS", names)], &["users", "list"], "");
        assert!(code != 0 && err.contains("TOKEN_CLAIMS") && err.contains(told), "{names}: {err}");
    }
}
