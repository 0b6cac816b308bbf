//! A copy of a server.

use serde_json::{Value, json};

use super::{ON, accounts, export, import, parsed, people, start, totals};
use crate::{
    admin::{audit::events, client, give_role, patch},
    service::{Engine, Owner, Service, WITH_FACTORS, on_every_engine, passkey},
};

const OTHER_KEYS: [&str; 2] =
    ["k2:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=", "k1:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="];

/// People of each kind: Ann has every factor, the others none.
async fn people_of_each_kind(service: &Service, token: &str) -> Owner {
    let ann = service.enrol("ann@example.org").await;
    for name in ["ben", "cid"] {
        service.register(&format!("{name}@example.org")).await;
    }
    let made = json!({ "email": "dora@example.org", "roles": ["staff", "a.b"], "profile": { "ü": [1, 2.5, null] }, "attributes": { "n": -1 } });
    let made = service.post_as(token, "/admin/users", Some(made)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    for body in [json!({ "email_verified": true }), json!({ "disabled": true })] {
        assert_eq!(patch(service, token, made.text("id"), body).await.status, 200);
    }
    tokio::task::block_in_place(|| give_role(&service.database, "ben@example.org", "admin"));
    ann
}

on_every_engine! {
    async fn a_copy_has_the_same_accounts_and_their_owners_log_in_there(engine) {
        let (service, token) = start(engine, &[]).await;
        let ann = people_of_each_kind(&service, &token).await;
        let mut key = passkey();
        service.add_passkey(&ann.access, &mut key).await;
        let sent = export(&service, &token).await;
        assert_eq!(sent.lines().count(), 4);

        let (copy, token) = start(engine, &[]).await;
        let results = import(&copy, &token, "", sent.clone()).await;
        assert_eq!(results.last(), Some(&totals(4, 4, 0, 0)), "{results:?}");
        let ids = |lines: &[Value]| lines.iter().filter_map(|line| line["id"].as_str().map(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(ids(&results), ids(&parsed(&sent)));
        assert_eq!(export(&copy, &token).await, sent, "byte for byte");

        copy.login_with("ann@example.org", &ann.app).await;
        assert_eq!(copy.login_by(&mut key).await.status, 200);
        let mfa = copy.first_step("ann@example.org").await;
        assert_eq!(copy.second_step(&mfa, &ann.codes[0]).await.status, 200);
        let ben = copy.login("ben@example.org").await;
        assert_eq!(copy.get_as(ben.access(), "/admin/users").await.status, 200, "an administrator there as here");
        assert_eq!(copy.login("dora@example.org").await.status, 401);
    }

    async fn a_second_run_changes_nothing(engine) {
        let (service, token) = start(engine, &[]).await;
        people_of_each_kind(&service, &token).await;
        let before = export(&service, &token).await;
        assert_eq!(import(&service, &token, "", before.clone()).await.last(), Some(&totals(4, 0, 4, 0)));
        // Neither does a line that says otherwise.
        let line = json!({ "email": "BEN@example.org", "roles": ["root"], "disabled": true, "password_hash": null, "profile": { "a": 1 } });
        assert_eq!(import(&service, &token, "", line.to_string()).await, [json!({ "line": 1, "result": "already_there" }), totals(1, 0, 1, 0)]);
        assert_eq!(export(&service, &token).await, before);
    }

    async fn two_imports_of_one_file_make_each_account_once(engine) {
        let (service, token) = start(engine, &[]).await;
        let file = accounts(600);
        let (one, other) = tokio::join!(import(&service, &token, "", file.clone()), import(&service, &token, "", file));
        let sum = |member: &str| one.last().unwrap()[member].as_u64().unwrap() + other.last().unwrap()[member].as_u64().unwrap();
        assert_eq!((sum("imported"), sum("already_there"), sum("refused")), (600, 600, 0));
        assert_eq!(people(&service), 600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn factors_that_could_not_be_used_are_refused() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    people_of_each_kind(&service, &token).await;
    let sent = export(&service, &token).await;
    for key in OTHER_KEYS {
        let (copy, token) = start(Engine::Sqlite, &[("KEY_ENCRYPTION_KEY", key)]).await;
        let results = import(&copy, &token, "", sent.clone()).await;
        assert_eq!(results.last(), Some(&totals(4, 3, 0, 1)), "{key}");
        let refused: Vec<_> = results.iter().filter(|line| line["result"] == "refused").collect();
        let reason = "a factor whose secret was encrypted with a key that this server does not have";
        assert_eq!(refused, [&json!({ "line": 1, "result": "refused", "reason": reason })]);
        assert_eq!(copy.login("ann@example.org").await.status, 401, "a password alone opens nothing");
    }
    // The key is all that was missing.
    let both = format!("{},{}", OTHER_KEYS[0], WITH_FACTORS[0].1);
    let (copy, token) = start(Engine::Sqlite, &[("KEY_ENCRYPTION_KEY", &both)]).await;
    assert_eq!(import(&copy, &token, "", sent).await.last(), Some(&totals(4, 4, 0, 0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_touches_nothing_and_says_what_would_be_done() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    service.register("person00001@example.org").await;
    // The trail is written behind its back.
    events(&service, &token, "event=user_registered", 1).await;
    let before = tokio::task::block_in_place(|| service.database.values());
    let file = accounts(3) + "{}\n";
    let told = import(&service, &token, "?dry_run=true", file.clone()).await;
    assert_eq!(told.last(), Some(&totals(4, 2, 1, 1)));
    assert!(told.iter().all(|line| line.get("id").is_none()), "{told:?}");
    assert_eq!(tokio::task::block_in_place(|| service.database.values()), before);
    let done = import(&service, &token, "?dry_run=false", file).await;
    assert_eq!(done.last(), told.last());
    let results = |lines: &[Value]| lines.iter().map(|line| line["result"].clone()).collect::<Vec<_>>();
    assert_eq!(results(&done), results(&told));
    assert_eq!(service.audited("users_imported", 1).await.len(), 1, "of the one that was real");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_password_is_that_of_before() {
    let (service, token) = start(Engine::Sqlite, &[]).await;
    service.register("ann@example.org").await;
    let sent = export(&service, &token).await;
    let copy = Service::with(Engine::Sqlite, &ON).await;
    let (_, write) = client(&copy, "admin:write").await;
    assert_eq!(import(&copy, &write, "", sent).await.last(), Some(&totals(1, 1, 0, 0)));
    assert_eq!(copy.login("ann@example.org").await.status, 200);
}
