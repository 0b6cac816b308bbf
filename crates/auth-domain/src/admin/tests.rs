//! What an operator does: its ports mocked.

mod mails;

use std::sync::Arc;

use mockall::predicate::eq;

use super::{
    AdminError,
    create_user::{CreateUser, Created, Invitation},
    delete_user::DeleteUser,
    end_sessions::EndSessions,
    set_password::SetPassword,
};
use crate::{
    accounts::ports::{Deleted, Inserted, MockUserStore},
    audit::event::{Actor, AuditEvent},
    identity::{
        administrator::LastAdministrator, ids::SessionId, password_hash::PasswordHash, port_error::PortError, user::User,
    },
    mail::message::{Occasion, Outgoing},
    passwords::{policy::NewPassword, ports::MockPasswordHasher},
    sessions::ports::MockSessionStore,
    testing::{admitting, clock, down, hasher_that_says, no_mail, told},
    testkit::{
        MemoryAudit, SequentialIds,
        samples::{OTHER_PASSWORD, email, id, new_password, operator, start, user},
    },
};

const OPERATOR: Option<&str> = Some("operator");
const STAYS: LastAdministrator = LastAdministrator::Stays { with_factor: true };

fn broken_hasher() -> MockPasswordHasher {
    let mut hasher = admitting();
    hasher.expect_hash().returning(|_, _| down());
    hasher
}

async fn create(users: MockUserStore, hasher: MockPasswordHasher) -> (Result<Created, AdminError>, Vec<AuditEvent>) {
    created(users, hasher, Some(new_password(OTHER_PASSWORD))).await
}

async fn created(
    users: MockUserStore,
    hasher: MockPasswordHasher,
    password: Option<NewPassword>,
) -> (Result<Created, AdminError>, Vec<AuditEvent>) {
    let audit = MemoryAudit::default();
    let create = CreateUser {
        writer: no_mail(),
        users: Arc::new(users),
        hasher: Arc::new(hasher),
        ids: Arc::new(SequentialIds::default()),
        audit: Arc::new(audit.clone()),
        clock: clock(),
    };
    (create.execute(email("ann@example.org"), password, &operator()).await, audit.events())
}

fn inserting(outcome: fn() -> Result<Inserted, PortError>) -> MockUserStore {
    let mut users = MockUserStore::new();
    users.expect_insert().withf(|_, first, _| first.is_none()).once().returning(move |_, _, _| outcome());
    users
}

async fn set(user: &User, users: MockUserStore, hasher: MockPasswordHasher) -> (Result<usize, AdminError>, Vec<AuditEvent>) {
    let audit = MemoryAudit::default();
    let set = SetPassword {
        users: Arc::new(users),
        hasher: Arc::new(hasher),
        writer: no_mail(),
        audit: Arc::new(audit.clone()),
        clock: clock(),
    };
    (set.execute(user, new_password(OTHER_PASSWORD), &operator()).await, audit.events())
}

/// What an operator does to an account without its password.
#[derive(Clone, Copy)]
enum Action {
    EndSessions,
    Delete,
}

#[derive(Default)]
struct Scene {
    users: MockUserStore,
    sessions: MockSessionStore,
}

impl Scene {
    /// How many sessions ended, where the use case says so.
    async fn perform(self, action: Action, user: &User) -> (Result<usize, AdminError>, Vec<AuditEvent>) {
        let log = MemoryAudit::default();
        let (audit, clock) = (Arc::new(log.clone()), clock());
        let outcome = match action {
            Action::EndSessions => {
                let end = EndSessions { sessions: Arc::new(self.sessions), audit, clock };
                end.execute(user, &operator()).await.map_err(AdminError::from)
            }
            Action::Delete => {
                let delete = DeleteUser { users: Arc::new(self.users), writer: no_mail(), audit, clock, with_factor: true };
                delete.execute(user, false, &operator()).await.map(|()| 0)
            }
        };
        let events = log.events();
        assert!(events.iter().all(|event| event.user() == Some(user.id) && event.email() == Some(&user.email)));
        assert!(events.iter().all(|event| event.actor == Actor::Operator));
        (outcome, events)
    }
}

#[tokio::test]
async fn an_account_can_be_made_without_a_session() {
    let (outcome, events) = create(inserting(|| Ok(Inserted::Yes)), hasher_that_says(true)).await;
    let Created { user, invitation } = outcome.unwrap();
    assert_eq!((user.created_at, user.last_login_at, invitation), (start(), None, Invitation::NotNeeded));
    assert_eq!(user.password, Some(PasswordHash::new(format!("fresh:{OTHER_PASSWORD}"))));
    assert_eq!(told(&events), [("user_registered", OPERATOR)]);
    assert_eq!(events.first().and_then(AuditEvent::user), Some(user.id));
}

#[tokio::test]
async fn without_a_password_a_mail_asks_its_owner_for_one() {
    for (inserted, invitation, expected) in [
        (Inserted::Yes, Invitation::Queued, &[("user_registered", OPERATOR)][..]),
        (Inserted::MailSuppressed, Invitation::Suppressed, &[("user_registered", OPERATOR), ("mail_suppressed", OPERATOR)]),
    ] {
        let mut users = MockUserStore::new();
        let is_invited = |user: &User, mail: Option<&Outgoing>| {
            mail.is_some_and(|mail| mail.occasion == Occasion::Invitation && mail.to == user.email && user.password.is_none())
        };
        users.expect_insert().withf(move |user, _, mail| is_invited(user, *mail)).once().returning(move |_, _, _| Ok(inserted));
        let (outcome, events) = created(users, MockPasswordHasher::new(), None).await;
        assert_eq!(outcome.unwrap().invitation, invitation);
        assert_eq!(told(&events), expected);
    }
}

#[tokio::test]
async fn an_account_is_not_made_twice() {
    let (outcome, events) = create(inserting(|| Ok(Inserted::EmailTaken)), hasher_that_says(true)).await;
    assert!(matches!(outcome, Err(AdminError::EmailTaken)));
    assert_eq!(events, []);
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_an_account_is_made() {
    for (users, hasher) in [(MockUserStore::new(), broken_hasher()), (inserting(down), hasher_that_says(true))] {
        let (outcome, events) = create(users, hasher).await;
        assert!(matches!(outcome, Err(AdminError::Port(PortError::Unavailable(_)))));
        assert_eq!(events, []);
    }
}

#[tokio::test]
async fn a_password_that_is_set_ends_every_session() {
    let (ann, session) = (user("ann@example.org"), SessionId(id()));
    let new = PasswordHash::new(format!("fresh:{OTHER_PASSWORD}"));
    let mut users = MockUserStore::new();
    let (owner, proven_before) = (ann.id, ann.version());
    users
        .expect_change_password()
        .withf(move |id, proven, hash, keep, now, notice| {
            (*id, *proven, hash, *keep, *now) == (owner, proven_before, &new, None, start()) && notice.is_none()
        })
        .once()
        .returning(move |_, _, _, _, _, _| Ok(Some(vec![session])));
    let (outcome, events) = set(&ann, users, hasher_that_says(true)).await;
    assert_eq!(outcome.unwrap(), 1);
    assert_eq!(told(&events), [("password_changed", OPERATOR), ("session_ended", OPERATOR)]);
    assert_eq!(events.iter().map(AuditEvent::session).collect::<Vec<_>>(), [None, Some(session)]);
}

#[tokio::test]
async fn a_password_that_changed_meanwhile_is_not_set() {
    let mut users = MockUserStore::new();
    users.expect_change_password().once().returning(|_, _, _, _, _, _| Ok(None));
    let (outcome, events) = set(&user("ann@example.org"), users, hasher_that_says(true)).await;
    assert!(matches!(outcome, Err(AdminError::ChangedMeanwhile)));
    assert_eq!(events, []);
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_a_password_is_set() {
    let mut users = MockUserStore::new();
    users.expect_change_password().returning(|_, _, _, _, _, _| down());
    for (users, hasher) in [(MockUserStore::new(), broken_hasher()), (users, hasher_that_says(true))] {
        let (outcome, events) = set(&user("ann@example.org"), users, hasher).await;
        assert!(matches!(outcome, Err(AdminError::Port(PortError::Unavailable(_)))));
        assert_eq!(events, []);
    }
}

#[tokio::test]
async fn sessions_can_end_without_a_change_to_the_account() {
    let (ann, ids) = (user("ann@example.org"), vec![SessionId(id()), SessionId(id())]);
    let mut scene = Scene::default();
    let end_all = scene.sessions.expect_end_all().with(eq(ann.id), eq(None), eq(start()));
    end_all.once().returning(move |_, _, _| Ok(ids.clone()));
    let (outcome, events) = scene.perform(Action::EndSessions, &ann).await;
    assert_eq!(outcome.unwrap(), 2);
    assert_eq!(told(&events), [("session_ended", OPERATOR), ("session_ended", OPERATOR)]);
}

#[tokio::test]
async fn deleting_needs_no_proof() {
    let ann = user("ann@example.org");
    let id = ann.id;
    let mut scene = Scene::default();
    scene
        .users
        .expect_delete()
        .withf(move |user, proof, keep, _, _| *user == id && proof.is_none() && *keep == STAYS)
        .once()
        .returning(|_, _, _, _, _| Ok(Deleted::Yes));
    let (outcome, events) = scene.perform(Action::Delete, &ann).await;
    assert_eq!(outcome.unwrap(), 0);
    assert_eq!(told(&events), [("account_deleted", OPERATOR)]);
}

#[tokio::test]
async fn what_cannot_be_deleted_stays() {
    for (deleted, expected) in
        [(Deleted::No, AdminError::NoSuchUser), (Deleted::LastAdministrator, AdminError::LastAdministrator)]
    {
        let mut scene = Scene::default();
        scene.users.expect_delete().returning(move |_, _, _, _, _| Ok(deleted));
        let (outcome, events) = scene.perform(Action::Delete, &user("ann@example.org")).await;
        assert_eq!(outcome.unwrap_err().to_string(), expected.to_string());
        assert_eq!(events, []);
    }
}

#[tokio::test]
async fn an_outage_stays_an_outage_whatever_the_measure() {
    for action in [Action::EndSessions, Action::Delete] {
        let mut scene = Scene::default();
        scene.sessions.expect_end_all().returning(|_, _, _| down());
        scene.users.expect_delete().returning(|_, _, _, _, _| down());
        let (outcome, events) = scene.perform(action, &user("ann@example.org")).await;
        assert!(matches!(outcome, Err(AdminError::Port(PortError::Unavailable(_)))));
        assert_eq!(events, []);
    }
}
