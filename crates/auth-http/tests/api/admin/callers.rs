//! Each endpoint by each kind of caller. An endpoint without a row fails.

use std::collections::BTreeSet;

use auth_http::routes;
use jsonwebtoken::{EncodingKey, Header};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{client, give_role};
use crate::{
    factors::{is_stale, password_alone},
    service::{ACCESS_SECRET, Answer, Engine, Service},
    sessions::tokens::{claims, sign},
};

/// What an endpoint takes, what it needs, and what it answers to whoever may.
struct Row {
    method: Method,
    path: &'static str,
    scope: &'static str,
    body: Option<Value>,
    status: u16,
}

fn row(method: Method, path: &'static str, scope: &'static str, body: Option<Value>, status: u16) -> Row {
    Row { method, path, scope, body, status }
}

fn rows() -> Vec<Row> {
    let (read, write) = ("admin:read", "admin:write");
    vec![
        row(Method::GET, "/admin/users", read, None, 200),
        row(Method::POST, "/admin/users", write, Some(json!({ "email": "{new}" })), 201),
        row(Method::POST, "/admin/users/import", write, Some(json!({ "email": "{new}" })), 200),
        row(Method::GET, "/admin/users/export", "admin:export", None, 200),
        row(Method::GET, "/admin/users/{id}", read, None, 200),
        row(Method::PATCH, "/admin/users/{id}", write, Some(json!({ "roles": ["staff"] })), 200),
        row(Method::DELETE, "/admin/users/{id}", write, None, 204),
        row(Method::POST, "/admin/users/{id}/password-reset", write, None, 202),
        row(Method::POST, "/admin/users/{id}/reset-factors", write, None, 204),
        row(Method::GET, "/admin/users/{id}/sessions", read, None, 200),
        row(Method::DELETE, "/admin/users/{id}/sessions", write, None, 204),
        row(Method::DELETE, "/admin/users/{id}/sessions/{sid}", write, None, 204),
        row(Method::GET, "/admin/audit", read, None, 200),
        row(Method::GET, "/admin/clients", read, None, 200),
        row(Method::GET, "/admin/keys", read, None, 200),
        row(Method::GET, "/admin/outbox", read, None, 200),
    ]
}

/// What a caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Missing,
    Invalid,
    Expired,
    NoRole,
    NoFactor,
    NotAal2,
    /// A client with this scope alone.
    Only(&'static str),
    Everything,
}

#[test]
fn every_endpoint_has_its_row() {
    let routed: BTreeSet<_> = routes::endpoints()
        .into_iter()
        .filter(|endpoint| endpoint.path.starts_with("/admin"))
        .flat_map(|endpoint| {
            assert_eq!(endpoint.tag, "admin", "{}", endpoint.path);
            endpoint.operations.into_iter().map(move |operation| format!("{} {}", operation.method, endpoint.path))
        })
        .collect();
    let tested: BTreeSet<_> = rows().iter().map(|row| format!("{} {}", row.method, row.path)).collect();
    assert_eq!(routed, tested);
}

/// Everybody who might call, with their tokens.
async fn everybody(service: &Service) -> Vec<(&'static str, Option<String>, Told)> {
    let person = service.register("person@example.org").await.access().to_owned();
    let other = service.register("other@example.org").await.access().to_owned();
    let without = service.register("without@example.org").await.access().to_owned();
    let (with, gone, ada) = (
        service.enrol("with@example.org").await,
        service.enrol("gone@example.org").await,
        service.enrol("ada@example.org").await,
    );
    // The last of these is no role that gets anybody in.
    let roles = [("without", "admin"), ("with", "admin"), ("gone", "admin"), ("ada", "admin"), ("other", "administrator")];
    for (name, role) in roles {
        tokio::task::block_in_place(|| give_role(&service.database, &format!("{name}@example.org"), role));
    }
    let lax = password_alone(service, &with).await.access().to_owned();
    tokio::task::block_in_place(|| assert_eq!(service.command(&["users", "disable", "gone@example.org"], "").0, 0));
    let mut old = claims(&ada.access);
    for (member, seconds) in [("iat", 7200), ("nbf", 7200), ("exp", 3600)] {
        old[member] = json!(old[member].as_i64().unwrap() - seconds);
    }
    let (_, read) = client(service, "admin:read").await;
    let (_, write) = client(service, "admin:write").await;
    let (_, export) = client(service, "admin:export").await;
    let (removed, of_removed) = client(service, "admin:read,admin:write").await;
    tokio::task::block_in_place(|| assert_eq!(service.command(&["clients", "remove", &removed], "").0, 0));
    let mut expired = claims(&read);
    for (member, seconds) in [("iat", 7200), ("exp", 7200)] {
        expired[member] = json!(expired[member].as_i64().unwrap() - seconds);
    }
    vec![
        ("nobody", None, Told::Missing),
        ("nonsense", Some("nonsense".to_owned()), Told::Invalid),
        ("a refresh token", Some(ada.refresh.clone()), Told::Invalid),
        ("a person", Some(person), Told::NoRole),
        ("a person with another role", Some(other), Told::NoRole),
        ("an administrator without a factor", Some(without), Told::NoFactor),
        ("an administrator by a password alone", Some(lax), Told::NotAal2),
        ("an administrator whose token has expired", Some(sign(&old, ACCESS_SECRET)), Told::Expired),
        ("an administrator who was disabled", Some(gone.access), Told::Invalid),
        ("an administrator", Some(ada.access), Told::Everything),
        ("a client that may read", Some(read), Told::Only("admin:read")),
        ("a client that may write", Some(write), Told::Only("admin:write")),
        ("a client that may export", Some(export), Told::Only("admin:export")),
        ("a client that was removed", Some(of_removed), Told::Invalid),
        ("a client whose token has expired", Some(sign_for_client(&expired)), Told::Expired),
    ]
}

/// As the server signs clients' own tokens (RFC 9068 section 2.1).
fn sign_for_client(claims: &Value) -> String {
    let header = Header { typ: Some("at+jwt".to_owned()), ..Header::default() };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(ACCESS_SECRET.as_bytes())).unwrap()
}

fn is_refused(answer: &Answer, told: Told, scope: &str, what: &str) {
    let challenge = answer.header("www-authenticate");
    let bearer = |error: &str| format!(r#"Bearer error="{error}""#);
    match told {
        Told::Missing => assert_eq!((answer.refusal(), challenge), ((401, "token_missing"), Some("Bearer")), "{what}"),
        Told::Invalid => {
            assert_eq!((answer.refusal(), challenge), ((401, "token_invalid"), Some(&*bearer("invalid_token"))), "{what}");
        }
        Told::Expired => {
            assert_eq!((answer.refusal(), challenge), ((401, "token_expired"), Some(&*bearer("invalid_token"))), "{what}");
        }
        Told::NoFactor => assert_eq!((answer.refusal(), challenge), ((403, "factor_required"), None), "{what}"),
        Told::NotAal2 => is_stale(answer, Some("aal2"), what),
        Told::NoRole | Told::Only(_) | Told::Everything => {
            let words = format!(r#"{}, scope="{scope}""#, bearer("insufficient_scope"));
            assert_eq!((answer.refusal(), challenge), ((403, "insufficient_scope"), Some(&*words)), "{what}");
        }
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
}

/// Calls an endpoint for an account of its own.
async fn call(service: &Service, row: &Row, token: Option<&str>, number: usize) -> Answer {
    let email = format!("target{number}@example.org");
    let session = service.register(&email).await;
    let claims = claims(session.access());
    let path = row.path.replace("{id}", claims["sub"].as_str().unwrap()).replace("{sid}", claims["sid"].as_str().unwrap());
    let new = json!(format!("new{number}@example.org"));
    let body = row.body.clone().map(|body| if body["email"] == "{new}" { json!({ "email": new }) } else { body });
    if path.ends_with("/import") {
        let request = service.request(Method::POST, &path).header("Content-Type", "application/x-ndjson");
        let request = token.into_iter().fold(request, RequestBuilder::bearer_auth);
        return Answer::of(request.body(body.unwrap_or_default().to_string())).await;
    }
    service.send(row.method.clone(), &path, token, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_endpoint_answers_those_who_may_and_nobody_else() {
    let service = Service::with_factors_and_mail(Engine::Sqlite, &[("ADMIN_API", "true")]).await;
    let callers = everybody(&service).await;
    let mut number = 0;
    for row in rows() {
        for (who, token, told) in &callers {
            number += 1;
            let what = format!("{} {} by {who}", row.method, row.path);
            let answer = call(&service, &row, token.as_deref(), number).await;
            let may = *told == Told::Everything || *told == Told::Only(row.scope);
            if may {
                assert_eq!(answer.status, row.status, "{what}: {}", answer.body);
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
            } else {
                is_refused(&answer, *told, row.scope, &what);
            }
        }
    }
    // Each refusal of somebody who has shown a good token, and none of a stranger's.
    let refusals = service.audited("admin_refused", 1).await;
    let kinds = rows().len();
    let by_reason = |reason: &str| refusals.iter().filter(|line| line["reason"].as_str().unwrap().starts_with(reason)).count();
    assert_eq!(by_reason("no_second_factor"), 2 * kinds);
    // Two people without the role, and of the three clients those that have another scope.
    assert_eq!(by_reason("insufficient_scope"), 2 * kinds + 2 * kinds);
    assert_eq!(refusals.len(), 6 * kinds);
}
