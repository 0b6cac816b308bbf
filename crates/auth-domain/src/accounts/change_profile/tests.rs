//! A profile changes: in memory, and where somebody else is faster.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{ChangeProfile, ChangeProfileError, TRIES};
use crate::{
    accounts::ports::{Edited, Inserted, MockUserAdminStore, MockUserStore, UserStore},
    identity::{
        document::DocumentFault,
        editable::{Editable, Member},
        port_error::PortError,
        user::{AccountState, User},
    },
    sessions::authenticate::SignedIn,
    testing::{caller, clock, down, told, unheard},
    testkit::{
        MemoryAudit, MemoryStore,
        samples::{context, start},
    },
};

fn of(users: MockUserStore, directory: MockUserAdminStore, audit: &MemoryAudit) -> ChangeProfile {
    ChangeProfile { users: Arc::new(users), directory: Arc::new(directory), audit: Arc::new(audit.clone()), clock: clock() }
}

fn with_profile(user: &User, profile: &str) -> User {
    User { profile: profile.parse().unwrap(), ..user.clone() }
}

fn edited(to: &Editable, user: &User) -> Result<Edited, PortError> {
    Ok(Edited::Yes { user: Box::new(to.applied_to(user, start())), ended: vec![] })
}

#[tokio::test]
async fn an_owner_merges_what_they_say() {
    let (store, audit, caller) = (MemoryStore::default(), MemoryAudit::default(), caller());
    assert_eq!(store.insert(&caller.user, None, None).await.unwrap(), Inserted::Yes);
    let (users, directory) = (Arc::new(store.clone()), Arc::new(store.clone()));
    let change = ChangeProfile { users, directory, audit: Arc::new(audit.clone()), clock: clock() };
    for (patch, expected) in [
        (json!({ "name": "Ann", "links": { "a": 1 } }), r#"{"links":{"a":1},"name":"Ann"}"#),
        (json!({ "links": { "a": null, "b": 2 }, "name": null }), r#"{"links":{"b":2}}"#),
        (Value::Null, "{}"),
    ] {
        let now = store.find(caller.user.id).await.unwrap().unwrap();
        let caller = SignedIn { user: now, session: caller.session.clone() };
        let user = change.execute(&caller, &patch, &context()).await.unwrap();
        assert_eq!(user.profile.to_string(), expected);
        assert_eq!(store.find(user.id).await.unwrap(), Some(user));
    }
    let events = audit.events();
    assert_eq!(told(&events), [("user_updated", None); 3]);
    assert!(events.iter().all(|event| event.members == [Member::Profile] && event.session() == Some(caller.session.id)));
}

#[tokio::test]
async fn nothing_is_done_where_nothing_differs_or_the_rules_are_broken() {
    let (audit, caller) = (MemoryAudit::default(), caller());
    let change = of(MockUserStore::new(), MockUserAdminStore::new(), &audit);
    assert_eq!(change.execute(&caller, &json!({ "name": null }), &context()).await.unwrap(), caller.user);
    let large = json!({ "name": "x".repeat(5000) });
    let outcome = change.execute(&caller, &large, &context()).await;
    assert!(matches!(outcome, Err(ChangeProfileError::Document(DocumentFault::TooLarge))));
    assert_eq!(audit.events(), []);
}

#[tokio::test]
async fn a_change_that_was_faster_is_kept() {
    let (audit, caller) = (MemoryAudit::default(), caller());
    let (mut users, mut directory) = (MockUserStore::new(), MockUserAdminStore::new());
    let faster = with_profile(&caller.user, r#"{"name":"Ann"}"#);
    let found = faster.clone();
    users.expect_find().once().returning(move |_| Ok(Some(found.clone())));
    directory.expect_edit().times(1).returning(|_, _, _, _, _, _| Ok(Edited::ChangedMeanwhile));
    directory.expect_edit().once().returning(move |_, _, to, _, _, _| edited(to, &faster));
    let user = of(users, directory, &audit).execute(&caller, &json!({ "city": "Bonn" }), &context()).await.unwrap();
    assert_eq!(user.profile.to_string(), r#"{"city":"Bonn","name":"Ann"}"#);
    assert_eq!(told(&audit.events()), [("user_updated", None)]);
}

#[tokio::test]
async fn whoever_is_gone_or_disabled_meanwhile_changes_nothing() {
    let caller = caller();
    let disabled = User { state: AccountState::Disabled { since: start() }, ..caller.user.clone() };
    for found in [None, Some(disabled)] {
        let (audit, mut users, mut directory) = (MemoryAudit::default(), MockUserStore::new(), MockUserAdminStore::new());
        users.expect_find().returning(move |_| Ok(found.clone()));
        directory.expect_edit().once().returning(|_, _, _, _, _, _| Ok(Edited::ChangedMeanwhile));
        let outcome = of(users, directory, &audit).execute(&caller, &json!({ "a": 1 }), &context()).await;
        assert!(matches!(outcome, Err(ChangeProfileError::Gone)));
        assert_eq!(audit.events(), []);
    }
    let mut directory = MockUserAdminStore::new();
    directory.expect_edit().once().returning(|_, _, _, _, _, _| Ok(Edited::NoSuchUser));
    let change = of(MockUserStore::new(), directory, &MemoryAudit::default());
    assert!(matches!(change.execute(&caller, &json!({ "a": 1 }), &context()).await, Err(ChangeProfileError::Gone)));
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    type Case = (fn() -> Result<Edited, PortError>, &'static [(&'static str, Option<&'static str>)]);
    let cases: [Case; 2] = [(down, &[]), (unheard, &[("user_updated", Some("outcome_unknown"))])];
    for (outcome, expected) in cases {
        let (audit, mut directory) = (MemoryAudit::default(), MockUserAdminStore::new());
        directory.expect_edit().once().returning(move |_, _, _, _, _, _| outcome());
        let outcome = of(MockUserStore::new(), directory, &audit).execute(&caller(), &json!({ "a": 1 }), &context()).await;
        assert!(matches!(outcome, Err(ChangeProfileError::Port(PortError::Unavailable(_) | PortError::Unknown(_)))));
        assert_eq!(told(&audit.events()), expected);
    }
    let caller = caller();
    let (mut users, mut directory) = (MockUserStore::new(), MockUserAdminStore::new());
    let found = caller.user.clone();
    users.expect_find().returning(move |_| Ok(Some(found.clone())));
    directory.expect_edit().times(TRIES).returning(|_, _, _, _, _, _| Ok(Edited::ChangedMeanwhile));
    let outcome = of(users, directory, &MemoryAudit::default()).execute(&caller, &json!({ "a": 1 }), &context()).await;
    assert!(matches!(outcome, Err(ChangeProfileError::Port(PortError::Unavailable(_)))));
}
