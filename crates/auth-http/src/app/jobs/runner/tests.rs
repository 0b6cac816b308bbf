//! When jobs run, by a clock that moves only when everybody waits.

use std::{
    cell::RefCell,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use auth_domain::identity::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use prometheus::{Registry, TextEncoder};
use tokio::{sync::Semaphore, time::Instant};

use super::*;

const INTERVAL: Duration = Duration::from_secs(300);
const PATIENCE: Duration = Duration::from_secs(8);

type Outcome = Result<Next, PortError>;

const DONE: Outcome = Ok(Next::AfterInterval);
const MORE: Outcome = Ok(Next::AtOnce);

fn down(cause: &str) -> Outcome {
    Err(PortError::Unavailable(cause.to_owned()))
}

thread_local! {
    /// Each test has a thread of its own.
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn tell(fault: &str) {
    TOLD.with_borrow_mut(|told| told.push(fault.to_owned()));
}

fn told() -> Vec<String> {
    TOLD.with_borrow(Clone::clone)
}

fn metrics(registry: &Registry) -> JobMetrics {
    JobMetrics::register(registry, Arc::new(Noon)).unwrap()
}

fn start(job: Job) -> Jobs {
    Jobs::start(vec![job], &metrics(&Registry::new()))
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(12)
    }
}

/// A job with these outcomes, then successes, and when each run began, in seconds.
fn scripted(outcomes: Vec<Outcome>, interval: Duration) -> (Job, Arc<Mutex<Vec<u64>>>) {
    let (begun, began) = (Instant::now(), Arc::<Mutex<Vec<u64>>>::default());
    let (runs, outcomes) = (began.clone(), Mutex::new(outcomes.into_iter()));
    let run = move |_stop| {
        runs.lock().unwrap().push(begun.elapsed().as_secs());
        let outcome = outcomes.lock().unwrap().next().unwrap_or(DONE);
        async move { outcome }
    };
    (Job::new("scripted", interval, run, tell), began)
}

/// A job whose runs last until they are let go, and how many have begun and ended.
fn held() -> (Job, Arc<Semaphore>, Arc<[AtomicUsize; 2]>) {
    let (gate, counts) = (Arc::new(Semaphore::new(0)), Arc::<[AtomicUsize; 2]>::default());
    let (pass, counted) = (gate.clone(), counts.clone());
    let run = move |_stop| {
        let (gate, counts) = (pass.clone(), counted.clone());
        async move {
            counts[0].fetch_add(1, Ordering::Relaxed);
            gate.acquire().await.unwrap().forget();
            counts[1].fetch_add(1, Ordering::Relaxed);
            MORE
        }
    };
    (Job::new("held", INTERVAL, run, tell), gate, counts)
}

fn counted(counts: &[AtomicUsize; 2]) -> [usize; 2] {
    [0, 1].map(|which: usize| counts[which].load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn a_job_runs_at_once_and_then_at_its_interval() {
    let (job, began) = scripted(vec![], INTERVAL);
    let _jobs = start(job);
    sleep(3 * INTERVAL - Duration::from_secs(1)).await;
    assert_eq!(*began.lock().unwrap(), [0, 300, 600]);
}

#[tokio::test(start_paused = true)]
async fn where_there_is_more_to_do_there_is_no_pause() {
    let (job, began) = scripted(vec![MORE, MORE, DONE, MORE, DONE], INTERVAL);
    let _jobs = start(job);
    sleep(INTERVAL + Duration::from_secs(1)).await;
    assert_eq!(*began.lock().unwrap(), [0, 0, 0, 300, 300]);
}

#[tokio::test(start_paused = true)]
async fn pauses_after_failures_double_up_to_the_interval_and_begin_again_after_a_success() {
    let failures = (0..11).map(|_| down("away"));
    let (job, began) = scripted(failures.chain([DONE, down("away"), DONE]).collect(), INTERVAL);
    let _jobs = start(job);
    sleep(Duration::from_secs(1800)).await;
    // 1, 2, 4 … 256 s, then the interval.
    let after_failures = [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811];
    let after_success = [1111, 1411, 1412, 1712];
    assert_eq!(*began.lock().unwrap(), [after_failures.as_slice(), &after_success].concat());
}

#[tokio::test(start_paused = true)]
async fn no_failure_makes_a_job_rarer_than_its_interval() {
    let (job, began) = scripted((0..100).map(|_| down("away")).collect(), Duration::from_secs(1));
    let _jobs = start(job);
    sleep(Duration::from_millis(50_500)).await;
    assert_eq!(*began.lock().unwrap(), (0..=50).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_fault_is_told_once_until_a_run_succeeds_or_another_fault_comes() {
    let outcomes = vec![down("away"), down("away"), down("away"), down("full"), down("full"), DONE, down("full"), down("full")];
    let (job, began) = scripted(outcomes, INTERVAL);
    let _jobs = start(job);
    sleep(3 * INTERVAL).await;
    assert!(began.lock().unwrap().len() > 8);
    assert_eq!(told(), ["unavailable: away", "unavailable: full", "unavailable: full"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_panics_goes_on() {
    let runs = Arc::new(AtomicUsize::default());
    let counted = runs.clone();
    let run = move |_stop| {
        let run = counted.fetch_add(1, Ordering::Relaxed);
        // The first where the future is made, the second where it is polled.
        assert_ne!(run, 0);
        async move {
            assert_ne!(run, 1);
            DONE
        }
    };
    let _jobs = start(Job::new("panics", INTERVAL, run, tell));
    sleep(Duration::from_secs(10)).await;
    assert_eq!(runs.load(Ordering::Relaxed), 3);
    assert_eq!(told(), ["it panicked"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waits_hears_at_once_that_it_is_to_stop() {
    for outcome in [DONE, down("away")] {
        let (job, began) = scripted(vec![outcome], INTERVAL);
        let jobs = start(job);
        sleep(Duration::from_millis(500)).await;
        let told_at = Instant::now();
        jobs.stop(PATIENCE).await;
        assert_eq!(told_at.elapsed(), Duration::ZERO);
        sleep(3 * INTERVAL).await;
        assert_eq!(began.lock().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_under_way_is_finished_and_none_follows_it() {
    let (job, gate, counts) = held();
    let jobs = start(job);
    sleep(Duration::from_secs(1)).await;
    let told_at = Instant::now();
    let let_go = async {
        sleep(PATIENCE / 2).await;
        // Enough for many more.
        gate.add_permits(100);
    };
    tokio::join!(jobs.stop(PATIENCE), let_go);
    assert_eq!(told_at.elapsed(), PATIENCE / 2);
    assert_eq!(counted(&counts), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_run_hears_of_the_last_call_while_there_is_time_to_leave_all_in_order() {
    let order = Arc::new(AtomicUsize::default());
    let kept = order.clone();
    let run = move |stop: Stop| {
        let order = kept.clone();
        async move {
            stop.clone().last_call().await;
            assert!(stop.is_told());
            sleep(PATIENCE / 5).await;
            order.fetch_add(1, Ordering::Relaxed);
            MORE
        }
    };
    let jobs = start(Job::new("waits", INTERVAL, run, tell));
    sleep(3 * INTERVAL).await;
    assert_eq!(order.load(Ordering::Relaxed), 0);
    let told_at = Instant::now();
    jobs.stop(PATIENCE).await;
    assert_eq!((order.load(Ordering::Relaxed), told_at.elapsed()), (1, PATIENCE * 3 / 4 + PATIENCE / 5));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_that_for_a_run_that_hangs() {
    let (hangs, _gate, counts) = held();
    let (waits, began) = scripted(vec![], INTERVAL);
    let jobs = Jobs::start(vec![hangs, waits], &metrics(&Registry::new()));
    sleep(Duration::from_secs(1)).await;
    let told_at = Instant::now();
    jobs.stop(PATIENCE).await;
    assert_eq!(told_at.elapsed(), PATIENCE);
    assert_eq!((counted(&counts), began.lock().unwrap().len()), ([1, 0], 1));
}

#[tokio::test(start_paused = true)]
async fn a_long_run_keeps_no_other_job_and_never_meets_itself() {
    let (long, gate, counts) = held();
    let (short, began) = scripted(vec![], INTERVAL);
    let _jobs = Jobs::start(vec![long, short], &metrics(&Registry::new()));
    sleep(2 * INTERVAL + Duration::from_secs(1)).await;
    assert_eq!((counted(&counts), began.lock().unwrap().len()), ([1, 0], 3));
    gate.add_permits(1);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(counted(&counts), [2, 1]);
}

#[tokio::test(start_paused = true)]
async fn successes_and_failures_are_counted_by_job() {
    let registry = Registry::new();
    let ((well, _), (ill, _)) = (scripted(vec![], INTERVAL), scripted(vec![down("a"), down("b"), down("b")], INTERVAL));
    let (well, ill) = (Job { name: "well", ..well }, Job { name: "ill", interval: FIRST_PAUSE, ..ill });
    let text = || TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    let _jobs = Jobs::start(vec![well, ill], &metrics(&registry));
    let has = |sample: String| assert!(text().lines().any(|line| line == sample), "{sample}: {}", text());
    has(r#"auth_job_last_success_timestamp_seconds{name="ill"} 0"#.to_owned());
    has(r#"auth_job_failures_total{name="ill"} 0"#.to_owned());
    let now = Noon.now().timestamp();
    sleep(Duration::from_millis(2500)).await;
    has(format!(r#"auth_job_last_success_timestamp_seconds{{name="well"}} {now}"#));
    has(r#"auth_job_failures_total{name="well"} 0"#.to_owned());
    has(r#"auth_job_failures_total{name="ill"} 3"#.to_owned());
    has(r#"auth_job_last_success_timestamp_seconds{name="ill"} 0"#.to_owned());
    sleep(Duration::from_secs(1)).await;
    has(format!(r#"auth_job_last_success_timestamp_seconds{{name="ill"}} {now}"#));
}
