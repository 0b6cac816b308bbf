//! A look that concurrent callers share: whoever comes while one is under way waits for its outcome.

use std::{future::Future, time::Duration};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until, timeout};

/// No look takes longer: the database gives up before.
const LONGEST: Duration = Duration::from_secs(10);

/// The outcome; `None` if the look panicked, or took too long.
type Outcome<T> = Shared<BoxFuture<'static, Option<T>>>;

pub(crate) struct OneLook<T> {
    /// The least time between the beginnings of two looks. Callers wait for it: no answer is older than its question because of
    /// it.
    pace: Duration,
    latest: Mutex<Option<(Instant, Outcome<T>)>>,
}

impl<T: Clone + Send + Sync + 'static> OneLook<T> {
    #[must_use]
    pub(crate) fn at_most_every(pace: Duration) -> Self {
        Self { pace, latest: Mutex::default() }
    }

    /// The outcome of the look that is under way, of one that is over if it still holds, or else of a new one. The look is a task
    /// of its own: it goes on when a caller leaves.
    pub(crate) fn take<F>(&self, still_holds: impl FnOnce(&T) -> bool, look: impl FnOnce() -> F) -> Outcome<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut latest = self.latest.lock();
        let begins = match &*latest {
            Some((begun, outcome)) => match outcome.peek() {
                None => return outcome.clone(),
                Some(Some(known)) if still_holds(known) => return outcome.clone(),
                Some(_) => Instant::now().max(*begun + self.pace),
            },
            None => Instant::now(),
        };
        let look = look();
        let task = tokio::spawn(async move {
            sleep_until(begins).await;
            timeout(LONGEST, look).await
        });
        let seen = |done| match done {
            Ok(Ok(seen)) => Some(seen),
            Ok(Err(_)) | Err(_) => None,
        };
        let outcome = task.map(seen).boxed().shared();
        *latest = Some((begins, outcome.clone()));
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    /// Counts looks, each of which waits until it is let go.
    #[derive(Default)]
    struct Scene {
        looks: Arc<AtomicUsize>,
    }

    impl Scene {
        fn look(&self, gate: &Arc<Semaphore>) -> impl Future<Output = usize> + Send + use<> {
            let (looks, gate) = (self.looks.clone(), gate.clone());
            async move {
                let number = looks.fetch_add(1, Ordering::SeqCst) + 1;
                gate.acquire().await.unwrap().forget();
                number
            }
        }
    }

    #[tokio::test]
    async fn callers_share_what_is_under_way_and_none_who_leaves_ends_it() {
        let (scene, gate, one) = (Scene::default(), Arc::new(Semaphore::new(0)), OneLook::at_most_every(Duration::ZERO));
        let mut first = one.take(|_| false, || scene.look(&gate));
        assert!(futures_util::poll!(&mut first).is_pending());
        drop(first);
        let callers: Vec<_> = (0..100).map(|_| one.take(|_| false, || scene.look(&gate))).collect();
        gate.add_permits(1);
        assert_eq!(join_all(callers).await, [Some(1); 100]);
        gate.add_permits(1);
        assert_eq!(one.take(|_| false, || scene.look(&gate)).await, Some(2), "nobody gets an old answer");
        assert_eq!(one.take(|known| *known == 2, || scene.look(&gate)).await, Some(2), "unless it still holds");
    }

    #[tokio::test]
    async fn a_panic_is_told_and_the_next_looks_again() {
        let one = OneLook::at_most_every(Duration::ZERO);
        let failed: Outcome<usize> = one.take(|_| true, || async { panic!("on purpose") });
        assert_eq!(failed.await, None);
        assert_eq!(one.take(|_| true, || async { 2 }).await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_never_ends_is_given_up() {
        let one = OneLook::at_most_every(Duration::ZERO);
        assert_eq!(one.take(|_| true, std::future::pending::<usize>).await, None);
        assert_eq!(one.take(|_| true, || async { 2 }).await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn looks_keep_their_pace_and_callers_wait_for_it() {
        let (begun, one) = (Instant::now(), OneLook::at_most_every(Duration::from_millis(50)));
        for number in 0..4_u32 {
            assert_eq!(one.take(|_| false, move || async move { number }).await, Some(number));
        }
        // The clock is the test's: it stands still but for sleeps.
        assert!(begun.elapsed() >= Duration::from_millis(150), "{:?}", begun.elapsed());
    }
}
