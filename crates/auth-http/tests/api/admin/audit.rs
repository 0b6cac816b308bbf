//! Who did what to whom: in the trail, and by the API.

use serde_json::{Value, json};

use super::{administrator, client, me, patch, start};
use crate::service::{Answer, Engine, Service, eventually, on_every_engine};

/// Events by the API, once there are so many.
pub(super) async fn events(service: &Service, admin: &str, query: &str, count: usize) -> Vec<Value> {
    let path = format!("/admin/audit?{query}");
    let ask = async || service.get_as(admin, &path).await;
    let there = |answer: &Answer| answer.body["events"].as_array().is_some_and(|events| events.len() >= count);
    eventually(ask, there).await.body["events"].as_array().unwrap().clone()
}

on_every_engine! {
    async fn every_change_has_its_actor_and_its_target(engine) {
        let service = start(engine).await;
        let admin = administrator(&service, "ada@example.org").await;
        let ada = me(&service, &admin).await;
        let (office, writer) = client(&service, "admin:write").await;
        let made = service.post_as(&writer, "/admin/users", Some(json!({ "email": "ben@example.org" }))).await;
        let ben = made.text("id").to_owned();
        assert_eq!(patch(&service, &admin, &ben, json!({ "roles": ["staff"], "profile": { "a": 1 } })).await.status, 200);
        assert_eq!(service.delete_as(&writer, &format!("/admin/users/{ben}"), None).await.status, 204);
        let seen = events(&service, &admin, &format!("user={ben}"), 3).await;
        let told: Vec<_> = seen.iter().map(|event| (event["event"].as_str().unwrap(), event["actor"].clone(), event["members"].clone())).collect();
        let by_office = json!({ "type": "client", "id": office });
        assert_eq!(told, [
            ("user_deleted", by_office.clone(), Value::Null),
            ("user_updated", json!({ "type": "user", "id": ada }), json!(["roles", "profile"])),
            ("user_created", by_office, Value::Null),
        ]);
        assert!(seen.iter().all(|event| event["email"] == "ben@example.org" && event["user_id"] == *ben && event["outcome"] == "success"));
        let by_address = events(&service, &admin, "user=BEN%40example.org", 3).await;
        assert_eq!(by_address, seen);
        assert_eq!(events(&service, &admin, &format!("user={ben}&event=user_updated"), 1).await, [seen[1].clone()]);
        let (since, until) = (seen[1]["time"].as_str().unwrap(), seen[0]["time"].as_str().unwrap());
        assert_eq!(events(&service, &admin, &format!("user={ben}&since={since}&until={until}"), 1).await, [seen[1].clone()], "without the end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_read_a_page_at_a_time() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    for _ in 0..5 {
        service.login("nobody@example.org").await;
    }
    let whole = events(&service, &admin, "user=nobody%40example.org", 5).await;
    let (mut path, mut seen) = ("/admin/audit?user=nobody%40example.org&limit=2".to_owned(), Vec::new());
    loop {
        let page = service.get_as(&admin, &path).await;
        seen.extend(page.body["events"].as_array().unwrap().clone());
        let Some(link) = page.header("link") else { break };
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    assert_eq!(seen, whole);
    let (_, out, _) = service.command(&["audit", "list", "--user", "nobody@example.org", "--json"], "");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["events"], json!(whole), "the command line has the same shape");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_makes_no_sense_is_refused() {
    let service = start(Engine::Sqlite).await;
    let admin = administrator(&service, "ada@example.org").await;
    for (query, field, code) in [
        ("user=nobody", "user", "unknown_user"),
        ("user=00000000-0000-7000-8000-00000000000G", "user", "unknown_user"),
        ("event=nothing", "event", "unknown_event"),
        ("since=yesterday", "since", "invalid_time"),
        ("until=2026-01-01", "until", "invalid_time"),
        ("limit=201", "limit", "out_of_range"),
    ] {
        assert_eq!(service.get_as(&admin, &format!("/admin/audit?{query}")).await.faults(), [(field, code)], "{query}");
    }
    assert_eq!(service.get_as(&admin, "/admin/audit?user=a&user=b").await.refusal(), (400, "malformed_request"));
    for query in [
        "since=2026-01-01T00:00:00%2B02:00",
        "since=2026-01-01T00:00:00+02:00",
        "since=0001-01-01T00:00:00Z",
        "until=9999-12-31T23:59:59Z",
    ] {
        assert_eq!(service.get_as(&admin, &format!("/admin/audit?{query}")).await.status, 200, "{query}");
    }
}
