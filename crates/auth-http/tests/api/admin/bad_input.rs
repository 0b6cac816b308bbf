//! New accounts of the wrong shape, and ids that are none.

use reqwest::Method;
use serde_json::{Value, json};

use super::{administrator, start};
use crate::service::{Engine, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_the_wrong_shape_is_not_made() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let before = service.database.count("users");
    for (body, field, code) in [
        (json!({}), "email", "missing"),
        (json!({ "email": "x@example.org", "password": 1 }), "password", "wrong_type"),
        (json!({ "email": "x@example.org", "password_hash": 1 }), "password_hash", "wrong_type"),
        (json!({ "email": "x@example.org", "roles": {} }), "roles", "wrong_type"),
        (json!({ "email": "x@example.org", "roles": ["a b"] }), "roles", "invalid_role"),
        (json!({ "email": "x@example.org", "profile": 1 }), "profile", "wrong_type"),
        (json!({ "email": "x@example.org", "attributes": { "a": "x".repeat(5000) } }), "attributes", "too_large"),
        (json!({ "email": "x@example.org", "email_verified": "yes" }), "email_verified", "wrong_type"),
        (json!({ "email": "x@example.org", "disabled": null }), "disabled", "wrong_type"),
        (json!([]), "", "wrong_type"),
        (Value::Null, "", "wrong_type"),
    ] {
        assert_eq!(service.post_as(&admin, "/admin/users", Some(body.clone())).await.faults(), [(field, code)], "{body}");
    }
    let named = json!({ "email": "xavier@example.org", "password": "Xx1-xavier@example.org" });
    assert!(service.post_as(&admin, "/admin/users", Some(named)).await.faults().iter().any(|(field, _)| *field == "password"));
    assert_eq!(service.database.count("users"), before);
    let nulls = json!({ "email": "x@example.org", "password": PASSWORD, "roles": null, "profile": null, "attributes": null });
    assert_eq!(service.post_as(&admin, "/admin/users", Some(nulls)).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_id_is_nobodys() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    for id in
        ["x", "00000000-0000-7000-8000-000000000000", "00000000-0000-7000-8000-00000000000A", "ada@example.org", "%00", "'--"]
    {
        for (method, below) in [
            (Method::GET, ""),
            (Method::DELETE, ""),
            (Method::GET, "/sessions"),
            (Method::DELETE, "/sessions"),
            (Method::POST, "/password-reset"),
            (Method::POST, "/reset-factors"),
        ] {
            let answer = service.send(method.clone(), &format!("/admin/users/{id}{below}"), Some(&admin), None).await;
            assert_eq!(answer.refusal(), (404, "not_found"), "{method} {id}{below}");
        }
        assert_eq!(super::patch(&service, &admin, id, json!({})).await.refusal(), (404, "not_found"), "{id}");
    }
    assert_eq!(service.send(Method::PUT, "/admin/users", Some(&admin), None).await.refusal(), (405, "method_not_allowed"));
    assert_eq!(service.get_as(&admin, "/admin").await.refusal(), (404, "not_found"));
}
