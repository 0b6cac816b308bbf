//! What a list costs: looks at the database and signatures, counted.

use std::sync::atomic::{AtomicI64, AtomicUsize};

use async_trait::async_trait;
use auth_domain::{
    sessions::ports::EndedSessions,
    signing_keys::{key::SigningKey, ring::KeyRing},
};
use futures_util::future::join_all;

use super::*;

/// Sessions, keys and a clock in one: counts what it is asked to do.
#[derive(Default)]
struct Counting {
    looks: AtomicUsize,
    signatures: AtomicUsize,
    ended: Mutex<Vec<RevocationCursor>>,
    /// In milliseconds.
    now: AtomicI64,
}

impl Clock for Counting {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(9000) + TimeDelta::milliseconds(self.now.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl EndedSessions for Counting {
    async fn ended(&self, behind: RevocationCursor, limit: u32) -> Result<Vec<RevocationCursor>, PortError> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        let ended = self.ended.lock();
        Ok(ended.iter().filter(|ended| **ended > behind).take(limit.try_into().unwrap()).copied().collect())
    }

    async fn prune(&self, _cutoff: DateTime<Utc>, _limit: u32) -> Result<usize, PortError> {
        unreachable!("the list forgets nothing")
    }
}

impl KeyCache for Counting {
    fn update(&self, _keys: Vec<SigningKey>, _now: DateTime<Utc>) -> Result<(), PortError> {
        Ok(())
    }

    fn ring(&self) -> Arc<KeyRing> {
        Arc::default()
    }

    fn check(&self, _now: DateTime<Utc>) -> Result<(), PortError> {
        Ok(())
    }

    fn sign_revocations(&self, list: &Revocations) -> Result<String, PortError> {
        self.signatures.fetch_add(1, Ordering::SeqCst);
        Ok(format!("{list:?}"))
    }
}

struct Scene {
    world: Arc<Counting>,
    feed: Feed,
}

impl Scene {
    fn new() -> Self {
        let world = Arc::<Counting>::default();
        let list = ListRevocations { sessions: world.clone(), keys: world.clone(), clock: world.clone() };
        let (changes, known) = (AtomicU64::default(), Mutex::default());
        Self { feed: Feed { list, keys: world.clone(), clock: world.clone(), changes, known }, world }
    }

    /// A session that ends so many milliseconds from the start.
    fn ends(&self, at: i64) {
        self.world.ended.lock().push(self.place(at, at));
    }

    fn at(&self, milliseconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(9000) + TimeDelta::milliseconds(milliseconds)
    }

    /// A place, by time and number.
    fn place(&self, milliseconds: i64, number: i64) -> RevocationCursor {
        let micros = self.at(milliseconds).timestamp_micros();
        format!("{micros}_00000000-0000-0000-0000-{:012}", number.unsigned_abs()).parse().unwrap()
    }

    fn set(&self, milliseconds: i64) {
        self.world.now.store(milliseconds, Ordering::SeqCst);
    }

    async fn ask(&self, since: Option<RevocationCursor>) -> (Arc<Page>, Bytes) {
        let page = self.feed.page(since).await.unwrap();
        let signed = self.feed.signed(&page).unwrap();
        (page, signed)
    }

    /// Looks and signatures so far.
    fn cost(&self) -> (usize, usize) {
        (self.world.looks.load(Ordering::SeqCst), self.world.signatures.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn whoever_asks_within_a_second_gets_the_one_signature() {
    let scene = Scene::new();
    scene.ends(-5000);
    let all = join_all((0..100).map(|_| scene.ask(None))).await;
    assert!(all.iter().all(|(_, signed)| *signed == all[0].1));
    assert_eq!(scene.cost(), (1, 1));
    for moment in [249, 250, 600, 999] {
        scene.set(moment);
        scene.ask(None).await;
    }
    assert_eq!(scene.cost(), (4, 1), "a fresh look that finds the same needs no signature");
    scene.set(1000);
    scene.ask(None).await;
    assert_eq!(scene.cost(), (5, 2), "it tells its time");
}

#[tokio::test]
async fn what_a_change_of_this_server_ended_is_on_the_next_list() {
    let scene = Scene::new();
    let (before, signed) = scene.ask(None).await;
    scene.ends(0);
    assert_eq!(scene.ask(None).await.0.tag, before.tag, "another server ended it: in a moment");
    scene.feed.changes.fetch_add(1, Ordering::SeqCst);
    let (after, again) = scene.ask(None).await;
    assert!(after.tag != before.tag && signed != again);
    assert_eq!(scene.cost(), (2, 2));
}

#[tokio::test]
async fn places_that_ask_the_same_share_the_list_and_those_whose_list_is_the_same_share_the_signature() {
    let scene = Scene::new();
    scene.ends(-5000);
    for seconds in [-100_000, -50_000, -3661] {
        scene.ask(Some(RevocationCursor::before(scene.at(seconds * 1000)))).await;
    }
    assert_eq!(scene.cost(), (1, 1), "older than any entry");
    for seconds in [60, 1000, 100_000] {
        scene.ask(Some(RevocationCursor::before(scene.at(seconds * 1000)))).await;
    }
    assert_eq!(scene.cost(), (2, 2), "later than any entry");
    for milliseconds in -4000..-3900 {
        scene.ask(Some(RevocationCursor::before(scene.at(milliseconds)))).await;
    }
    assert_eq!(scene.cost().1, 2, "whatever they ask: it says the same");
}

#[tokio::test]
async fn a_stranger_who_asks_for_ever_new_places_fills_no_memory() {
    let scene = Scene::new();
    (0..200).for_each(|number| scene.ends(-200 + number));
    for number in 0..200 {
        scene.ask(Some(scene.place(-200 + number, 7))).await;
    }
    let known = scene.feed.known();
    assert_eq!((known.looks.len(), known.signed.len()), (KEPT, KEPT));
}
