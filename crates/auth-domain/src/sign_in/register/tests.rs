//! Registering: its ports mocked.

mod verification;

use std::sync::Arc;

use super::{Register, RegisterError, Verification};
use crate::{
    accounts::ports::{Inserted, MockUserStore},
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        reason::Reason,
    },
    identity::{password_hash::PasswordHash, port_error::PortError, user::User},
    passwords::ports::MockPasswordHasher,
    sessions::{issue::Issuer, session::Session, token::TokenPair},
    testing::{admitting, broken_issuer, clock, down, full, hasher_that_says, is_told_to_come_back, issuer, opened, signed_in},
    testkit::{
        MemoryAudit,
        samples::{PASSWORD, context, email, new_password, start, user},
    },
};

struct Scene {
    users: MockUserStore,
    hasher: MockPasswordHasher,
    issuer: Issuer,
}

impl Scene {
    fn inserting(outcome: fn() -> Result<Inserted, PortError>) -> Self {
        let mut users = MockUserStore::new();
        users.expect_find_by_email().returning(|_| Ok(None));
        users.expect_insert().once().returning(move |_, _, _| outcome());
        Self { users, hasher: hasher_that_says(true), issuer: issuer() }
    }

    fn looking(outcome: fn() -> Result<Option<User>, PortError>) -> Self {
        let mut users = MockUserStore::new();
        users.expect_find_by_email().once().returning(move |_| outcome());
        Self { users, hasher: admitting(), issuer: issuer() }
    }

    async fn register(self) -> (Result<TokenPair, RegisterError>, Vec<AuditEvent>) {
        let audit = MemoryAudit::default();
        let register = Register {
            verification: Verification::Off,
            users: Arc::new(self.users),
            hasher: Arc::new(self.hasher),
            issuer: self.issuer,
            audit: Arc::new(audit.clone()),
            clock: clock(),
        };
        let outcome = register.execute(email("ann@example.org"), new_password(PASSWORD), &context()).await;
        (outcome.map(signed_in), audit.events())
    }

    async fn ends_refused(self) {
        let (outcome, events) = self.register().await;
        assert!(matches!(outcome, Err(RegisterError::EmailTaken)));
        let event = AuditEvent::new(EventKind::RegistrationRefused, &context(), start()).because(Reason::EmailTaken);
        assert_eq!(
            events,
            [event.on(Target::Address(email("ann@example.org")))],
            "it names no account: that one is not the caller's"
        );
    }

    async fn ends_in_an_outage(self) {
        let (outcome, events) = self.register().await;
        assert!(matches!(outcome, Err(RegisterError::Port(PortError::Unavailable(_)))));
        assert_eq!(events, []);
    }
}

#[tokio::test]
async fn an_account_is_kept_with_its_first_session() {
    let mut scene = Scene::looking(|| Ok(None));
    scene.hasher = hasher_that_says(true);
    let expected = |user: &User, first: &Session| {
        assert_eq!(user.password, Some(PasswordHash::new(format!("fresh:{PASSWORD}"))));
        assert_eq!((user.created_at, user.updated_at, user.last_login_at), (start(), start(), Some(start())));
        assert_eq!((first.user, first.created_at, &first.context), (user.id, start(), &context()));
        user.is_active() && user.email == email("ann@example.org")
    };
    let insert = scene.users.expect_insert().once();
    insert.withf(move |user, first, _| first.is_some_and(|first| expected(user, first))).returning(|_, _, _| Ok(Inserted::Yes));
    let (outcome, events) = scene.register().await;
    let (access, refresh) = opened(&outcome.unwrap());
    assert_eq!((access.user, access.session), (refresh.user, refresh.session));
    let event = AuditEvent::new(EventKind::UserRegistered, &context(), start());
    assert_eq!(events, [event.by_owner(access.user, &email("ann@example.org")).in_session(access.session)]);
}

#[tokio::test]
async fn a_taken_address_is_refused_before_anything_is_hashed() {
    Scene::looking(|| Ok(Some(user("ann@example.org")))).ends_refused().await;
}

#[tokio::test]
async fn who_loses_the_race_for_an_address_is_refused() {
    Scene::inserting(|| Ok(Inserted::EmailTaken)).ends_refused().await;
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_looking() {
    Scene::looking(down).ends_in_an_outage().await;
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_hashing() {
    let mut scene = Scene::looking(|| Ok(None));
    scene.hasher.expect_hash().returning(|_, _| down());
    scene.ends_in_an_outage().await;
}

#[tokio::test]
async fn an_outage_stays_an_outage_while_inserting() {
    Scene::inserting(down).ends_in_an_outage().await;
}

#[tokio::test]
async fn nobody_is_registered_where_nothing_can_be_signed() {
    let scene = Scene { hasher: hasher_that_says(true), issuer: broken_issuer(), ..Scene::looking(|| Ok(None)) };
    scene.ends_in_an_outage().await;
}

#[tokio::test]
async fn who_would_wait_too_long_for_a_hash_is_refused_before_anybody_is_asked() {
    let scene = Scene { users: MockUserStore::new(), hasher: full(), issuer: issuer() };
    let (outcome, events) = scene.register().await;
    assert!(matches!(outcome, Err(RegisterError::Port(error)) if is_told_to_come_back(&error)));
    assert_eq!(events, []);
}
