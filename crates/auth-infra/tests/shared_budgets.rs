//! Budgets in a real Redis: how they are counted, and what becomes of a store that is away, hangs, is slow, full, guarded or a cluster.
#![cfg(feature = "redis")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a scene that cannot be set fails the test it is for")]

#[path = "contracts/certificates.rs"]
mod certificates;
#[expect(dead_code, reason = "the tests of the database do more with it")]
#[path = "contracts/proxy.rs"]
mod proxy;
#[path = "contracts/redis_server.rs"]
mod redis_server;
#[expect(dead_code, reason = "this server runs as anybody")]
#[path = "contracts/servers.rs"]
mod servers;

use std::{process::Command, sync::Arc, time::Duration};

use auth_domain::{
    identity::port_error::PortError,
    rate_limits::{
        client_key::ClientKey,
        ports::{Decision, SharedRateLimiter},
        rate_limit::RateLimit,
    },
};
use auth_infra::rate_limits::RedisRateLimiter;
use prometheus::Registry;

use crate::{
    certificates::make_certificates,
    proxy::Proxy,
    redis_server::{RedisServer, until},
    servers::{free_port, run},
};

const HOUR: Duration = Duration::from_secs(3600);

/// A server that counts in this store, and its metrics.
struct Counting {
    limiter: Arc<RedisRateLimiter>,
    metrics: Registry,
}

impl Counting {
    /// Not connected yet.
    fn at(url: &str) -> Self {
        let limiter = RedisRateLimiter::new(&url.parse().unwrap(), b"a secret of all servers").unwrap();
        let metrics = Registry::new();
        limiter.register(&metrics).unwrap();
        Self { limiter: Arc::new(limiter), metrics }
    }

    async fn connected(url: &str) -> Self {
        let counting = Self::at(url);
        counting.limiter.maintain().await.unwrap();
        counting
    }

    async fn count(&self, requests: u32, window: Duration) -> Result<Decision, PortError> {
        self.limiter.count("general", client(), RateLimit { requests, window }).await
    }

    async fn remaining(&self, requests: u32, window: Duration) -> u32 {
        match self.count(requests, window).await.unwrap() {
            Decision::Allowed { remaining } => remaining,
            Decision::Refused { retry_after } => panic!("refused for {retry_after:?}"),
        }
    }

    async fn wait(&self, requests: u32, window: Duration) -> Duration {
        match self.count(requests, window).await.unwrap() {
            Decision::Allowed { remaining } => panic!("{remaining} remain"),
            Decision::Refused { retry_after } => retry_after,
        }
    }

    /// Whether budgets are shared, and how many requests have been counted without.
    fn measured(&self) -> (bool, f64) {
        let families = self.metrics.gather();
        let [alone, shared] = &families[..] else { panic!("{families:?}") };
        assert_eq!((alone.name(), shared.name()), ("auth_rate_limits_counted_alone_total", "auth_rate_limits_shared"));
        (shared.get_metric()[0].get_gauge().get_value() > 0.5, alone.get_metric()[0].get_counter().get_value())
    }

    /// The store is away, and calls do not wait for it: so many would take a thousand seconds.
    async fn is_away(&self) {
        assert!(matches!(self.count(10, HOUR).await, Err(PortError::Unavailable(_))));
        let (shared, alone) = self.measured();
        assert!(!shared && alone > 0.5);
        for _ in 0..10_000 {
            assert!(self.count(10, HOUR).await.is_err());
        }
        assert!((self.measured().1 - alone - 10_000.0).abs() < 0.5);
    }
}

fn client() -> ClientKey {
    ClientKey::of("192.0.2.1".parse().unwrap(), 0)
}

#[tokio::test]
#[ignore = "needs Redis: just test-all"]
async fn a_burst_passes_and_the_next_waits_whichever_server_they_come_to() {
    let redis = RedisServer::start();
    let (one, other) = (Counting::connected(&redis.url()).await, Counting::connected(&redis.url()).await);
    assert_eq!((one.remaining(3, HOUR).await, other.remaining(3, HOUR).await, one.remaining(3, HOUR).await), (2, 1, 0));
    for counting in [&one, &other] {
        let wait = counting.wait(3, HOUR).await;
        assert!(wait > Duration::from_secs(1100) && wait <= Duration::from_secs(1200), "{wait:?}");
    }
    // Another client, another budget.
    let limit = RateLimit { requests: 3, window: HOUR };
    let neighbour = ClientKey::of("192.0.2.2".parse().unwrap(), 0);
    assert_eq!(one.limiter.count("general", neighbour, limit).await.unwrap(), Decision::Allowed { remaining: 2 });
    assert_eq!(one.limiter.count("sessions", client(), limit).await.unwrap(), Decision::Allowed { remaining: 2 });
    // Whoever reads the store learns no address, and nothing is left there for ever.
    let keys = redis.cli(&["KEYS", "*"]);
    assert!(keys.lines().count() == 3 && !keys.contains("192.0.2"), "{keys}");
    for key in keys.lines() {
        let left: u64 = redis.cli(&["PTTL", key]).parse().unwrap();
        assert!((1..=3_600_000).contains(&left), "{key}: {left}");
    }
    assert_eq!(one.measured(), (true, 0.0));
}

#[tokio::test]
#[ignore = "needs Redis: just test-all"]
async fn a_budget_is_refilled_evenly_however_odd_the_limit() {
    let redis = RedisServer::start();
    let counting = Counting::connected(&redis.url()).await;
    // A seventh of a second is no whole number of microseconds.
    let (requests, window) = (7, Duration::from_secs(1));
    for _ in 0..40 {
        match counting.count(requests, window).await.unwrap() {
            Decision::Allowed { remaining } => assert!(remaining < requests),
            Decision::Refused { retry_after } => {
                assert!(!retry_after.is_zero() && retry_after <= window / requests + Duration::from_micros(1), "{retry_after:?}");
                tokio::time::sleep(retry_after).await;
                // Who waits as long as told passes.
                assert_eq!(counting.remaining(requests, window).await, 0);
            }
        }
    }
    let largest = RateLimit { requests: 1_000_000, window: HOUR };
    for left in [999_999, 999_998] {
        assert_eq!(counting.limiter.count("admin", client(), largest).await.unwrap(), Decision::Allowed { remaining: left });
    }
    let smallest = RateLimit { requests: 1, window: Duration::from_secs(1) };
    assert_eq!(counting.limiter.count("other", client(), smallest).await.unwrap(), Decision::Allowed { remaining: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Redis: just test-all"]
async fn however_many_ask_at_once_no_more_than_the_limit_pass_in_one_round_trip_each() {
    let redis = RedisServer::start();
    let servers = [Counting::connected(&redis.url()).await, Counting::connected(&redis.url()).await];
    redis.cli(&["CONFIG", "RESETSTAT"]);
    let asked: Vec<_> = (0..200)
        .map(|turn| {
            let limiter = servers[turn % 2].limiter.clone();
            let limit = RateLimit { requests: 20, window: HOUR };
            tokio::spawn(async move { limiter.count("general", client(), limit).await.unwrap() })
        })
        .collect();
    let mut passed = Vec::new();
    for decision in asked {
        if let Decision::Allowed { remaining } = decision.await.unwrap() {
            passed.push(remaining);
        }
    }
    passed.sort_unstable();
    assert_eq!(passed, (0..20).collect::<Vec<_>>());
    assert_eq!((redis.calls("evalsha"), redis.calls("eval"), redis.calls("script|load")), (200, 0, 0));
}

#[tokio::test]
#[ignore = "needs Redis: just test-all"]
async fn a_lost_script_and_what_others_wrote_into_a_budget_hold_nobody_up() {
    let redis = RedisServer::start();
    let counting = Counting::connected(&redis.url()).await;
    assert_eq!(counting.remaining(3, HOUR).await, 2);
    redis.cli(&["SCRIPT", "FLUSH"]);
    assert_eq!(counting.remaining(3, HOUR).await, 1);
    let keys = redis.cli(&["KEYS", "auth-server:general:*"]);
    let [key] = keys.lines().collect::<Vec<_>>()[..] else { panic!("{keys}") };
    for other in [&["RPUSH", key, "x"][..], &["SET", key, "nonsense"], &["SET", key, "12 -7"], &["HSET", key, "a", "b"]] {
        redis.cli(&["DEL", key]);
        redis.cli(other);
        assert_eq!(counting.remaining(3, HOUR).await, 2, "{other:?}");
    }
    assert_eq!(counting.measured(), (true, 0.0));
}

#[tokio::test]
#[ignore = "needs Redis: just test-all"]
async fn nobody_waits_longer_than_the_limit_says_after_it_or_the_clock_has_changed() {
    let redis = RedisServer::start();
    let counting = Counting::connected(&redis.url()).await;
    for remaining in (0..10).rev() {
        assert_eq!(counting.remaining(10, HOUR).await, remaining);
    }
    // The operator has chosen a shorter window.
    let wait = counting.wait(10, Duration::from_secs(60)).await;
    assert!(wait <= Duration::from_secs(6), "{wait:?}");
    // The store's clock went back by a year: what was owed then is owed now, and not for a year.
    let keys = redis.cli(&["KEYS", "auth-server:general:*"]);
    let in_a_year = (redis.cli(&["TIME"]).lines().next().unwrap().parse::<u64>().unwrap() + 31_536_000) * 1_000_000;
    let set = "return redis.call('SET', KEYS[1], struct.pack('>I8I8', ARGV[1], ARGV[2]))";
    redis.cli(&["EVAL", set, "1", keys.lines().next().unwrap(), &in_a_year.to_string(), "7200000000"]);
    let wait = counting.wait(2, HOUR).await;
    assert!(wait > Duration::from_secs(1700) && wait <= Duration::from_secs(1800), "{wait:?}");
}

#[tokio::test]
#[ignore = "needs Redis: just test-all"]
async fn a_store_that_stops_is_found_again() {
    let redis = RedisServer::start();
    let counting = Counting::connected(&redis.url()).await;
    assert_eq!(counting.remaining(3, HOUR).await, 2);
    redis.stop();
    counting.is_away().await;
    assert!(counting.limiter.maintain().await.is_err());
    redis.launch();
    assert!(counting.count(3, HOUR).await.is_err(), "nobody has looked for it yet");
    counting.limiter.maintain().await.unwrap();
    assert_eq!(counting.remaining(3, HOUR).await, 2, "it came back empty");
    assert!(counting.measured().0);
    // Where no request has met it, the look alone finds out.
    redis.stop();
    assert!(counting.limiter.maintain().await.is_err());
    assert!(!counting.measured().0);
}

#[tokio::test]
#[ignore = "needs Redis: just test-all"]
async fn a_store_that_hangs_is_away_until_it_answers() {
    let redis = RedisServer::start();
    let counting = Counting::connected(&redis.url()).await;
    redis.freeze();
    counting.is_away().await;
    // The kernel takes connections for it all the same.
    assert!(counting.limiter.maintain().await.is_err());
    counting.is_away().await;
    redis.thaw();
    counting.limiter.maintain().await.unwrap();
    assert!(counting.count(3, HOUR).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Redis: just test-all"]
async fn a_store_that_is_slow_is_away() {
    let redis = RedisServer::start();
    let (proxy, port) = Proxy::before(&format!("127.0.0.1:{}", redis.port()));
    let counting = Counting::connected(&format!("redis://127.0.0.1:{port}")).await;
    assert!(counting.count(3, HOUR).await.is_ok());
    proxy.delay(Duration::from_millis(150));
    counting.is_away().await;
    assert!(counting.limiter.maintain().await.is_err(), "it answers, but too late");
    assert!(!counting.measured().0);
    proxy.delay(Duration::ZERO);
    counting.limiter.maintain().await.unwrap();
    assert!(counting.count(3, HOUR).await.is_ok());
}

#[tokio::test]
#[ignore = "needs Redis: just test-all"]
async fn a_store_that_is_full_or_only_reads_is_away() {
    let redis = RedisServer::start();
    let counting = Counting::connected(&redis.url()).await;
    for (fill, clear) in [
        (&["CONFIG", "SET", "maxmemory", "1"][..], &["CONFIG", "SET", "maxmemory", "0"][..]),
        (&["REPLICAOF", "127.0.0.1", "1"], &["REPLICAOF", "NO", "ONE"]),
    ] {
        redis.cli(fill);
        counting.is_away().await;
        assert!(counting.limiter.maintain().await.is_err(), "{fill:?}");
        redis.cli(clear);
        counting.limiter.maintain().await.unwrap();
        assert!(counting.count(3, HOUR).await.is_ok(), "{clear:?}");
    }
}

#[tokio::test]
#[ignore = "needs Redis: just test-all"]
async fn with_tls_and_a_user_who_may_do_no_more_than_count() {
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let [ca, stranger, certificate, key] = ["ca.pem", "stranger.pem", "server.pem", "server.key"].map(file);
    let port = free_port().to_string();
    let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &ca, "--tls-auth-clients", "no"];
    let user = "--user app on >p/w@:# ~auth-server:* +eval +evalsha +time +get +set +ping";
    let users: Vec<_> = ["--requirepass", "of-the-administrator"].into_iter().chain(user.split(' ')).collect();
    let login = ["--no-auth-warning", "-a", "of-the-administrator"];
    let redis = RedisServer::told(&[&files[..], &["--tls-port", &port], &users].concat(), &login);
    let url = |login: &str, ca: &str| format!("rediss://{login}@localhost:{port}?ca={ca}");
    let counting = Counting::connected(&url("app:p%2Fw%40%3A%23", &ca)).await;
    assert_eq!(counting.remaining(3, HOUR).await, 2);
    let counting = Counting::connected(&url(":of-the-administrator", &ca)).await;
    assert_eq!(counting.remaining(3, HOUR).await, 1);
    // In clear as well, since this server takes both.
    let in_clear = Counting::connected(&redis.url().replace("redis://", "redis://:of-the-administrator@")).await;
    assert_eq!(in_clear.remaining(3, HOUR).await, 0);
    for (wrong, words) in [
        (url("app:wrong", &ca), "Password authentication failed"),
        (url("app:p%2Fw%40%3A%23", &stranger), "certificate"),
        (url(":of-the-administrator", &ca).replace("localhost", "127.0.0.1"), "certificate"),
        (redis.url(), "NOAUTH"),
    ] {
        let refused = Counting::at(&wrong).limiter.maintain().await.unwrap_err().to_string();
        assert!(refused.contains(words) && !refused.contains("wrong,") && !refused.contains("p/w@:#"), "{wrong}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Redis: just test-all"]
async fn a_cluster_counts_wherever_a_client_is_kept() {
    let nodes = [(); 3].map(|()| RedisServer::told(&["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"], &[]));
    let addresses = nodes.each_ref().map(|node| format!("127.0.0.1:{}", node.port()));
    run(Command::new("redis-cli").args(["--cluster", "create"]).args(&addresses).arg("--cluster-yes"));
    until(|| nodes.iter().all(|node| node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")));
    let url = format!("{}?cluster=true", nodes[0].url());
    let (one, other) = (Counting::connected(&url).await, Counting::connected(&url).await);
    let limit = RateLimit { requests: 2, window: HOUR };
    for last in 0..60 {
        let client = ClientKey::of(std::net::Ipv4Addr::new(192, 0, 2, last).into(), 0);
        assert_eq!(one.limiter.count("general", client, limit).await.unwrap(), Decision::Allowed { remaining: 1 });
        assert_eq!(other.limiter.count("general", client, limit).await.unwrap(), Decision::Allowed { remaining: 0 });
        assert!(matches!(one.limiter.count("general", client, limit).await.unwrap(), Decision::Refused { .. }));
    }
    // Each keeps some of them, and each was sent its own.
    assert!(nodes.iter().all(|node| node.calls("evalsha") > 0));
    assert_eq!(nodes.iter().map(|node| node.calls("evalsha")).sum::<u64>(), 180 + 2);
    assert_eq!(nodes.iter().map(|node| node.calls("eval")).sum::<u64>(), 3, "each is given the script once");
    // As if each were alone: two of three do not keep what is tried.
    let mut told = Vec::new();
    for node in &nodes {
        told.extend(Counting::at(&node.url()).limiter.maintain().await.err().map(|fault| fault.to_string()));
    }
    assert!(told.len() == 2 && told.iter().all(|told| told.contains("?cluster=true")), "{told:?}");
    nodes[2].stop();
    // Whose part is gone is counted by each server, and so are all others, until that part is back.
    for last in 0..60 {
        let client = ClientKey::of(std::net::Ipv4Addr::new(192, 0, 2, last).into(), 0);
        drop(one.limiter.count("general", client, limit).await);
    }
    one.is_away().await;
    assert!(one.limiter.maintain().await.is_err() && one.limiter.maintain().await.is_err());
    nodes[2].launch();
    until(|| nodes.iter().all(|node| node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")));
    let look = async { while one.limiter.maintain().await.is_err() {} };
    tokio::time::timeout(HOUR / 60, look).await.unwrap();
    assert!(one.count(2, HOUR).await.is_ok());
}
