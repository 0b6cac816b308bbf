//! Guessing: attempts over a store that counts, with a hasher that knows the answer.

mod promises;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{PasswordVerifier, Verdict};
use crate::{
    accounts::ports::{Inserted, UserStore},
    audit::event::AuditEvent,
    identity::{
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountState, User},
    },
    passwords::{
        policy::{NewPassword, PasswordAttempt},
        ports::{Admission, AttemptStore, HashFault, MockAttemptStore, PasswordHasher},
        throttle::{Counted, ThrottleState},
    },
    testing::{admitting, down, told},
    testkit::{
        MemoryAudit, MemoryStore, MovableClock, PlainHasher,
        samples::{OTHER_PASSWORD, PASSWORD, attempt, email, origin_from, session_of, user},
    },
};

const LIMIT: u32 = 3;
const OWNER: &str = "203.0.113.200";
const GUESSER: &str = "192.0.2.1";

struct Scene {
    proof: PasswordVerifier,
    clock: MovableClock,
    audit: MemoryAudit,
    ann: User,
}

impl Scene {
    /// Ann has logged in from the owner's network.
    async fn new() -> Self {
        let (store, ann) = (MemoryStore::default(), user("ann@example.org"));
        assert_eq!(store.insert(&ann, Some(&session_of(&ann)), None).await.unwrap(), Inserted::Yes);
        Self::over(Arc::new(store), Arc::new(PlainHasher::default()), ann)
    }

    fn over(attempts: Arc<dyn AttemptStore>, hasher: Arc<dyn PasswordHasher>, ann: User) -> Self {
        let (audit, clock) = (MemoryAudit::default(), MovableClock::default());
        let proof = PasswordVerifier {
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
        self.proof.verify(place(), &account, Some(&self.ann), attempt(password), &from).await.unwrap()
    }

    async fn fails(&self, times: u32, address: &str) {
        for _ in 0..times {
            assert_eq!(self.tries(OTHER_PASSWORD, address).await, Verdict::Wrong);
        }
    }

    /// Others fail, each from an address of its own.
    async fn is_guessed_at(&self, times: u32) {
        for host in 0..times {
            self.fails(1, &format!("198.51.{}.{}", host / 256, host % 256)).await;
        }
    }

    fn passes(&self, seconds: u64) {
        self.clock.advance(chrono::TimeDelta::seconds(i64::try_from(seconds).unwrap()));
    }

    async fn throttle_state(&self, address: &str) -> ThrottleState {
        self.proof.attempts.throttle_state(&self.ann.email, origin_from(address).subscriber()).await.unwrap()
    }

    /// How many failures count at the address, whoever made them.
    async fn failures(&self) -> u32 {
        self.throttle_state(OWNER).await.all.map_or(0, |all| all.count)
    }
}

fn place() -> Admission {
    Admission::holding(())
}

fn held(seconds: u64) -> Verdict {
    Verdict::Throttled { retry_after: Duration::from_secs(seconds) }
}

#[tokio::test]
async fn a_client_waits_ever_longer_once_it_has_failed_too_often() {
    let scene = Scene::new().await;
    scene.fails(LIMIT, GUESSER).await;
    for seconds in [30, 60, 120, 240, 480, 900, 900] {
        assert_eq!(scene.tries(PASSWORD, GUESSER).await, held(seconds));
        scene.passes(seconds - 1);
        assert_eq!(scene.tries(OTHER_PASSWORD, GUESSER).await, held(1));
        scene.passes(1);
        scene.fails(1, GUESSER).await;
    }
    assert_eq!(told(&scene.audit.events()), [("login_throttled", None); 14]);
    assert!(scene.audit.events().iter().all(|event: &AuditEvent| event.user() == Some(scene.ann.id)));
}

#[tokio::test]
async fn many_clients_share_what_one_has_and_then_get_one_attempt_each() {
    let scene = Scene::new().await;
    scene.is_guessed_at(LIMIT + 1_000).await;
    assert_eq!(scene.tries(PASSWORD, "198.51.0.0").await, Verdict::Right);
    for late in [LIMIT - 1, LIMIT, 1_000] {
        assert_eq!(scene.tries(PASSWORD, &format!("198.51.{}.{}", late / 256, late % 256)).await, held(30));
    }
    scene.passes(30);
    scene.fails(1, "198.51.3.0").await;
    assert_eq!(scene.tries(OTHER_PASSWORD, "198.51.3.0").await, held(60));
}

#[tokio::test]
async fn the_owner_gets_in_at_once_from_wherever_nobody_has_failed() {
    let scene = Scene::new().await;
    scene.is_guessed_at(1_000).await;
    for address in [OWNER, "192.0.2.1", "2001:db8::1"] {
        assert_eq!(scene.tries(PASSWORD, address).await, Verdict::Right, "{address}");
    }
}

#[tokio::test]
async fn nobody_moves_the_wait_of_another() {
    let scene = Scene::new().await;
    scene.is_guessed_at(LIMIT).await;
    scene.fails(1, OWNER).await;
    for passed in 1..=3 {
        // Strangers fail as soon as they may, and the owner logs in next door.
        scene.passes(9);
        scene.fails(1, &format!("192.0.2.{passed}")).await;
        assert_eq!(scene.tries(PASSWORD, "203.0.113.201").await, Verdict::Right);
        assert_eq!(scene.tries(PASSWORD, OWNER).await, held(30 - 9 * passed));
    }
    scene.passes(3);
    assert_eq!(scene.tries(PASSWORD, OWNER).await, Verdict::Right);
}

#[tokio::test]
async fn a_known_network_is_held_like_any_other() {
    let scene = Scene::new().await;
    let network = origin_from(OWNER).network().unwrap();
    assert!(scene.proof.attempts.network_seen_at(scene.ann.id, network).await.unwrap().is_some());
    scene.fails(LIMIT, OWNER).await;
    assert_eq!(scene.tries(PASSWORD, OWNER).await, held(30));
}

#[tokio::test]
async fn an_address_without_an_account_is_held_alike() {
    let scene = Scene::new().await;
    let (nobody, from) = (email("nobody@example.org"), origin_from(GUESSER));
    let tries = || scene.proof.verify(place(), &nobody, None, attempt(PASSWORD), &from);
    for _ in 0..LIMIT {
        assert_eq!(tries().await.unwrap(), Verdict::Wrong);
    }
    assert_eq!(tries().await.unwrap(), held(30));
    assert_eq!(scene.audit.events()[0].user(), None);
}

#[tokio::test]
async fn a_right_attempt_counts_for_nothing_and_moves_nothing() {
    let scene = Scene::new().await;
    assert_eq!(scene.tries(PASSWORD, OWNER).await, Verdict::Right);
    assert_eq!(scene.throttle_state(OWNER).await, ThrottleState::default());
    scene.fails(2, OWNER).await;
    scene.is_guessed_at(LIMIT).await;
    let before = (scene.throttle_state(OWNER).await, scene.throttle_state(GUESSER).await);
    scene.passes(5);
    for address in [OWNER, GUESSER] {
        assert_eq!(scene.tries(PASSWORD, address).await, Verdict::Right);
    }
    assert_eq!((scene.throttle_state(OWNER).await, scene.throttle_state(GUESSER).await), before);
}

#[tokio::test]
async fn an_attempt_that_is_held_changes_nothing() {
    let scene = Scene::new().await;
    scene.fails(LIMIT, GUESSER).await;
    let before = scene.throttle_state(GUESSER).await;
    for _ in 0..3 {
        scene.passes(1);
        assert!(matches!(scene.tries(OTHER_PASSWORD, GUESSER).await, Verdict::Throttled { .. }));
    }
    assert_eq!(scene.throttle_state(GUESSER).await, before);
}

#[tokio::test]
async fn a_disabled_accounts_password_counts_like_a_wrong_one() {
    let mut scene = Scene::new().await;
    scene.ann.state = AccountState::Disabled { since: scene.ann.created_at };
    for count in 1..=LIMIT {
        assert_eq!(scene.tries(PASSWORD, GUESSER).await, Verdict::Right);
        assert_eq!(scene.failures().await, count);
    }
    assert_eq!(scene.tries(PASSWORD, GUESSER).await, held(30));
}

/// How many of so many attempts at once, all wrong, were verified.
async fn verified(scene: &Arc<Scene>, at_once: usize, address: &'static str) -> u32 {
    let tasks: Vec<_> = (0..at_once)
        .map(|_| {
            let scene = scene.clone();
            tokio::spawn(async move { scene.tries(OTHER_PASSWORD, address).await })
        })
        .collect();
    let mut wrong = 0;
    for task in tasks {
        wrong += u32::from(task.await.unwrap() == Verdict::Wrong);
    }
    wrong
}

#[tokio::test]
async fn many_at_once_get_no_further_than_one_after_the_other() {
    let scene = Arc::new(Scene::new().await);
    scene.fails(1, GUESSER).await;
    assert_eq!(verified(&scene, 20, GUESSER).await, LIMIT - 1);
    // From elsewhere, with nothing left of the limit.
    assert_eq!(verified(&scene, 20, "192.0.2.2").await, 1);
}

/// Finds every attempt right, once as many are being verified.
struct AllAtOnce {
    awaited: usize,
    come: AtomicUsize,
}

#[async_trait::async_trait]
impl PasswordHasher for AllAtOnce {
    fn admit(&self) -> Result<Admission, PortError> {
        down()
    }

    async fn hash(&self, _place: Admission, _new: NewPassword) -> Result<PasswordHash, PortError> {
        down()
    }

    async fn verify<'a>(
        &self,
        _place: Admission,
        _attempt: PasswordAttempt,
        _hash: Option<&'a PasswordHash>,
    ) -> Result<bool, PortError> {
        self.come.fetch_add(1, Ordering::SeqCst);
        while self.come.load(Ordering::SeqCst) < self.awaited {
            tokio::task::yield_now().await;
        }
        Ok(true)
    }

    fn fault(&self, _hash: &PasswordHash) -> Option<HashFault> {
        None
    }

    fn is_outdated(&self, _hash: &PasswordHash) -> bool {
        false
    }
}

#[tokio::test]
async fn many_devices_of_an_owner_may_log_in_at_once() {
    let mut scene = Scene::new().await;
    scene.is_guessed_at(LIMIT - 2).await;
    scene.proof.hasher = Arc::new(AllAtOnce { awaited: 20, come: AtomicUsize::new(0) });
    let scene = Arc::new(scene);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let scene = scene.clone();
            tokio::spawn(async move { scene.tries(PASSWORD, OWNER).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Verdict::Right);
    }
    assert_eq!(scene.failures().await, LIMIT - 2);
}

#[tokio::test]
async fn an_attempt_that_loses_a_race_is_counted_on_top_of_the_winner() {
    let mut attempts = MockAttemptStore::new();
    attempts.expect_throttle_state().times(4).returning(|_, _| Ok(ThrottleState::default()));
    let mut wins = [None, None, Some(Counted::default())].into_iter();
    attempts.expect_count().times(3).returning(move |_, _, _, _, _| Ok(wins.next().unwrap()));
    let scene = Scene::over(Arc::new(attempts), Arc::new(PlainHasher::default()), user("ann@example.org"));
    assert_eq!(scene.tries(OTHER_PASSWORD, OWNER).await, Verdict::Wrong);
}

#[tokio::test]
async fn an_attempt_that_nothing_came_of_is_forgiven() {
    let mut scene = Scene::new().await;
    scene.fails(2, OWNER).await;
    let before = scene.throttle_state(OWNER).await;
    let mut hasher = admitting();
    hasher.expect_verify().returning(|_, _, _| Err(PortError::Overloaded { retry_after: Duration::from_secs(3) }));
    scene.proof.hasher = Arc::new(hasher);
    let outcome = scene.proof.verify(place(), &scene.ann.email, Some(&scene.ann), attempt(PASSWORD), &origin_from(OWNER)).await;
    assert!(matches!(outcome, Err(PortError::Overloaded { .. })));
    assert_eq!(scene.throttle_state(OWNER).await, before);
}

#[tokio::test]
async fn an_outage_stays_an_outage() {
    let mut attempts = MockAttemptStore::new();
    attempts.expect_throttle_state().returning(|_, _| down());
    let scene = Scene::over(Arc::new(attempts), Arc::new(admitting()), user("ann@example.org"));
    let outcome = scene.proof.verify(place(), &scene.ann.email, Some(&scene.ann), attempt(PASSWORD), &origin_from(OWNER)).await;
    assert!(matches!(outcome, Err(PortError::Unavailable(_))));
}
