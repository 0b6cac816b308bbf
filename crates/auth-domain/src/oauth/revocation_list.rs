//! What offline verifiers need to know: the sessions that have ended and the keys that are revoked, until their last tokens have
//! expired.

use std::sync::Arc;

use chrono::{SubsecRound, TimeDelta};

use crate::{
    identity::{clock::Clock, port_error::PortError},
    sessions::{ports::EndedSessions, session::RevocationCursor},
    signing_keys::{
        ports::KeyCache,
        revocations::Revocations,
        ring::{KeyState, PUBLISHED_AFTER},
    },
};

/// The most sessions that one list names.
pub const PAGE: u32 = 4000;

/// How late another server may see the end of a session: clocks differ, and a statement may wait for others in the database.
const LATE: TimeDelta = TimeDelta::seconds(60);

#[derive(Clone)]
pub struct ListRevocations {
    pub sessions: Arc<dyn EndedSessions>,
    pub keys: Arc<dyn KeyCache>,
    pub clock: Arc<dyn Clock>,
}

impl ListRevocations {
    /// Those since the `next` of an earlier list, or all whose tokens may not have expired.
    ///
    /// # Errors
    /// An outage.
    pub async fn execute(&self, since: Option<RevocationCursor>) -> Result<Revocations, PortError> {
        let now = self.clock.now();
        // Whatever life tokens have here: it may have been another when they were issued.
        let expired = RevocationCursor::before(now - PUBLISHED_AFTER);
        let ended = self.sessions.ended(since.map_or(expired, |since| since.max(expired)), PAGE).await?;
        let more = u32::try_from(ended.len()).is_ok_and(|count| count >= PAGE);
        // In whole seconds: lists of one second that name the same are the same.
        let next = ended.last().filter(|_| more).copied().unwrap_or(RevocationCursor::before(now.trunc_subsecs(0) - LATE));
        let ring = self.keys.ring();
        let revoked = ring.timelines().filter(|timeline| timeline.state(now) == KeyState::Revoked && !timeline.is_over(now));
        let keys = revoked.map(|timeline| timeline.key.id.clone()).collect();
        Ok(Revocations { as_of: now, sessions: ended.into_iter().map(|ended| ended.id).collect(), keys, next, more })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounts::ports::UserStore,
        identity::ids::SessionId,
        identity::user::User,
        sessions::{ports::SessionStore, session::Session},
        signing_keys::key::SigningKey,
        testkit::{
            FakeKeys, MemoryStore, MovableClock,
            samples::{after, session_of, signing_key, user},
        },
    };

    struct Scene {
        store: MemoryStore,
        clock: MovableClock,
        keys: FakeKeys,
        ann: User,
    }

    impl Scene {
        async fn new() -> Self {
            let (store, ann) = (MemoryStore::default(), user("ann@example.org"));
            let _kept = UserStore::insert(&store, &ann, None, None).await.unwrap();
            Self { store, clock: MovableClock::default(), keys: FakeKeys::default(), ann }
        }

        async fn ends(&self, seconds: i64) -> SessionId {
            let session: Session = session_of(&self.ann);
            let _begun = self.store.begin(&session, self.ann.version(), 10_000, None).await.unwrap();
            assert!(self.store.end(session.id, after(seconds)).await.unwrap());
            session.id
        }

        async fn list(&self, seconds: i64, since: Option<RevocationCursor>) -> Revocations {
            self.clock.set(after(seconds));
            let list = ListRevocations {
                sessions: Arc::new(self.store.clone()),
                keys: Arc::new(self.keys.clone()),
                clock: Arc::new(self.clock.clone()),
            };
            list.execute(since).await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_session_is_named_until_its_last_token_has_expired() {
        let scene = Scene::new().await;
        let id = scene.ends(10).await;
        assert_eq!(scene.list(10 + 3659, None).await.sessions, [id]);
        assert_eq!(scene.list(10 + 3661, None).await.sessions, []);
        assert_eq!(scene.list(10 + 3661, Some(RevocationCursor::before(after(0)))).await.sessions, [], "whatever is asked for");
    }

    #[tokio::test]
    async fn a_list_goes_on_where_the_one_before_ended_and_misses_none_that_comes_late() {
        let scene = Scene::new().await;
        let first = scene.ends(100).await;
        let list = scene.list(101, None).await;
        assert_eq!((list.sessions, list.more), (vec![first], false));
        let late = scene.ends(90).await;
        let list = scene.list(102, Some(list.next)).await;
        assert_eq!(list.sessions, [late, first]);
        assert_eq!(scene.list(300, Some(scene.list(299, Some(list.next)).await.next)).await.sessions, []);
    }

    /// A limit that `docs/sessions.md` tells: the clocks have to agree.
    #[tokio::test]
    async fn what_ends_by_a_clock_more_than_a_minute_behind_is_missed() {
        let scene = Scene::new().await;
        let next = scene.list(1000, None).await.next;
        let (within, beyond) = (scene.ends(1000 - 60).await, scene.ends(1000 - 61).await);
        let list = scene.list(1001, Some(next)).await;
        assert!(list.sessions == [within] && !list.sessions.contains(&beyond));
    }

    #[tokio::test]
    async fn a_list_is_bounded_and_the_rest_is_in_the_next() {
        let scene = Scene::new().await;
        for _ in 0..=PAGE {
            scene.ends(10).await;
        }
        let first = scene.list(20, None).await;
        assert_eq!((first.sessions.len(), first.more), (4000, true));
        let rest = scene.list(20, Some(first.next)).await;
        assert_eq!((rest.sessions.len(), rest.more), (1, false));
        assert!(!first.sessions.contains(&rest.sessions[0]));
    }

    #[tokio::test]
    async fn a_revoked_key_is_named_until_its_last_token_has_expired() {
        let scene = Scene::new().await;
        let key = SigningKey { revoked_at: Some(after(1000)), ..signing_key(1, 0) };
        scene.keys.update(vec![key.clone(), signing_key(2, 100)], after(0)).unwrap();
        assert_eq!(scene.list(999, None).await.keys, []);
        assert_eq!(scene.list(1000, None).await.keys, std::slice::from_ref(&key.id));
        assert_eq!(scene.list(1000 + 61 * 60, None).await.keys, []);
    }
}
