//! What an administrator changes: its ports mocked, but where the account is to be seen afterwards.

use std::sync::Arc;

use super::{EditUser, EditedUser};
use crate::{
    accounts::ports::{Edited, Inserted, MockUserAdminStore, MockUserStore, UserStore},
    admin::AdminError,
    audit::{
        event::{Actor, AuditEvent},
        initiator::Initiator,
    },
    identity::{
        administrator::LastAdministrator,
        editable::Editable,
        ids::{SessionId, UserId},
        port_error::PortError,
        user::{AccountState, User},
    },
    mail::message::Occasion,
    testing::{clock, down, mail::writer, no_mail, told, unheard},
    testkit::{
        MemoryAudit, MemoryStore,
        samples::{email, id, operator, start, user},
    },
};

const OPERATOR: Option<&str> = Some("operator");

fn administrator() -> Initiator {
    Initiator { actor: Actor::User(UserId(id())), ..operator() }
}

/// What comes of a change of an account that is alone in memory, and what is told of it.
async fn changed(before: &User, by: &Initiator, change: impl Fn(Editable) -> Editable) -> (User, Vec<AuditEvent>) {
    let (store, audit) = (MemoryStore::default(), MemoryAudit::default());
    assert_eq!(store.insert(before, None, None).await.unwrap(), Inserted::Yes);
    let edit = EditUser {
        users: Arc::new(store.clone()),
        directory: Arc::new(store.clone()),
        writer: no_mail(),
        audit: Arc::new(audit.clone()),
        clock: clock(),
        with_factor: false,
    };
    let edited = edit.execute(before, change(Editable::from(before)), false, by).await.unwrap();
    assert_eq!(store.find(before.id).await.unwrap().as_ref(), Some(&edited));
    let events = audit.events();
    let is_about = |event: &AuditEvent| event.user() == Some(before.id) && event.email() == Some(&edited.email);
    assert!(events.iter().all(|event| is_about(event) && event.actor == by.actor));
    (edited, events)
}

fn members(events: &[AuditEvent]) -> Vec<(&'static str, Option<String>)> {
    events.iter().map(|event| (event.kind.name(), event.what())).collect()
}

fn of(users: MockUserStore, directory: MockUserAdminStore, audit: &MemoryAudit) -> EditUser {
    let (users, directory) = (Arc::new(users), Arc::new(directory));
    EditUser { users, directory, writer: no_mail(), audit: Arc::new(audit.clone()), clock: clock(), with_factor: true }
}

fn disabling(user: &User) -> Editable {
    Editable { disabled: true, ..Editable::from(user) }
}

#[tokio::test]
async fn an_operator_is_told_of_by_the_names_that_there_are() {
    let ann = User { email_verified_at: Some(start()), ..user("ann@example.org") };
    let moved = email("ann@other.example");
    let (_, events) = changed(&ann, &operator(), |from| Editable { disabled: true, ..from }).await;
    assert_eq!(told(&events), [("account_disabled", OPERATOR)]);
    let (_, events) = changed(&ann, &operator(), |from| from.moved_to(moved.clone())).await;
    assert_eq!(told(&events), [("email_changed", OPERATOR)]);
    let dan = User { state: AccountState::Disabled { since: start() }, email_verified_at: None, ..ann.clone() };
    let (_, events) = changed(&dan, &operator(), |from| Editable { disabled: false, email_verified: true, ..from }).await;
    assert_eq!(told(&events), [("email_verified", OPERATOR), ("account_enabled", OPERATOR)]);
    for (change, expected) in [
        (Editable { email_verified: false, ..Editable::from(&ann) }, "email_verified"),
        (Editable { roles: "editor".parse().unwrap(), ..Editable::from(&ann) }, "roles"),
        (Editable { attributes: r#"{"a":1}"#.parse().unwrap(), ..Editable::from(&ann) }, "attributes"),
    ] {
        let (_, events) = changed(&ann, &operator(), |_from| change.clone()).await;
        assert_eq!(members(&events), [("user_updated", Some(expected.to_owned()))]);
    }
}

#[tokio::test]
async fn an_administrator_is_told_of_with_the_members_too() {
    let ann = user("ann@example.org");
    let change = |from: Editable| Editable { disabled: true, roles: "editor".parse().unwrap(), ..from };
    let (_, events) = changed(&ann, &administrator(), change).await;
    assert_eq!(members(&events), [("account_disabled", None), ("user_updated", Some("roles disabled".to_owned()))]);
}

#[tokio::test]
async fn nothing_is_done_and_told_where_nothing_differs() {
    let (audit, ann) = (MemoryAudit::default(), user("ann@example.org"));
    let edit = of(MockUserStore::new(), MockUserAdminStore::new(), &audit);
    assert_eq!(edit.execute(&ann, Editable::from(&ann), false, &operator()).await.unwrap(), ann);
    assert_eq!(audit.events(), []);
}

#[tokio::test]
async fn sessions_that_end_are_told_of() {
    let (audit, ann, session) = (MemoryAudit::default(), user("ann@example.org"), SessionId(id()));
    let mut directory = MockUserAdminStore::new();
    let (own, from, to) = (ann.id, Editable::from(&ann), disabling(&ann));
    let keep = LastAdministrator::Stays { with_factor: true };
    directory
        .expect_edit()
        .withf(move |id, was, is, kept, now, notice| {
            (*id, was, is, *kept, *now) == (own, &from, &to, keep, start()) && notice.is_none()
        })
        .once()
        .returning(move |_, _, to, _, now, _| {
            Ok(Edited::Yes { user: Box::new(to.applied_to(&user("ann@example.org"), now)), ended: vec![session] })
        });
    let edit = of(MockUserStore::new(), directory, &audit);
    let disable = |from| Ok::<_, AdminError>(Editable { disabled: true, ..from });
    let EditedUser { user, sessions_ended } = edit.change(&ann, disable, false, &operator()).await.unwrap();
    assert_eq!((user.is_active(), sessions_ended), (false, 1));
    assert_eq!(told(&audit.events()), [("account_disabled", OPERATOR), ("session_ended", Some("disabled"))]);
}

#[tokio::test]
async fn the_address_that_was_is_told_of_the_one_that_is() {
    let (store, ann) = (MemoryStore::default(), user("ann@example.org"));
    assert_eq!(store.insert(&ann, None, None).await.unwrap(), Inserted::Yes);
    let mut directory = MockUserAdminStore::new();
    let is_told = |to| {
        move |notice: &crate::mail::message::Outgoing| {
            notice.occasion == Occasion::EmailChanged && notice.to == email("ann@example.org") && notice.other_address == Some(to)
        }
    };
    let expected =
        directory.expect_edit().withf(move |_, _, _, _, _, notice| notice.is_some_and(is_told(email("ann@other.example"))));
    expected.once().returning(|_, _, _, _, _, _| Ok(Edited::EmailTaken));
    let edit = EditUser { writer: writer(), ..of(MockUserStore::new(), directory, &MemoryAudit::default()) };
    let moved = Editable::from(&ann).moved_to(email("ann@other.example"));
    assert!(matches!(edit.execute(&ann, moved, false, &operator()).await, Err(AdminError::EmailTaken)));
}

#[tokio::test]
async fn force_lets_the_last_administrator_go() {
    let (audit, ann) = (MemoryAudit::default(), user("ann@example.org"));
    let mut directory = MockUserAdminStore::new();
    directory
        .expect_edit()
        .withf(|_, _, _, keep, _, _| *keep == LastAdministrator::MayGo)
        .once()
        .returning(|_, _, _, _, _, _| Ok(Edited::NoSuchUser));
    let edit = of(MockUserStore::new(), directory, &audit);
    assert!(matches!(edit.execute(&ann, disabling(&ann), true, &operator()).await, Err(AdminError::NoSuchUser)));
}

#[tokio::test]
async fn a_refusal_is_told_as_it_is_and_leaves_no_event() {
    for (edited, expected) in [
        (Edited::NoSuchUser, AdminError::NoSuchUser),
        (Edited::ChangedMeanwhile, AdminError::ChangedMeanwhile),
        (Edited::EmailTaken, AdminError::EmailTaken),
        (Edited::LastAdministrator, AdminError::LastAdministrator),
    ] {
        let (audit, ann) = (MemoryAudit::default(), user("ann@example.org"));
        let mut directory = MockUserAdminStore::new();
        directory.expect_edit().once().return_once(move |_, _, _, _, _, _| Ok(edited));
        let outcome = of(MockUserStore::new(), directory, &audit).execute(&ann, disabling(&ann), false, &operator()).await;
        assert_eq!(outcome.unwrap_err().to_string(), expected.to_string());
        assert_eq!(audit.events(), []);
    }
}

#[tokio::test]
async fn a_change_is_tried_again_on_the_account_as_it_is_by_then() {
    let (audit, ann) = (MemoryAudit::default(), user("ann@example.org"));
    let later = User { roles: "editor".parse().unwrap(), ..ann.clone() };
    let (mut users, mut directory) = (MockUserStore::new(), MockUserAdminStore::new());
    users.expect_find().returning({
        let later = later.clone();
        move |_| Ok(Some(later.clone()))
    });
    directory.expect_edit().times(1).returning(|_, _, _, _, _, _| Ok(Edited::ChangedMeanwhile));
    let seen = Editable::from(&later);
    directory.expect_edit().withf(move |_, from, _, _, _, _| *from == seen).once().returning(|_, _, to, _, now, _| {
        Ok(Edited::Yes { user: Box::new(to.applied_to(&user("ann@example.org"), now)), ended: vec![] })
    });
    let admit =
        |from: Editable| Ok::<_, AdminError>(Editable { roles: from.roles.with("admin".parse().unwrap()).unwrap(), ..from });
    let edited = of(users, directory, &audit).change(&ann, admit, false, &operator()).await.unwrap();
    assert_eq!(edited.user.roles.to_string(), "admin editor");
    assert_eq!(told(&audit.events()), [("user_updated", OPERATOR)]);
}

#[tokio::test]
async fn a_change_that_never_wins_is_given_up() {
    let (audit, ann) = (MemoryAudit::default(), user("ann@example.org"));
    let (mut users, mut directory) = (MockUserStore::new(), MockUserAdminStore::new());
    let found = ann.clone();
    users.expect_find().returning(move |_| Ok(Some(found.clone())));
    directory.expect_edit().times(super::TRIES).returning(|_, _, _, _, _, _| Ok(Edited::ChangedMeanwhile));
    let disable = |from| Ok::<_, AdminError>(Editable { disabled: true, ..from });
    let outcome = of(users, directory, &audit).change(&ann, disable, false, &operator()).await;
    assert!(matches!(outcome, Err(AdminError::ChangedMeanwhile)));
    assert_eq!(audit.events(), []);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let ann = user("ann@example.org");
    type Case = (fn() -> Result<Edited, PortError>, &'static [(&'static str, Option<&'static str>)]);
    let cases: [Case; 2] =
        [(down, &[]), (unheard, &[("account_disabled", Some("outcome_unknown")), ("user_updated", Some("outcome_unknown"))])];
    for (outcome, expected) in cases {
        let (audit, mut directory) = (MemoryAudit::default(), MockUserAdminStore::new());
        directory.expect_edit().once().returning(move |_, _, _, _, _, _| outcome());
        let edit = of(MockUserStore::new(), directory, &audit);
        let outcome = edit.execute(&ann, disabling(&ann), false, &administrator()).await;
        assert!(matches!(outcome, Err(AdminError::Port(PortError::Unavailable(_) | PortError::Unknown(_)))));
        assert_eq!(told(&audit.events()), expected);
    }
}
