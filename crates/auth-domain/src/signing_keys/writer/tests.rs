//! What an operator does to keys: a store that keeps them, a clock one moves.

use std::sync::Mutex;

use chrono::TimeDelta;

use super::*;
use crate::{
    audit::event::Actor,
    identity::encrypted::Encrypted,
    signing_keys::{
        import::ImportKey,
        key::{KeyAlgorithm, SigningKey},
        plan::{Revocation, When},
        revoke::RevokeKey,
        ring::KeyState,
        rotate::RotateKeys,
    },
    testing::lines,
    testkit::{
        FakeKeys, MemoryAudit, MemoryStore, MovableClock,
        samples::{after, context},
    },
};

#[derive(Default)]
struct Scene {
    store: MemoryStore,
    audit: MemoryAudit,
    clock: MovableClock,
    maker: FakeKeys,
}

/// Whoever commands.
struct Operator(KeyWriter);

impl Operator {
    /// The key that was made, as it is stored.
    async fn rotate(&self, when: When) -> Result<SigningKey, ChangeKeysError> {
        let made = RotateKeys(self.0.clone()).execute(when, &context()).await?;
        Ok(self.stored(&made).await)
    }

    async fn import(&self, pem: &str, when: When) -> Result<SigningKey, ChangeKeysError> {
        let imported = ImportKey(self.0.clone()).execute(pem, when, &context()).await?;
        Ok(self.stored(&imported).await)
    }

    async fn revoke(&self, id: &KeyId, how: Revocation) -> Result<DateTime<Utc>, ChangeKeysError> {
        let revoked = RevokeKey(self.0.clone()).execute(id, how, &context()).await?;
        assert_eq!(revoked.id, *id);
        Ok(revoked.from)
    }

    async fn stored(&self, changed: &ChangedKey) -> SigningKey {
        let key = self.0.ring().await.unwrap().find(&changed.id).unwrap().key.clone();
        assert_eq!(key.signs_from, changed.from);
        key
    }
}

impl Scene {
    fn operator(&self, algorithm: Option<KeyAlgorithm>) -> Operator {
        let policy = |algorithm| KeyPolicy { algorithm, cached_for: TimeDelta::seconds(300), signs_for: TimeDelta::days(90) };
        Operator(KeyWriter {
            keys: Arc::new(self.store.clone()),
            maker: Arc::new(self.maker.clone()),
            audit: Arc::new(self.audit.clone()),
            clock: Arc::new(self.clock.clone()),
            policy: algorithm.map(policy),
            actor: Actor::Operator,
        })
    }

    fn es256(&self) -> Operator {
        self.operator(Some(KeyAlgorithm::Es256))
    }

    async fn states(&self, seconds: i64) -> Vec<KeyState> {
        let ring = self.es256().0.ring().await.unwrap();
        ring.timelines().map(|timeline| timeline.state(after(seconds))).collect()
    }
}

fn key(id: &str) -> KeyId {
    KeyId::new(id.to_owned())
}

#[tokio::test]
async fn the_next_key_waits_until_it_is_known_unless_it_is_wanted_at_once() {
    let scene = Scene::default();
    let made = scene.es256().rotate(When::AtOnce).await.unwrap();
    assert_eq!((made.number, made.signs_from), (1, after(3)));
    let made = scene.es256().rotate(When::Published).await.unwrap();
    assert_eq!((made.number, made.signs_from), (2, after(310)));
    assert_eq!(lines(&scene.audit.events()), ["key_created made-1", "key_created made-2"]);
    assert!(scene.audit.events().iter().all(|event| event.actor == Actor::Operator));
}

#[tokio::test]
async fn where_the_secret_signs_no_key_follows_another() {
    let operator = Scene::default().operator(None);
    assert!(matches!(operator.rotate(When::Published).await, Err(ChangeKeysError::Refused(KeyRefusal::SecretSigns))));
    assert!(matches!(
        operator.import("ES256 theirs", When::Published).await,
        Err(ChangeKeysError::Refused(KeyRefusal::SecretSigns))
    ));
}

#[tokio::test]
async fn a_key_from_elsewhere_is_taken_once_and_only_if_it_is_for_the_algorithm() {
    let scene = Scene::default();
    let imported = scene.es256().import("ES256 theirs", When::Published).await.unwrap();
    assert_eq!((imported.id, imported.number), (key("theirs"), 1));
    let again = scene.es256().import("ES256 theirs", When::Published).await;
    assert!(matches!(again, Err(ChangeKeysError::Refused(KeyRefusal::KnownKey))));
    let other = scene.es256().import("RS256 another", When::Published).await;
    let (its, ours) = (KeyAlgorithm::Rs256, KeyAlgorithm::Es256);
    assert!(matches!(other, Err(ChangeKeysError::Refused(refusal)) if refusal == KeyRefusal::OtherAlgorithm { its, ours }));
    let none = scene.es256().import("nonsense", When::Published).await.unwrap_err();
    assert_eq!(none.to_string(), "the key is no key");
}

#[tokio::test]
async fn a_key_that_somebody_else_may_have_is_followed_as_soon_as_servers_can_know() {
    let scene = Scene::default();
    let _first = scene.es256().rotate(When::AtOnce).await.unwrap();
    scene.clock.set(after(100));
    let from = scene.es256().revoke(&key("made-1"), Revocation::Compromised).await.unwrap();
    assert_eq!(from, after(103));
    assert_eq!(scene.states(102).await, [KeyState::Active, KeyState::Pending]);
    assert_eq!(scene.states(103).await, [KeyState::Revoked, KeyState::Active]);
}

#[tokio::test]
async fn one_that_is_taken_out_of_use_signs_until_verifiers_can_know_the_next() {
    for with_a_next in [false, true] {
        let scene = Scene::default();
        let _first = scene.es256().rotate(When::AtOnce).await.unwrap();
        scene.clock.set(after(100));
        if with_a_next {
            let _next = scene.es256().rotate(When::Published).await.unwrap();
        }
        let from = scene.es256().revoke(&key("made-1"), Revocation::Orderly).await.unwrap();
        assert_eq!(from, after(410));
        assert_eq!(scene.states(409).await, [KeyState::Active, KeyState::Pending], "{with_a_next}");
        assert_eq!(scene.states(410).await, [KeyState::Retiring, KeyState::Active]);
    }
}

#[tokio::test]
async fn the_last_key_is_followed_even_before_it_signs_and_never_without_settings_to_make_one() {
    let scene = Scene::default();
    let _first = scene.es256().rotate(When::Published).await.unwrap();
    let without = scene.operator(None).revoke(&key("made-1"), Revocation::Compromised).await;
    assert!(matches!(without, Err(ChangeKeysError::Refused(KeyRefusal::SecretSigns))));
    let _from = scene.es256().revoke(&key("made-1"), Revocation::Compromised).await.unwrap();
    assert_eq!(scene.states(3).await, [KeyState::Revoked, KeyState::Active]);
}

#[tokio::test]
async fn a_key_that_does_not_sign_yet_never_will_and_needs_no_other() {
    let scene = Scene::default();
    let _first = scene.es256().rotate(When::AtOnce).await.unwrap();
    scene.clock.set(after(100));
    let _next = scene.es256().rotate(When::Published).await.unwrap();
    let _from = scene.es256().revoke(&key("made-2"), Revocation::Orderly).await.unwrap();
    assert_eq!(scene.states(1000).await, [KeyState::Active, KeyState::Gone]);
}

#[tokio::test]
async fn a_key_out_of_use_can_only_be_revoked_for_good() {
    let scene = Scene::default();
    let _first = scene.es256().rotate(When::AtOnce).await.unwrap();
    scene.clock.set(after(100));
    let revoke = async |how| scene.es256().revoke(&key("made-1"), how).await;
    let _from = revoke(Revocation::Orderly).await.unwrap();
    scene.clock.set(after(500));
    assert!(matches!(revoke(Revocation::Orderly).await, Err(ChangeKeysError::Refused(KeyRefusal::OutOfUse))));
    assert_eq!(revoke(Revocation::Compromised).await.unwrap(), after(503));
    scene.clock.set(after(600));
    assert!(matches!(revoke(Revocation::Compromised).await, Err(ChangeKeysError::Refused(KeyRefusal::Revoked))));
    assert_eq!(scene.states(600).await, [KeyState::Revoked, KeyState::Active], "no more than one followed");
    let unknown = scene.es256().revoke(&key("unknown"), Revocation::Orderly).await;
    assert!(matches!(unknown, Err(ChangeKeysError::Refused(KeyRefusal::NoSuchKey))));
}

/// Whatever is done to the keys: at each second from now on one signs.
async fn one_always_signs(scene: &Scene, from: i64) {
    let ring = scene.es256().0.ring().await.unwrap();
    for second in from..from + 2000 {
        assert!(ring.signer(after(second)).is_some(), "{second}: {ring:#?}");
    }
}

#[tokio::test]
async fn whichever_keys_are_taken_out_in_whatever_order_one_always_signs() {
    use Revocation::{Compromised, Orderly};
    for bits in 0..8 {
        let hows = [1, 2, 4].map(|bit| if bits & bit == 0 { Orderly } else { Compromised });
        for (order, pause) in [([1, 2, 3], 0), ([1, 2, 3], 1), ([2, 1, 3], 1), ([1, 2, 3], 200), ([2, 1, 3], 400), ([1, 3, 2], 1)]
        {
            let scene = Scene::default();
            let _first = scene.es256().rotate(When::AtOnce).await.unwrap();
            scene.clock.set(after(100));
            let _next = scene.es256().rotate(When::Published).await.unwrap();
            let mut now = 100;
            for (number, how) in order.into_iter().zip(hows) {
                match scene.es256().revoke(&key(&format!("made-{number}")), how).await {
                    Ok(_)
                    | Err(
                        ChangeKeysError::Refused(KeyRefusal::NoSuchKey | KeyRefusal::OutOfUse)
                        | ChangeKeysError::ChangedMeanwhile,
                    ) => {}
                    Err(error) => panic!("{error}"),
                }
                one_always_signs(&scene, now).await;
                now += pause;
                scene.clock.set(after(now));
            }
        }
    }
}

#[tokio::test]
async fn a_successor_that_is_taken_out_before_it_signs_does_so_until_another_is_known() {
    let scene = Scene::default();
    let _first = scene.es256().rotate(When::AtOnce).await.unwrap();
    scene.clock.set(after(100));
    let _next = scene.es256().rotate(When::Published).await.unwrap();
    let revoke = async |id: &str, how| scene.es256().revoke(&key(id), how).await.unwrap();
    assert_eq!(revoke("made-1", Revocation::Orderly).await, after(410));
    scene.clock.set(after(200));
    assert_eq!(revoke("made-2", Revocation::Orderly).await, after(510));
    assert_eq!(scene.states(409).await, [KeyState::Active, KeyState::Pending, KeyState::Pending]);
    assert_eq!(scene.states(509).await, [KeyState::Retiring, KeyState::Active, KeyState::Pending]);
    assert_eq!(scene.states(510).await, [KeyState::Retiring, KeyState::Retiring, KeyState::Active]);
}

/// Looks once at keys as they were before another operator changed them.
struct LateReader {
    store: MemoryStore,
    seen: Mutex<Option<Vec<SigningKey>>>,
}

#[async_trait::async_trait]
impl KeyStore for LateReader {
    async fn all(&self) -> Result<Vec<SigningKey>, PortError> {
        let seen = self.seen.lock().unwrap().take();
        match seen {
            Some(seen) => Ok(seen),
            None => KeyStore::all(&self.store).await,
        }
    }

    async fn insert(&self, key: &SigningKey) -> Result<bool, PortError> {
        KeyStore::insert(&self.store, key).await
    }

    async fn retire(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError> {
        self.store.retire(id, at).await
    }

    async fn revoke(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError> {
        self.store.revoke(id, at).await
    }

    async fn reencrypt(&self, id: &KeyId, from: &Encrypted, to: &Encrypted) -> Result<bool, PortError> {
        self.store.reencrypt(id, from, to).await
    }

    async fn forget(&self, id: &KeyId) -> Result<bool, PortError> {
        self.store.forget(id).await
    }
}

#[tokio::test]
async fn two_operators_at_once_leave_a_key_that_signs() {
    let scene = Scene::default();
    let _first = scene.es256().rotate(When::AtOnce).await.unwrap();
    scene.clock.set(after(100));
    let _next = scene.es256().rotate(When::Published).await.unwrap();
    let seen = Mutex::new(Some(scene.store.all().await.unwrap()));
    assert!(scene.store.retire(&key("made-2"), after(103)).await.unwrap());
    let operator = Operator(KeyWriter { keys: Arc::new(LateReader { store: scene.store.clone(), seen }), ..scene.es256().0 });
    let _from = operator.revoke(&key("made-1"), Revocation::Orderly).await.unwrap();
    one_always_signs(&scene, 100).await;
}

#[tokio::test]
async fn a_key_made_where_nobody_signs_does_as_soon_as_servers_know_it() {
    for when in [When::Published, When::AtOnce] {
        let scene = Scene::default();
        let _first = scene.es256().rotate(When::AtOnce).await.unwrap();
        scene.clock.set(after(100));
        assert!(scene.store.retire(&key("made-1"), after(50)).await.unwrap());
        assert_eq!(scene.es256().rotate(when).await.unwrap().signs_from, after(103));
    }
}

#[tokio::test]
async fn an_outage_is_told() {
    let scene = Scene::default();
    scene.store.go_away();
    assert!(matches!(scene.es256().rotate(When::Published).await, Err(ChangeKeysError::Port(_))));
}
