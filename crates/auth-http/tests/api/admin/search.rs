//! Finding accounts, a page at a time.

use reqwest::Method;
use serde_json::{Value, json};

use super::{administrator, client, patch, start};
use crate::service::{Answer, Engine, Service, eventually, on_every_engine};

fn emails(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{}", page.body);
    page.body["users"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
}

/// Every address that a search finds, by the links from page to page.
async fn all(service: &Service, admin: &str, query: &str) -> Vec<String> {
    let (mut path, mut found) = (format!("/admin/users?{query}"), Vec::new());
    loop {
        let page = service.get_as(admin, &path).await;
        found.extend(emails(&page));
        let Value::String(next) = &page.body["next"] else {
            assert_eq!(page.header("link"), None);
            return found;
        };
        let link = page.header("link").unwrap();
        path = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).unwrap().to_owned();
        assert!(path.ends_with(&format!("after={next}")), "{path}");
    }
}

on_every_engine! {
    async fn accounts_are_found_by_what_is_known_of_them(engine) {
        let service = start(engine).await;
        let admin = administrator(&service, "ada@example.org").await;
        for (email, roles, disabled, verified) in [
            ("ann@example.org", json!(["staff"]), false, true),
            ("anna@example.org", json!(["staff", "editor"]), true, true),
            ("ben@example.org", json!(null), true, false),
            ("cid@example.com", json!(["staff"]), false, false),
        ] {
            let made = service.post_as(&admin, "/admin/users", Some(json!({ "email": email, "disabled": disabled, "email_verified": verified }))).await;
            assert_eq!(patch(&service, &admin, made.text("id"), json!({ "roles": roles })).await.status, 200);
        }
        for (query, expected) in [
            ("", &["ada", "ann", "anna", "ben", "cid"][..]),
            ("prefix=ANN", &["ann", "anna"]),
            ("prefix=ann%40", &["ann"]),
            ("email=%20Ann%40Example.org", &["ann"]),
            ("email=nobody%40example.org", &[]),
            ("role=staff", &["ann", "anna", "cid"]),
            ("role=staff&status=disabled", &["anna"]),
            ("role=nobody", &[]),
            ("status=enabled", &["ada", "ann", "cid"]),
            ("status=disabled&verified=false", &["ben"]),
            ("verified=true&prefix=an", &["ann", "anna"]),
            ("email=ann%40example.org&status=disabled", &[]),
            ("status=&role=&prefix=&unknown=1", &["ada", "ann", "anna", "ben", "cid"]),
        ] {
            for limit in [1, 2, 200] {
                let mut found = all(&service, &admin, &format!("{query}&limit={limit}")).await;
                found.sort();
                let names: Vec<_> = found.iter().map(|email| email.split('@').next().unwrap()).collect();
                assert_eq!(names, expected, "{query}, by {limit}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_factors() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let (ben, _) = (service.enrol("ben@example.org").await, service.register("cid@example.org").await);
    let page = service.get_as(&admin, "/admin/users").await;
    let factors: Vec<_> =
        page.body["users"].as_array().unwrap().iter().map(|user| user["factors"].as_array().unwrap().len()).collect();
    assert_eq!(factors, [0, 1, 0]);
    assert_eq!(page.body["users"][1]["factors"], service.factors(&ben.access).await.body["factors"]);
    assert!(!page.body.to_string().contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_is_good_for_its_own_list_on_any_server() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    let (_, reader) = client(&service, "admin:read").await;
    for email in ["ben@example.org", "cid@example.org"] {
        service.register(email).await;
    }
    let second = Service::on(service.database.clone(), &super::ON).await;
    let next = |page: &Answer| page.text("next").to_owned();
    let cursor = next(&service.get_as(&admin, "/admin/users?limit=1&status=enabled").await);
    for server in [&service, &second] {
        let path = format!("/admin/users?status=enabled&limit=2&after={cursor}");
        assert_eq!(
            emails(&server.get_as(&reader, &path).await),
            ["ben@example.org", "cid@example.org"],
            "by whomever, and by how many"
        );
    }
    // The trail is written aside.
    let trail =
        eventually(async || service.get_as(&admin, "/admin/audit?limit=1").await, |page: &Answer| page.body["next"].is_string());
    let audit = next(&trail.await);
    let mut forged: Vec<String> =
        ["x", "null", "%00", "....", "eyJhIjoxfQ", "ben%40example.org", "%F0%9F%A6%80", "-1", "1'--"].map(str::to_owned).to_vec();
    forged.extend([
        audit,
        format!("{cursor}A"),
        cursor.get(1..).unwrap().to_owned(),
        cursor.to_ascii_uppercase(),
        "A".repeat(3000),
    ]);
    for wrong in &forged {
        for query in ["status=enabled", "role=staff"] {
            let refused = service.get_as(&admin, &format!("/admin/users?{query}&after={wrong}")).await;
            assert_eq!(refused.faults(), [("after", "unknown_cursor")], "{query}, {wrong}");
        }
    }
    for query in ["", "status=disabled", "status=enabled&role=staff", "status=enabled&prefix=b", "status=enabled&verified=false"]
    {
        let refused = service.get_as(&admin, &format!("/admin/users?{query}&after={cursor}")).await;
        assert_eq!(refused.faults(), [("after", "unknown_cursor")], "{query}");
    }
    for list in ["audit", "clients", "outbox"] {
        let refused = service.get_as(&admin, &format!("/admin/{list}?after={cursor}")).await;
        assert_eq!(refused.faults(), [("after", "unknown_cursor")], "{list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_makes_no_sense_is_refused() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    for (query, field, code) in [
        ("status=on", "status", "unknown_value"),
        ("status=Enabled", "status", "unknown_value"),
        ("verified=yes", "verified", "unknown_value"),
        ("verified=1", "verified", "unknown_value"),
        ("role=Admin", "role", "invalid_role"),
        ("role=%00", "role", "invalid_role"),
        ("email=nobody", "email", "invalid_email"),
        ("limit=0", "limit", "out_of_range"),
        ("limit=201", "limit", "out_of_range"),
        ("limit=-1", "limit", "out_of_range"),
        ("limit=1e1", "limit", "out_of_range"),
        ("limit=99999999999999999999", "limit", "out_of_range"),
    ] {
        assert_eq!(service.get_as(&admin, &format!("/admin/users?{query}")).await.faults(), [(field, code)], "{query}");
    }
    let all = service.get_as(&admin, "/admin/users?status=x&verified=x&limit=x&role=X&email=x&after=x").await;
    assert_eq!(all.faults().len(), 5, "every fault at once; a cursor is opened last");
    for query in ["limit=1&limit=1", "status=enabled&status=disabled", "prefix=a&prefix=", "unknown=1&unknown=2", "prefix=%ff"] {
        assert_eq!(
            service.get_as(&admin, &format!("/admin/users?{query}")).await.refusal(),
            (400, "malformed_request"),
            "{query}"
        );
    }
    for prefix in ["%25", "%27%20OR%201%3D1--", "_", "%00", "%F0%9F%A6%80", &"x".repeat(2000)] {
        assert!(emails(&service.get_as(&admin, &format!("/admin/users?prefix={prefix}")).await).is_empty(), "{prefix}");
    }
    let head = service.send(Method::HEAD, "/admin/users", Some(&admin), None).await;
    assert_eq!((head.status, head.body), (200, Value::Null));
}
