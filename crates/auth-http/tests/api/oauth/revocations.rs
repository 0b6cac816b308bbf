//! The list of what is revoked, for services that verify tokens by themselves.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    service::{Answer, Engine, PASSWORD, Service, TestDatabase, on_every_engine},
    sessions::tokens::{claims, part, sign},
    signing_keys::keys::{keys, kid, published, server, verified},
};

const PATH: &str = "/oauth/revocations";

/// A list, once its signature is seen to be good.
async fn list(service: &Service, since: &str) -> Value {
    let answer = service.get(&format!("{PATH}?since={since}")).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/revocations+jwt")), "{}", answer.body);
    let text = answer.body.as_str().unwrap();
    assert_eq!(part(text, 0)["typ"], "revocations+jwt");
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    rules.set_required_spec_claims(&["iss"]);
    rules.validate_exp = false;
    rules.set_issuer(&[crate::signing_keys::keys::ISSUER]);
    let keys = published(service).await;
    let key = jsonwebtoken::DecodingKey::from_jwk(keys.find(&kid(text)).unwrap()).unwrap();
    jsonwebtoken::decode::<Value>(text, &key, &rules).unwrap().claims
}

fn names(list: &Value, token: &str) -> bool {
    list["sids"].as_array().unwrap().contains(&claims(token)["sid"])
}

on_every_engine! {
    async fn it_names_each_session_that_has_ended_however_it_did(engine) {
        let database = Arc::new(TestDatabase::create(engine));
        let (service, other) = (server(&database, "ES256", &[]).await, server(&database, "ES256", &[]).await);
        let gone = service.register("gone@example.org").await;
        let ann = service.register("ann@example.org").await;
        let first = list(&other, "").await;
        assert_eq!((&first["sids"], &first["kids"], &first["more"]), (&json!([]), &json!([]), &json!(false)));
        let (logged_out, reused, disabled) =
            (service.login("ann@example.org").await, service.login("ann@example.org").await, service.register("ben@example.org").await);
        assert_eq!(service.post_as(logged_out.access(), "/auth/logout", None).await.status, 204);
        for _ in 0..3 {
            let next = service.refresh(reused.refresh()).await;
            if next.status == 200 {
                service.refresh(next.refresh()).await;
            }
        }
        assert_eq!(service.delete_as(gone.access(), "/auth/me", Some(json!({ "password": PASSWORD }))).await.status, 204);
        assert_eq!(service.command(&["users", "disable", "ben@example.org"], "").0, 0);
        for since in ["", first["next"].as_str().unwrap()] {
            let list = list(&other, since).await;
            for ended in [&logged_out, &reused, &disabled, &gone] {
                assert!(names(&list, ended.access()), "{list}");
            }
            assert!(!names(&list, ann.access()), "it is alive");
        }
    }
}

#[tokio::test]
async fn it_is_sent_again_only_when_something_happened() {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let service = server(&database, "ES256", &[]).await;
    let ann = service.register("ann@example.org").await;
    let answer = service.get(PATH).await;
    let tag = answer.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("W/") && answer.header("cache-control") == Some("no-cache"));
    let again = async || Answer::of(service.request(Method::GET, PATH).header("if-none-match", &tag)).await.status;
    assert_eq!(again().await, 304);
    assert_eq!(service.post_as(ann.access(), "/auth/logout", None).await.status, 204);
    assert_eq!(again().await, 200);
}

#[tokio::test]
async fn it_names_keys_that_are_revoked() {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let service = server(&database, "ES256", &[]).await;
    let ann = service.register("ann@example.org").await;
    let key = kid(ann.access());
    let _revoked = keys(&database, "ES256", &["revoke", &key, "--compromised"]);
    assert_eq!(list(&service, "").await["kids"], json!([key]));
}

#[tokio::test]
async fn it_is_no_access_token_and_is_signed_with_the_secret_where_that_signs() {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    for service in [Service::on(database.clone(), &[]).await, server(&database, "ES256", &[]).await] {
        let text = service.get(PATH).await.body.as_str().unwrap().to_owned();
        let answer = service.me(&text).await;
        assert_eq!((answer.status, answer.problem()), (401, "token_invalid"));
        if part(&text, 0)["alg"] == "HS256" {
            let again = sign(&claims(&text), crate::service::ACCESS_SECRET);
            assert_ne!(again, text, "another typ");
        } else {
            assert!(verified(&text, &published(&service).await).is_err(), "no exp: nothing that checks tokens takes it");
        }
    }
}

#[tokio::test]
async fn a_place_that_is_none_is_told() {
    let service = Service::start(Engine::Sqlite).await;
    for wrong in ["x", "-", "1_2"] {
        let answer = service.get(&format!("{PATH}?since={wrong}")).await;
        assert_eq!((answer.status, answer.problem()), (422, "validation_failed"));
        assert_eq!(answer.body["errors"][0]["field"], "since");
    }
}
