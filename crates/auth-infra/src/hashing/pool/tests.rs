//! Order, admission, and what a failing job leaves behind. No test sleeps: a gate holds the threads.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    task::Poll,
    thread,
};

use super::*;

type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, PortError>> + 'a>>;

/// One thread, 3 ms allowed, and a hash is assumed to take 0.94 ms: two may wait behind the running one.
fn pool() -> HashPool {
    HashPool::start(1, Load::new(4, 1, Duration::from_millis(3))).unwrap()
}

/// Gets a place and runs the work.
async fn run<T: Send + 'static>(pool: &HashPool, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PortError> {
    let place = pool.admit()?;
    pool.run(place, work).await
}

/// Queues the work and leaves the answer for later.
async fn begin<'a, T: Send + 'static>(pool: &'a HashPool, work: impl FnOnce() -> T + Send + 'static) -> Pending<'a, T> {
    let mut pending: Pending<'a, T> = Box::pin(run(pool, work));
    let waits = poll_fn(|context| Poll::Ready(pending.as_mut().poll(context).is_pending())).await;
    assert!(waits, "refused, or done too soon");
    pending
}

/// Keeps the thread busy until the sender is dropped.
async fn hold(pool: &HashPool) -> (Pending<'_, ()>, mpsc::Sender<()>) {
    let (gate, closed) = mpsc::channel::<()>();
    let (begun, is_begun) = mpsc::channel();
    let held = begin(pool, move || {
        begun.send(()).unwrap();
        closed.recv().unwrap_err();
    })
    .await;
    is_begun.recv().unwrap();
    (held, gate)
}

#[tokio::test]
async fn work_runs_on_threads_of_its_own_behind_everything_else() {
    let pool = pool();
    let told = || (thread::current().name().map(str::to_owned), std::fs::read_to_string("/proc/thread-self/stat"));
    let (name, stat) = run(&pool, told).await.unwrap();
    let stat = stat.unwrap_or_default();
    assert_eq!(name.as_deref(), Some("hash-0"));
    if cfg!(target_os = "linux") {
        // Field 19, counted from after the name in parentheses (proc_pid_stat(5)).
        let nice: i32 = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(16).unwrap().parse().unwrap();
        assert!(nice >= 7, "nice {nice}");
    }
}

#[tokio::test]
async fn first_come_first_served() {
    let pool = pool();
    let (held, gate) = hold(&pool).await;
    let (order, ordered) = mpsc::channel();
    let mut waiting = vec![];
    for n in 0..3 {
        let order = order.clone();
        waiting.push(begin(&pool, move || order.send(n).unwrap()).await);
    }
    drop(gate);
    held.await.unwrap();
    // In whatever order they are awaited.
    for pending in waiting.into_iter().rev() {
        pending.await.unwrap();
    }
    drop(order);
    assert_eq!(ordered.iter().collect::<Vec<_>>(), [0, 1, 2]);
}

#[tokio::test]
async fn who_would_wait_too_long_is_refused_at_once_and_told_when_to_come_back() {
    // A hash is assumed to take 3.8 s, and two seconds are allowed.
    let pool = HashPool::start(1, Load::new(16, 1, Duration::from_secs(2))).unwrap();
    let (held, gate) = hold(&pool).await;
    for _ in 0..2 {
        let refused = run(&pool, || ()).await;
        assert!(
            matches!(refused, Err(PortError::Overloaded { retry_after }) if retry_after == Duration::from_secs(2)),
            "{refused:?}"
        );
    }
    drop(gate);
    held.await.unwrap();
    run(&pool, || ()).await.unwrap();
}

#[tokio::test]
async fn a_place_that_is_kept_counts_and_is_given_back() {
    let pool = pool();
    let (held, gate) = hold(&pool).await;
    let places = [pool.admit().unwrap(), pool.admit().unwrap(), pool.admit().unwrap()];
    assert!(matches!(pool.admit().map(drop), Err(PortError::Overloaded { .. })));
    let [left, stays, queued] = places;
    drop(left);
    let again = pool.admit().unwrap();
    assert!(pool.admit().is_err());
    // Who has a place is not refused, and holds one place only.
    let mut waiting: Pending<'_, ()> = Box::pin(pool.run(queued, || ()));
    assert!(poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context).is_pending())).await);
    assert!(pool.admit().is_err());
    drop(again);
    assert!(pool.admit().is_ok());
    drop(stays);
    drop(gate);
    held.await.unwrap();
    waiting.await.unwrap();
}

#[tokio::test]
async fn who_has_gone_costs_nothing_and_takes_nobodys_place() {
    let pool = pool();
    let (held, gate) = hold(&pool).await;
    let done = Arc::new(AtomicUsize::new(0));
    let count = |done: &Arc<AtomicUsize>| {
        let done = Arc::clone(done);
        move || done.fetch_add(1, Ordering::SeqCst)
    };
    let gone = [begin(&pool, count(&done)).await, begin(&pool, count(&done)).await, begin(&pool, count(&done)).await];
    assert!(matches!(run(&pool, count(&done)).await, Err(PortError::Overloaded { .. })));
    drop(gone);
    let stays = begin(&pool, count(&done)).await;
    let leaves_later = begin(&pool, count(&done)).await;
    drop(leaves_later);
    drop(gate);
    held.await.unwrap();
    assert_eq!(stays.await.unwrap(), 0);
    run(&pool, || ()).await.unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn who_has_left_is_refused_although_the_work_is_still_waited_for() {
    let pool = pool();
    let (held, gate) = hold(&pool).await;
    let client = CancellationToken::new();
    let mut asked = Box::pin(cancellation::on_behalf_of(client.clone(), run(&pool, || ())));
    assert!(poll_fn(|context| Poll::Ready(asked.as_mut().poll(context).is_pending())).await);
    client.cancel();
    drop(gate);
    held.await.unwrap();
    let refused = asked.await;
    assert!(matches!(refused, Err(PortError::Abandoned)), "{refused:?}");
}

#[tokio::test]
async fn a_panic_ends_the_job_and_nothing_else() {
    let pool = pool();
    let broken = run(&pool, || -> u8 { panic!("on purpose") }).await;
    assert!(matches!(broken, Err(PortError::Unavailable(_))), "{broken:?}");
    assert_eq!(run(&pool, || 7).await.unwrap(), 7);
}

#[tokio::test]
async fn the_threads_end_with_the_pool() {
    let pool = HashPool::start(3, Load::new(4, 3, Duration::from_secs(1))).unwrap();
    run(&pool, || ()).await.unwrap();
    let queue = Arc::clone(&pool.shared.queue);
    drop(pool);
    let mut state = queue.lock();
    queue.wait(&mut state, Duration::MAX, State::has_ended);
    assert!(state.has_ended());
}
