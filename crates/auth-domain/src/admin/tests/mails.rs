//! What an operator causes to be written: invitations and notices; and that an address is verified by their word.

use std::sync::Arc;

use super::{AdminError, CreateUser, Created, DeleteUser, Invitation, OPERATOR, SetPassword};
use crate::{
    accounts::ports::{Deleted, Inserted, MockUserStore},
    audit::event::AuditEvent,
    identity::port_error::PortError,
    mail::{
        message::{Occasion, Outgoing},
        proof::Purpose,
    },
    passwords::{policy::ChosenPassword, ports::MockPasswordHasher},
    testing::{
        Fresh, clock, down, hasher_that_says,
        mail::{ANN, World, by_token, writer},
        told, unheard,
    },
    testkit::{
        MemoryAudit,
        samples::{OTHER_PASSWORD, attempt, context, email, new_password, operator, start, user},
    },
};

/// Without a password: the hasher must not be asked.
async fn invite(users: MockUserStore) -> (Result<Created, AdminError>, Vec<AuditEvent>) {
    let audit = MemoryAudit::default();
    let create = CreateUser {
        users: Arc::new(users),
        hasher: Arc::new(MockPasswordHasher::new()),
        writer: writer(),
        ids: Arc::new(Fresh),
        audit: Arc::new(audit.clone()),
        clock: clock(),
    };
    (create.execute(email(ANN), None, &operator()).await, audit.events())
}

fn inviting(outcome: fn() -> Result<Inserted, PortError>) -> MockUserStore {
    let is_invitation = |mail: &Outgoing| {
        let proof = mail.proof.clone().unwrap();
        assert_eq!((mail.occasion, &mail.to, proof.purpose), (Occasion::Invitation, &email(ANN), Purpose::Reset));
        proof.expires_at == start() + writer().verify_life
    };
    let mut users = MockUserStore::new();
    let insert = users
        .expect_insert()
        .withf(move |user, first, mail| user.password.is_none() && first.is_none() && mail.is_some_and(is_invitation));
    insert.once().returning(move |_, _, _| outcome());
    users
}

#[tokio::test]
async fn who_gets_no_password_is_invited_to_choose_one() {
    let (outcome, events) = invite(inviting(|| Ok(Inserted::Yes))).await;
    let Created { user, invitation } = outcome.unwrap();
    assert_eq!((user.password, invitation), (None, Invitation::Queued));
    assert_eq!(told(&events), [("user_registered", OPERATOR)]);
    let (outcome, events) = invite(inviting(|| Ok(Inserted::MailSuppressed))).await;
    assert_eq!(outcome.unwrap().invitation, Invitation::Suppressed);
    assert_eq!(told(&events), [("user_registered", OPERATOR), ("mail_suppressed", OPERATOR)]);
    let (outcome, events) = invite(inviting(|| Ok(Inserted::EmailTaken))).await;
    assert!(matches!(outcome, Err(AdminError::EmailTaken)));
    assert_eq!(events, []);
    let (outcome, events) = invite(inviting(down)).await;
    assert!(matches!(outcome, Err(AdminError::Port(PortError::Unavailable(_)))));
    assert_eq!(events, []);
    let (_, events) = invite(inviting(unheard)).await;
    assert_eq!(told(&events), [("user_registered", Some("outcome_unknown"))]);
}

#[tokio::test]
async fn who_gets_a_password_is_not_invited() {
    let mut users = MockUserStore::new();
    users.expect_insert().withf(|_, _, mail| mail.is_none()).once().returning(|_, _, _| Ok(Inserted::Yes));
    let create = CreateUser {
        users: Arc::new(users),
        hasher: Arc::new(hasher_that_says(true)),
        writer: writer(),
        ids: Arc::new(Fresh),
        audit: Arc::new(MemoryAudit::default()),
        clock: clock(),
    };
    assert!(create.execute(email(ANN), Some(new_password(OTHER_PASSWORD)), &operator()).await.is_ok());
}

#[tokio::test]
async fn an_invitation_lets_its_reader_choose_the_first_password() {
    let world = World::default();
    let create = CreateUser {
        users: Arc::new(world.store.clone()),
        hasher: Arc::new(MockPasswordHasher::new()),
        writer: writer(),
        ids: Arc::new(Fresh),
        audit: Arc::new(world.audit.clone()),
        clock: Arc::new(world.clock.clone()),
    };
    create.execute(email(ANN), None, &operator()).await.unwrap();
    let mail = world.posted().await;
    assert_eq!(mail.template.name(), "invitation");
    let chosen = ChosenPassword::new(OTHER_PASSWORD.to_owned());
    world.reset().execute(&by_token(&mail), chosen, &context()).await.unwrap();
    assert!(world.login().execute(&email(ANN), attempt(OTHER_PASSWORD), &context()).await.is_ok());
}

#[tokio::test]
async fn the_owner_is_told_of_a_password_that_was_set_and_of_a_deletion() {
    let ann = user(ANN);
    let is_notice = |expected| move |notice: &Outgoing| notice.occasion == expected && notice.to == email(ANN);
    let is_change = is_notice(Occasion::PasswordChanged);
    let mut users = MockUserStore::new();
    let change = users.expect_change_password().withf(move |_, _, _, _, _, notice| notice.is_some_and(is_change));
    change.once().returning(|_, _, _, _, _, _| Ok(Some(vec![])));
    let is_deletion = is_notice(Occasion::AccountDeleted);
    let delete = users.expect_delete().withf(move |_, _, _, _, notice| notice.is_some_and(is_deletion));
    delete.once().returning(|_, _, _, _, _| Ok(Deleted::Yes));
    let (users, audit) = (Arc::new(users), Arc::new(MemoryAudit::default()));
    let hasher = Arc::new(hasher_that_says(true));
    let set = SetPassword { users: users.clone(), hasher, writer: writer(), audit: audit.clone(), clock: clock() };
    assert_eq!(set.execute(&ann, new_password(OTHER_PASSWORD), &operator()).await.unwrap(), 0);
    let delete = DeleteUser { users, writer: writer(), audit, clock: clock(), with_factor: false };
    delete.execute(&ann, false, &operator()).await.unwrap();
}
