//! Guessing: attempts over a store that counts, with a hasher that knows the answer.

use std::{sync::Arc, time::Duration};

use super::{PasswordProof, Verdict};
use crate::{
    audit::AuditEvent,
    ports::{AttemptStore, Inserted, MockAttemptStore, MockPasswordHasher, PasswordHasher, PortError, UserStore},
    testkit::{
        MemoryAudit, MemoryStore, MovableClock, PlainHasher,
        samples::{OTHER_PASSWORD, PASSWORD, attempt, email, origin_from, session_of, user},
    },
    usecases::testing::{down, told},
    user::{AccountState, User},
};

const LIMIT: u32 = 3;
const OWNER: &str = "203.0.113.200";

struct Scene {
    proof: PasswordProof,
    clock: MovableClock,
    audit: MemoryAudit,
    ann: User,
}

impl Scene {
    /// Ann has logged in from the owner's network.
    async fn new() -> Self {
        let (store, ann) = (MemoryStore::default(), user("ann@example.org"));
        assert_eq!(store.insert(&ann, Some(&session_of(&ann))).await.unwrap(), Inserted::Yes);
        Self::over(Arc::new(store), Arc::new(PlainHasher::default()), ann)
    }

    fn over(attempts: Arc<dyn AttemptStore>, hasher: Arc<dyn PasswordHasher>, ann: User) -> Self {
        let (audit, clock) = (MemoryAudit::default(), MovableClock::default());
        let proof = PasswordProof {
            hasher,
            attempts,
            audit: Arc::new(audit.clone()),
            clock: Arc::new(clock.clone()),
            failure_limit: LIMIT,
        };
        Self { proof, clock, audit, ann }
    }

    async fn tries(&self, password: &str, address: &str) -> Verdict {
        let (account, from) = (self.ann.email.clone(), origin_from(address));
        self.proof.verify(&account, Some(&self.ann), attempt(password), &from).await.unwrap()
    }

    async fn fails(&self, times: u32) {
        for host in 0..times {
            assert_eq!(self.tries(OTHER_PASSWORD, &format!("198.51.{host}.1")).await, Verdict::Wrong);
        }
    }

    async fn failures(&self) -> u32 {
        self.proof.attempts.standing(&self.ann.email, None).await.unwrap().map_or(0, |standing| standing.failures.count)
    }
}

fn held(seconds: u64) -> Verdict {
    Verdict::Held { retry_after: Duration::from_secs(seconds) }
}

#[tokio::test]
async fn strangers_wait_ever_longer_once_too_many_have_failed() {
    let scene = Scene::new().await;
    scene.fails(LIMIT).await;
    for seconds in [30, 60, 120, 240, 480, 900, 900] {
        assert_eq!(scene.tries(PASSWORD, "192.0.2.1").await, held(seconds));
        scene.clock.advance(chrono::TimeDelta::seconds(i64::try_from(seconds).unwrap()));
        scene.fails(1).await;
    }
    assert_eq!(told(&scene.audit.events()), [("login_throttled", None); 7]);
    assert!(scene.audit.events().iter().all(|event: &AuditEvent| event.user == Some(scene.ann.id)));
}

#[tokio::test]
async fn the_owners_network_goes_on() {
    let scene = Scene::new().await;
    scene.fails(LIMIT).await;
    assert_eq!(scene.tries(OTHER_PASSWORD, OWNER).await, Verdict::Wrong);
    assert_eq!(scene.tries(PASSWORD, OWNER).await, Verdict::Right);
    assert_eq!(scene.tries(PASSWORD, "203.0.114.1").await, held(60));
    scene.clock.advance(chrono::TimeDelta::days(30));
    scene.fails(LIMIT).await;
    assert_eq!(scene.tries(PASSWORD, OWNER).await, held(30));
}

#[tokio::test]
async fn an_address_without_an_account_is_held_alike() {
    let scene = Scene::new().await;
    let (nobody, from) = (email("nobody@example.org"), origin_from("192.0.2.1"));
    let tries = || scene.proof.verify(&nobody, None, attempt(PASSWORD), &from);
    for _ in 0..LIMIT {
        assert_eq!(tries().await.unwrap(), Verdict::Wrong);
    }
    assert_eq!(tries().await.unwrap(), held(30));
    assert_eq!(scene.audit.events()[0].user, None);
}

#[tokio::test]
async fn a_right_attempt_counts_for_nothing_and_hides_no_failure() {
    let scene = Scene::new().await;
    assert_eq!(scene.tries(PASSWORD, "192.0.2.1").await, Verdict::Right);
    assert_eq!(scene.failures().await, 0);
    scene.fails(2).await;
    assert_eq!(scene.tries(PASSWORD, "192.0.2.1").await, Verdict::Right);
    assert_eq!(scene.failures().await, 2);
}

#[tokio::test]
async fn a_disabled_accounts_password_counts_like_a_wrong_one() {
    let mut scene = Scene::new().await;
    scene.ann.state = AccountState::Disabled { since: scene.ann.created_at };
    for count in 1..=LIMIT {
        assert_eq!(scene.tries(PASSWORD, "192.0.2.1").await, Verdict::Right);
        assert_eq!(scene.failures().await, count);
    }
    assert_eq!(scene.tries(PASSWORD, "192.0.2.1").await, held(30));
}

#[tokio::test]
async fn many_at_once_get_no_further_than_one_after_the_other() {
    let scene = Arc::new(Scene::new().await);
    scene.fails(1).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let scene = scene.clone();
            tokio::spawn(async move { scene.tries(OTHER_PASSWORD, "192.0.2.1").await })
        })
        .collect();
    let mut wrong = 0;
    for task in tasks {
        wrong += u32::from(task.await.unwrap() == Verdict::Wrong);
    }
    assert_eq!(wrong, LIMIT - 1);
}

#[tokio::test]
async fn an_attempt_that_loses_a_race_is_counted_on_top_of_the_winner() {
    let mut attempts = MockAttemptStore::new();
    attempts.expect_standing().times(4).returning(|_, _| Ok(None));
    let mut wins = [false, false, true].into_iter();
    attempts.expect_advance().times(3).returning(move |_, _, _| Ok(wins.next().unwrap()));
    let scene = Scene::over(Arc::new(attempts), Arc::new(PlainHasher::default()), user("ann@example.org"));
    assert_eq!(scene.tries(OTHER_PASSWORD, OWNER).await, Verdict::Wrong);
}

#[tokio::test]
async fn an_attempt_that_nothing_came_of_is_forgiven() {
    let mut scene = Scene::new().await;
    scene.fails(2).await;
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(|_, _| Err(PortError::Overloaded { retry_after: Duration::from_secs(3) }));
    scene.proof.hasher = Arc::new(hasher);
    let outcome = scene.proof.verify(&scene.ann.email, Some(&scene.ann), attempt(PASSWORD), &origin_from(OWNER)).await;
    assert!(matches!(outcome, Err(PortError::Overloaded { .. })));
    assert_eq!(scene.failures().await, 2);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut attempts = MockAttemptStore::new();
    attempts.expect_standing().returning(|_, _| down());
    let scene = Scene::over(Arc::new(attempts), Arc::new(MockPasswordHasher::new()), user("ann@example.org"));
    let outcome = scene.proof.verify(&scene.ann.email, Some(&scene.ann), attempt(PASSWORD), &origin_from(OWNER)).await;
    assert!(matches!(outcome, Err(PortError::Unavailable(_))));
}
