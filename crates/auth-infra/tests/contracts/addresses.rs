//! Addresses that earlier releases stored in another spelling: rewritten once, never merged.

use auth_domain::{
    accounts::ports::{Deleted, UserAdminStore, UserStore},
    identity::administrator::LastAdministrator,
    testkit::samples::email,
};
use auth_infra::db::{DieselUsers, OddAddresses, Stuck};

use crate::scratch::{Engine, Scratch};

crate::on_each_engine! {
    a_migration_rewrites_what_an_earlier_release_stored,
    accounts_that_share_an_address_are_named_and_stay_as_they_are,
    what_is_no_address_any_more_can_be_seen_and_deleted,
    more_accounts_than_a_page_holds_are_rewritten,
    nothing_is_odd_before_there_is_a_schema,
}

/// As a release before the migration left it, with these accounts: the first has the id 1.
fn of_an_earlier_release(engine: Engine, addresses: &[&str]) -> Scratch {
    let scratch = Scratch::new(engine);
    scratch.migrated();
    scratch.execute("DELETE FROM __diesel_schema_migrations WHERE version = '0008'");
    if !addresses.is_empty() {
        insert(&scratch, &(1..).zip(addresses).map(|(number, address)| row(number, address)).collect::<Vec<_>>());
    }
    scratch
}

fn insert(scratch: &Scratch, rows: &[String]) {
    let rows = rows.join(", ");
    scratch.execute(&format!("INSERT INTO users (id, email, password_hash, created_at, updated_at) VALUES {rows}"));
}

fn row(number: usize, address: &str) -> String {
    let (id, early) = (id(number), "2026-01-02 03:04:05.678901");
    format!("('{id}', '{address}', 'hash {number}', '{early}', '{early}')")
}

fn id(number: usize) -> String {
    format!("00000000-0000-7000-8000-{number:012}")
}

fn stored(scratch: &Scratch) -> Vec<String> {
    scratch.texts("SELECT email AS text FROM users ORDER BY id")
}

fn held(account: usize, holder: usize) -> Stuck {
    Stuck { account: id(account), holder: Some(id(holder)) }
}

async fn a_migration_rewrites_what_an_earlier_release_stored(engine: Engine) {
    let scratch =
        of_an_earlier_release(engine, &["ann@münchen.example", "bob@ｅxample.org", "jose\u{301}@x.org", "eve@example.org"]);
    let database = scratch.open();
    assert_eq!(database.odd_addresses().unwrap(), OddAddresses { rewritable: 3, ..OddAddresses::default() }, "looking");
    assert!(stored(&scratch).contains(&"ann@münchen.example".to_owned()), "changes nothing");
    assert_eq!(database.migrate().unwrap(), ["0008_canonical_addresses"]);
    assert_eq!(stored(&scratch), ["ann@xn--mnchen-3ya.example", "bob@example.org", "josé@x.org", "eve@example.org"]);
    assert_eq!(database.odd_addresses().unwrap(), OddAddresses::default());
    let users = DieselUsers(database.clone());
    for (number, typed) in [(1, "Ann@München.example"), (2, "bob@ｅxample.org"), (3, "JOSE\u{301}@x.org"), (4, "eve@example.org")]
    {
        let found = users.find_by_email(&email(typed)).await.unwrap().unwrap();
        assert_eq!((found.id.to_string(), found.password.unwrap().expose()), (id(number), format!("hash {number}").as_str()));
        assert_eq!(found.updated_at, found.created_at, "the account itself is as it was");
    }
    assert_eq!(database.rewrite_addresses().unwrap(), OddAddresses::default());
    // A release beside this one goes on storing its own spelling.
    insert(&scratch, &[row(5, "kim@münchen.example")]);
    assert_eq!(users.find_by_email(&email("kim@xn--mnchen-3ya.example")).await.unwrap().unwrap().id.to_string(), id(5));
    assert_eq!(database.rewrite_addresses().unwrap().rewritable, 1);
    assert!(stored(&scratch).contains(&"kim@xn--mnchen-3ya.example".to_owned()));
}

async fn accounts_that_share_an_address_are_named_and_stay_as_they_are(engine: Engine) {
    let addresses = [
        "ann@münchen.example",
        "ann@xn--mnchen-3ya.example",
        "bob@example.org",
        "bob@ｅxample.org",
        "kim@ｅxample.org",
        "kim@eｘample.org",
    ];
    let scratch = of_an_earlier_release(engine, &addresses);
    let database = scratch.open();
    database.migrate().unwrap();
    // Of two that could have it, the older one gets it.
    let expected = addresses.map(|kept| if kept == "kim@ｅxample.org" { "kim@example.org" } else { kept });
    assert_eq!(stored(&scratch), expected);
    let odd = OddAddresses { rewritable: 0, stuck: 3, named: vec![held(1, 2), held(4, 3), held(6, 5)] };
    assert_eq!(database.odd_addresses().unwrap(), odd);
    assert_eq!(database.rewrite_addresses().unwrap(), odd, "as often as it is tried");
    assert_eq!(stored(&scratch), expected);
    let users = DieselUsers(database.clone());
    assert_eq!(users.find_by_email(&email("bob@ｅxample.org")).await.unwrap().unwrap().id.to_string(), id(3));
    assert_eq!(users.list("", None, 10).await.unwrap().len(), 6);
    // The operator has found out which of them is in use.
    let gone = users.delete(id(3).parse().unwrap(), None, LastAdministrator::MayGo, chrono::DateTime::UNIX_EPOCH, None).await;
    assert_eq!(gone.unwrap(), Deleted::Yes);
    assert_eq!(
        database.rewrite_addresses().unwrap(),
        OddAddresses { rewritable: 1, stuck: 2, named: vec![held(1, 2), held(6, 5)] }
    );
    assert_eq!(users.find_by_email(&email("bob@example.org")).await.unwrap().unwrap().id.to_string(), id(4));
}

async fn what_is_no_address_any_more_can_be_seen_and_deleted(engine: Engine) {
    let scratch = of_an_earlier_release(engine, &["a@xn--a.org"]);
    let database = scratch.open();
    database.migrate().unwrap();
    let stuck = vec![Stuck { account: id(1), holder: None }];
    assert_eq!(database.odd_addresses().unwrap(), OddAddresses { rewritable: 0, stuck: 1, named: stuck });
    let users = DieselUsers(database);
    let found = users.find(id(1).parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(found.email.as_str(), "a@xn--a.org");
    let gone = users.delete(found.id, None, LastAdministrator::MayGo, chrono::DateTime::UNIX_EPOCH, None).await;
    assert_eq!(gone.unwrap(), Deleted::Yes);
}

async fn more_accounts_than_a_page_holds_are_rewritten(engine: Engine) {
    let scratch = of_an_earlier_release(engine, &[]);
    let rows: Vec<_> = (1..=2001).map(|number| row(number, &format!("user{number}@münchen.example"))).collect();
    insert(&scratch, &rows);
    scratch.open().migrate().unwrap();
    let left = scratch.texts("SELECT email AS text FROM users WHERE email NOT LIKE '%@xn--mnchen-3ya.example'");
    assert!(left.is_empty(), "{left:?}");
}

async fn nothing_is_odd_before_there_is_a_schema(engine: Engine) {
    let scratch = Scratch::new(engine);
    assert_eq!(scratch.open().odd_addresses().unwrap(), OddAddresses::default());
}
