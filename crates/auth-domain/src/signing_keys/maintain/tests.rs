//! Keys over time, with one server or two: a store that keeps them, a clock one moves.

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::{
    accounts::ports::UserStore,
    audit::event::Actor,
    identity::{clock::Clock, encrypted::Encrypted, ids::KeyId},
    signing_keys::{
        key::KeyAlgorithm,
        plan::reconcile,
        ports::KeyStore,
        reconcile::ReconcileKeys,
        ring::{KeyPolicy, KeyState, PUBLISHED_AFTER},
    },
    testing::lines,
    testkit::{
        FakeKeys, MemoryAudit, MemoryStore, MovableClock,
        samples::{after, user},
    },
};

const POLICY: KeyPolicy =
    KeyPolicy { algorithm: KeyAlgorithm::Es256, cached_for: TimeDelta::seconds(300), signs_for: TimeDelta::days(90) };
const DAY: i64 = 86_400;

#[derive(Default)]
struct Scene {
    store: MemoryStore,
    fakes: FakeKeys,
    audit: MemoryAudit,
    clock: MovableClock,
}

/// One that starts, and then runs.
struct Server {
    reconcile: ReconcileKeys,
    maintain: MaintainKeys,
}

impl Server {
    async fn start(&self) -> Result<Option<DateTime<Utc>>, PortError> {
        self.reconcile.execute().await
    }

    async fn maintain(&self) -> Result<(), PortError> {
        self.maintain.execute().await
    }
}

impl Scene {
    /// Where somebody has a token already.
    async fn in_use() -> Self {
        let scene = Self::default();
        let _kept = UserStore::insert(&scene.store, &user("ann@example.org"), None, None).await.unwrap();
        scene
    }

    fn server(&self, policy: Option<KeyPolicy>) -> Server {
        let (keys, maker, cache) = (Arc::new(self.store.clone()), Arc::new(self.fakes.clone()), Arc::new(self.fakes.clone()));
        let writer = KeyWriter {
            keys,
            maker,
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
            policy,
            actor: Actor::Server,
        };
        let users = Arc::new(self.store.clone());
        Server {
            reconcile: ReconcileKeys { writer: writer.clone(), cache: cache.clone(), users },
            maintain: MaintainKeys { writer, cache },
        }
    }

    /// The states of all keys, by number, as a server knows them.
    fn states(&self) -> Vec<KeyState> {
        let now = self.clock.now();
        self.fakes.ring().timelines().map(|timeline| timeline.state(now)).collect()
    }

    fn signer(&self) -> Option<String> {
        self.fakes.ring().signer(self.clock.now()).map(|key| key.id.to_string())
    }
}

#[tokio::test]
async fn the_first_key_of_a_new_deployment_signs_at_once() {
    let scene = Scene::default();
    scene.server(Some(POLICY)).start().await.unwrap();
    assert_eq!(scene.signer().as_deref(), Some("made-1"));
    assert_eq!(lines(&scene.audit.events()), ["key_created made-1"]);
    assert!(scene.audit.events().iter().all(|event| event.actor == Actor::Server));
    scene.server(Some(POLICY)).start().await.unwrap();
    assert_eq!(scene.states(), [KeyState::Active], "a second server finds it");
}

#[tokio::test]
async fn where_tokens_are_in_use_the_secret_signs_until_everybody_may_know_the_key() {
    let scene = Scene::in_use().await;
    scene.server(Some(POLICY)).start().await.unwrap();
    assert_eq!(scene.states(), [KeyState::Pending]);
    scene.clock.set(after(309));
    assert_eq!(scene.signer(), None);
    scene.clock.set(after(310));
    assert_eq!(scene.signer().as_deref(), Some("made-1"));
}

#[tokio::test]
async fn the_next_key_is_published_before_the_one_is_too_old_and_takes_over_when_it_is() {
    let scene = Scene::default();
    let server = scene.server(Some(POLICY));
    server.start().await.unwrap();
    scene.clock.set(after(90 * DAY - 311));
    server.maintain().await.unwrap();
    assert_eq!(scene.states(), [KeyState::Active]);
    scene.clock.set(after(90 * DAY - 310));
    server.maintain().await.unwrap();
    server.maintain().await.unwrap();
    assert_eq!(scene.states(), [KeyState::Active, KeyState::Pending]);
    scene.clock.set(after(90 * DAY));
    assert_eq!(scene.states(), [KeyState::Retiring, KeyState::Active]);
    scene.clock.set(after(90 * DAY) + PUBLISHED_AFTER);
    server.maintain().await.unwrap();
    server.maintain().await.unwrap();
    assert_eq!(scene.states(), [KeyState::Active], "what is over is forgotten");
}

#[tokio::test]
async fn of_two_servers_that_make_the_next_key_one_does() {
    let scene = Scene::in_use().await;
    let ring = KeyRing::default();
    let (one, other) = (scene.server(Some(POLICY)), scene.server(Some(POLICY)));
    for server in [&one, &other] {
        let plan = |now| reconcile(&ring, false, now, Some(POLICY));
        server.maintain.writer.carry_out(&ring, &RequestContext::default(), plan).await.unwrap();
    }
    other.maintain().await.unwrap();
    assert_eq!(scene.states(), [KeyState::Pending]);
    assert_eq!(lines(&scene.audit.events()), ["key_created made-1"]);
}

#[tokio::test]
async fn the_last_server_that_starts_decides_what_signs() {
    let scene = Scene::default();
    let es256 = scene.server(Some(POLICY));
    es256.start().await.unwrap();
    let eddsa = scene.server(Some(KeyPolicy { algorithm: KeyAlgorithm::EdDsa, ..POLICY }));
    eddsa.start().await.unwrap();
    es256.maintain().await.unwrap();
    assert_eq!(scene.states(), [KeyState::Active, KeyState::Pending], "one that runs does not undo it");
    scene.clock.set(after(310));
    assert_eq!(scene.signer().as_deref(), Some("made-2"));
    scene.clock.set(after(320));
    let secret = scene.server(None);
    secret.start().await.unwrap();
    assert_eq!(lines(&scene.audit.events()).last().map(String::as_str), Some("key_retired made-2"));
    eddsa.maintain().await.unwrap();
    scene.clock.set(after(323));
    eddsa.maintain().await.unwrap();
    assert_eq!(scene.states(), [KeyState::Retiring, KeyState::Retiring, KeyState::Pending], "one with a policy signs with keys");
    scene.clock.set(after(324));
    assert_eq!(scene.signer().as_deref(), Some("made-3"));
    assert!(scene.fakes.ring().leaves_room_for_the_secret(after(324)), "what the other signs counts there");
    assert_eq!(lines(&scene.audit.events()).len(), 5, "no more than one follows");
}

/// Keys that others have taken out of use behind our back.
async fn taken_out(scene: &Scene, ends: &[(i64, i64)]) {
    for (number, at) in ends {
        let id = KeyId::new(format!("made-{number}"));
        assert!(scene.store.retire(&id, after(*at)).await.unwrap());
    }
}

#[tokio::test]
async fn where_nobody_will_sign_a_key_is_made_before_that() {
    // In milliseconds. The moment without a key is for a server with HS256, whose tokens count then.
    for (ends, starts) in [(100, 103_000), (102, 103_000), (103, 103_001), (200, 200_001), (1000, 410_000)] {
        let scene = Scene::default();
        let server = scene.server(Some(POLICY));
        server.start().await.unwrap();
        scene.clock.set(after(100));
        taken_out(&scene, &[(1, ends)]).await;
        server.maintain().await.unwrap();
        server.maintain().await.unwrap();
        let made = scene.store.all().await.unwrap().pop().unwrap();
        assert_eq!((made.number, made.signs_from), (2, after(0) + TimeDelta::milliseconds(starts)), "{ends}");
    }
}

#[tokio::test]
async fn a_server_that_starts_where_nobody_signs_waits_until_somebody_does() {
    for (policy, ends) in [(POLICY, 50), (KeyPolicy { algorithm: KeyAlgorithm::EdDsa, ..POLICY }, 50), (POLICY, 100)] {
        let scene = Scene::default();
        scene.server(Some(POLICY)).start().await.unwrap();
        taken_out(&scene, &[(1, ends)]).await;
        scene.clock.set(after(100));
        let waits_until = scene.server(Some(policy)).start().await.unwrap().unwrap();
        scene.clock.set(waits_until);
        assert_eq!(scene.signer().as_deref(), Some("made-2"), "and the secret does not");
        assert!(waits_until <= after(104));
    }
}

#[tokio::test]
async fn keys_that_vanish_are_followed_at_once() {
    let scene = Scene::in_use().await;
    let server = scene.server(Some(POLICY));
    server.start().await.unwrap();
    scene.clock.set(after(400));
    assert!(scene.store.forget(&KeyId::new("made-1".to_owned())).await.unwrap());
    server.maintain().await.unwrap();
    server.maintain().await.unwrap();
    assert_eq!(scene.signer().as_deref(), Some("made-2"));
}

#[tokio::test]
async fn a_clock_that_is_set_back_leaves_nobody_without_a_key() {
    let scene = Scene::default();
    scene.clock.set(after(5000));
    let server = scene.server(Some(POLICY));
    server.start().await.unwrap();
    scene.clock.set(after(4995));
    server.maintain().await.unwrap();
    assert_eq!(scene.states(), [KeyState::Pending], "it signs in a moment");
    scene.clock.set(after(1000));
    server.maintain().await.unwrap();
    scene.clock.set(after(1004));
    server.maintain().await.unwrap();
    assert_eq!(scene.signer().as_deref(), Some("made-2"));
}

#[tokio::test]
async fn a_private_half_is_sealed_anew_with_the_encryption_key_that_comes_first() {
    let scene = Scene::default();
    scene.server(Some(POLICY)).start().await.unwrap();
    let next = Scene { fakes: FakeKeys::sealed_with("b"), store: scene.store.clone(), ..Scene::default() };
    next.server(Some(POLICY)).start().await.unwrap();
    let private = next.fakes.ring().timelines().next().unwrap().key.private.clone();
    assert_eq!(private, Encrypted { with: "b".to_owned(), text: "private half of made-1".to_owned() });
}

#[tokio::test]
async fn an_outage_is_told_and_what_was_known_stays_known() {
    let scene = Scene::default();
    let server = scene.server(Some(POLICY));
    server.start().await.unwrap();
    scene.store.go_away();
    assert!(server.maintain().await.is_err());
    assert!(server.start().await.is_err());
    assert_eq!(scene.signer().as_deref(), Some("made-1"));
}
