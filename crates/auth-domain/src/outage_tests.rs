//! Use cases together over one store in memory: what no single one of them can show.

mod factors;
mod mail;

use std::sync::Arc;

use chrono::TimeDelta;

use super::{
    accounts::change_password::ChangePassword,
    passwords::verify::PasswordVerifier,
    sessions::{
        authenticate::{Authenticate, AuthenticateError, SignedIn},
        refresh::{Refresh, RefreshError},
    },
    sign_in::register::Verification,
    sign_in::{begin::BeginSession, login::Login, prove::Prove, register::Register},
    testing::{Fresh, entered, issuer, no_mail, second_step, signed_in},
};
use crate::{
    audit::kind::EventKind,
    identity::port_error::PortError,
    sessions::token::{InvalidToken, TokenPair},
    testkit::{
        FakeCodec, MemoryAudit, MemoryStore, MovableClock, PlainHasher,
        samples::{OTHER_PASSWORD, PASSWORD, attempt, context, email, new_password},
    },
};

#[derive(Clone, Default)]
struct World {
    store: MemoryStore,
    audit: MemoryAudit,
    clock: MovableClock,
}

impl World {
    async fn register(&self) -> TokenPair {
        let (users, hasher) = (Arc::new(self.store.clone()), Arc::new(PlainHasher::default()));
        let (audit, clock) = (Arc::new(self.audit.clone()), Arc::new(self.clock.clone()));
        let register = Register { users, hasher, issuer: issuer(), verification: Verification::Off, audit, clock };
        signed_in(register.execute(email("ann@example.org"), new_password(PASSWORD), &context()).await.unwrap())
    }

    fn proof(&self) -> PasswordVerifier {
        PasswordVerifier {
            hasher: Arc::new(PlainHasher::default()),
            attempts: Arc::new(self.store.clone()),
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
            failure_limit: 10,
        }
    }

    fn login(&self) -> Login {
        Login {
            unverified: None,
            prove: Prove {
                users: Arc::new(self.store.clone()),
                // Of a higher cost than at registration.
                hasher: Arc::new(PlainHasher::of_cost(11)),
                verifier: self.proof(),
                clock: Arc::new(self.clock.clone()),
            },
            begin: BeginSession {
                sessions: Arc::new(self.store.clone()),
                issuer: super::sessions::issue::Issuer { ids: Arc::new(Fresh), ..issuer() },
                audit: Arc::new(self.audit.clone()),
                clock: Arc::new(self.clock.clone()),
                session_limit: 50,
                notices: None,
            },
            second_step: second_step(),
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
        }
    }

    async fn refresh(&self, token: &str) -> Result<TokenPair, RefreshError> {
        let (audit, clock) = (Arc::new(self.audit.clone()), Arc::new(self.clock.clone()));
        let sessions = Arc::new(self.store.clone());
        let refresh = Refresh { sessions, issuer: issuer(), audit, clock, reuse_window: TimeDelta::seconds(10) };
        refresh.execute(token, &context()).await
    }

    async fn who(&self, access: &str) -> Result<SignedIn, AuthenticateError> {
        let (sessions, clock) = (Arc::new(self.store.clone()), Arc::new(self.clock.clone()));
        Authenticate { codec: Arc::new(FakeCodec::default()), sessions, clock }.execute(access).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_refresh_at_once_the_chain_does_not_fork() {
    let world = World::default();
    let first = world.register().await;
    let tabs: Vec<_> = (0..32)
        .map(|_| {
            let (world, token) = (world.clone(), first.refresh.clone());
            tokio::spawn(async move { world.refresh(&token).await.unwrap().refresh })
        })
        .collect();
    let mut successors = Vec::new();
    for tab in tabs {
        successors.push(tab.await.unwrap());
    }
    // Whichever of them a tab goes on with: it is the one current token, and then the one just before.
    for token in successors {
        assert!(world.refresh(&token).await.is_ok());
    }
    assert!(world.audit.kinds().iter().all(|kind| *kind != EventKind::TokenReused));
}

#[tokio::test]
async fn a_stolen_token_ends_the_session_for_thief_and_owner() {
    let world = World::default();
    let first = world.register().await;
    let second = world.refresh(&first.refresh).await.unwrap();
    world.clock.advance(TimeDelta::seconds(10));
    assert!(matches!(world.refresh(&first.refresh).await, Err(RefreshError::Reused)));
    assert!(matches!(world.refresh(&second.refresh).await, Err(RefreshError::Token(InvalidToken::Invalid))));
    assert!(world.who(&second.access).await.is_err());
}

#[tokio::test]
async fn a_session_ends_at_its_absolute_end_however_often_it_is_refreshed() {
    let world = World::default();
    let mut pair = world.register().await;
    for _day in 0..89 {
        world.clock.advance(TimeDelta::days(1));
        pair = world.refresh(&pair.refresh).await.unwrap();
    }
    assert_eq!(pair.refresh_expires_in, TimeDelta::days(1));
    world.clock.advance(TimeDelta::days(1));
    assert!(matches!(world.refresh(&pair.refresh).await, Err(RefreshError::Token(InvalidToken::Invalid))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_that_strengthen_one_hash_at_once_all_succeed() {
    let world = World::default();
    world.register().await;
    let logins: Vec<_> = (0..16)
        .map(|_| {
            let login = world.login();
            tokio::spawn(async move { login.execute(&email("ann@example.org"), attempt(PASSWORD), &context()).await.is_ok() })
        })
        .collect();
    for login in logins {
        assert!(login.await.unwrap());
    }
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_opens_the_door_alone() {
    let world = World::default();
    let own = world.register().await;
    let login = world.login();
    let other = entered(login.execute(&email("ann@example.org"), attempt(PASSWORD), &context()).await.unwrap());
    let caller = world.who(&own.access).await.unwrap();
    let change = ChangePassword {
        writer: no_mail(),
        users: Arc::new(world.store.clone()),
        hasher: Arc::new(PlainHasher::default()),
        proof: world.proof(),
        audit: Arc::new(world.audit.clone()),
        clock: Arc::new(world.clock.clone()),
    };
    change.execute(&caller, attempt(PASSWORD), new_password(OTHER_PASSWORD), &context()).await.unwrap();
    assert!(world.who(&own.access).await.is_ok());
    assert!(world.who(&other.access).await.is_err());
    assert!(login.execute(&email("ann@example.org"), attempt(PASSWORD), &context()).await.is_err());
    assert!(login.execute(&email("ann@example.org"), attempt(OTHER_PASSWORD), &context()).await.is_ok());
}

#[tokio::test]
async fn a_store_that_is_away_refuses_nobody() {
    let world = World::default();
    let pair = world.register().await;
    world.store.go_away();
    assert!(matches!(world.refresh(&pair.refresh).await, Err(RefreshError::Port(PortError::Unavailable(_)))));
    world.store.come_back();
    assert!(world.refresh(&pair.refresh).await.is_ok());
    assert_eq!(world.audit.kinds(), [EventKind::UserRegistered, EventKind::TokenRefreshed]);
}
