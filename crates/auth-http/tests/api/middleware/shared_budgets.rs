//! Budgets that several servers share in Redis, and what clients notice when it is away: no error, and no budget anew.

use std::sync::Arc;

use reqwest::Method;

use crate::{
    service::{Answer, Engine, RedisServer, Service, TestDatabase, command},
    telemetry::metrics::{ON, scrape, value},
};

/// Each has another size, so that none can be taken for another.
const LIMITS: [(&str, &str); 5] = [
    ("RATE_LIMIT_WINDOW", "3600"),
    ("RATE_LIMIT_REQUESTS", "4"),
    ("RATE_LIMIT_SESSION_REQUESTS", "6"),
    ("RATE_LIMIT_INTROSPECT_REQUESTS", "5"),
    ("RATE_LIMIT_ADMIN_REQUESTS", "3"),
];

/// A request for each budget, and what it is refused with while there is one.
const REQUESTS: [(&str, &str, usize); 4] = [
    ("/auth/login", "", 4),
    ("/auth/logout", "", 6),
    ("/oauth/introspect", "", 5),
    ("/oauth/token", "grant_type=client_credentials", 3),
];

const AWAY: &str = "budgets are not shared";
const SHARED: &str = "budgets are shared with all servers";

/// Two servers of one database that count in one store, once they do.
async fn two(redis: &RedisServer, more: &[(&str, &str)]) -> [Service; 2] {
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let url = redis.url();
    let settings = [&LIMITS[..], &[("RATE_LIMIT_URL", &url)], more].concat();
    let servers = [Service::on(database.clone(), &settings).await, Service::on(database, &settings).await];
    for server in &servers {
        server.logged(SHARED, 1).await;
    }
    servers
}

async fn ask(service: &Service, path: &str, body: &'static str) -> Answer {
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    Answer::of(service.request(Method::POST, path).header(form.0, form.1).body(body)).await
}

/// Status and fields of an answer; of a refusal the time as well, which passes meanwhile.
fn seen(answer: &Answer) -> (u16, Vec<Option<String>>, Option<u64>) {
    let text = |name| answer.header(name).map(str::to_owned);
    let names: &[&str] = if answer.status == 429 {
        &["ratelimit-limit", "ratelimit-remaining"]
    } else {
        &["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]
    };
    (answer.status, names.iter().map(|name| text(name)).collect(), text("retry-after").map(|wait| wait.parse().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: just test-all"]
async fn two_servers_and_one_client_have_one_budget_and_the_fields_of_one_server() {
    let redis = RedisServer::start();
    let servers = two(&redis, &[]).await;
    let alone = Service::with(Engine::Sqlite, &LIMITS).await;
    redis.cli(&["CONFIG", "RESETSTAT"]);
    let mut asked = 0;
    for (path, body, limit) in REQUESTS {
        for turn in 0..limit + 2 {
            let (one, two) = (seen(&ask(&alone, path, body).await), seen(&ask(&servers[turn % 2], path, body).await));
            assert_eq!((&one.0, &one.1), (&two.0, &two.1), "{path} {turn}");
            assert_eq!((one.0 == 429, two.2.is_some()), (turn >= limit, turn >= limit), "{path} {turn}");
            // The same to the second, but for how long the machine takes.
            let longest = 3600 / u64::try_from(limit).unwrap();
            assert!(two.2.is_none_or(|wait| wait <= longest && wait + 60 > longest), "{path}: {two:?}");
            asked += 1;
        }
    }
    // What draws on no budget asks nobody; a refusal is one round trip as well.
    assert_eq!(servers[0].get("/health").await.status, 200);
    assert_eq!(servers[0].get("/health/ready").await.status, 200);
    assert_eq!((redis.calls("evalsha"), redis.calls("eval")), (asked, 0));
    for server in &servers {
        assert_eq!(server.audited("rate_limited", 4).await.len(), 4);
        assert_eq!(server.logged(AWAY, 0).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: just test-all"]
async fn a_subscriber_has_one_budget_whichever_addresses_and_servers_it_uses() {
    let redis = RedisServer::start();
    let servers = two(&redis, &[("TRUSTED_PROXIES", "127.0.0.0/8"), ("RATE_LIMIT_REQUESTS", "1")]).await;
    for (turn, address, status) in [
        (0, "2001:db8:1:1::1", 404),
        (1, "2001:db8:1:1:ffff::2", 429),
        (1, "2001:db8:1:2::1", 404),
        (0, "192.0.2.1", 404),
        (1, "::ffff:192.0.2.1", 429),
        (1, "192.0.2.2", 404),
    ] {
        let request = servers[turn].request(Method::GET, "/nowhere").header("X-Forwarded-For", address);
        assert_eq!(Answer::of(request).await.status, status, "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: just test-all"]
async fn a_store_that_stops_costs_nobody_an_error_and_gives_nobody_a_budget_anew() {
    let redis = RedisServer::start();
    let servers = two(&redis, &[ON]).await;
    let from = async |turn: usize| ask(&servers[turn], "/auth/login", "").await.status;
    for turn in [0, 1, 0, 1] {
        assert_eq!(from(turn).await, 415);
    }
    assert_eq!((from(0).await, from(1).await), (429, 429));
    redis.stop();
    for turn in [0, 1] {
        // Each has seen two of four.
        for status in [415, 415, 429, 429] {
            assert_eq!(from(turn).await, status);
        }
        let text = scrape(&servers[turn]).await;
        assert!(
            value(&text, "auth_rate_limits_shared") < 0.5 && value(&text, "auth_rate_limits_counted_alone_total") > 3.5,
            "{text}"
        );
        assert_eq!(servers[turn].get("/health/ready").await.status, 200);
    }
    redis.launch();
    for (turn, server) in servers.iter().enumerate() {
        server.logged(SHARED, 2).await;
        // The store has forgotten the client; the server has not.
        assert_eq!(from(turn).await, 429);
        assert_eq!((server.logged(AWAY, 1).await, server.logged(SHARED, 2).await), (1, 2), "each told once");
        assert!(value(&scrape(server).await, "auth_rate_limits_shared") > 0.5);
        assert!(!server.log_text().contains("a dependency is unavailable"));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: just test-all"]
async fn a_store_that_hangs_keeps_nobody_waiting_until_it_answers() {
    let redis = RedisServer::start();
    let servers = two(&redis, &[("RATE_LIMIT_REQUESTS", "1000")]).await;
    for round in 1..=2 {
        redis.freeze();
        // If each waited, this would take minutes.
        for turn in 0..600 {
            assert_eq!(ask(&servers[turn % 2], "/auth/login", "").await.status, 415);
        }
        redis.thaw();
        for server in &servers {
            assert_eq!((server.logged(AWAY, round).await, server.logged(SHARED, round + 1).await), (round, round + 1));
        }
        // Found again, it is asked for each request.
        let before = redis.calls("evalsha");
        for server in &servers {
            assert_eq!(ask(server, "/auth/login", "").await.status, 415);
        }
        assert_eq!(redis.calls("evalsha"), before + 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: just test-all"]
async fn a_server_starts_without_the_store_and_check_says_how_it_stands() {
    let redis = RedisServer::told(&["--requirepass", "hush-hush"], &["--no-auth-warning", "-a", "hush-hush"]);
    let right = redis.url().replace("redis://", "redis://:hush-hush@");
    let wrong = redis.url().replace("redis://", "redis://:tell-tale@");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rate-limit-url");
    std::fs::write(&file, format!("{right}\n")).unwrap();
    let database = Arc::new(TestDatabase::create(Engine::Sqlite));
    let check = |variable: &str, url: &str| {
        let (code, out, err) = command(&database, &[(variable, url)], &["check"], "");
        assert!(code == 0 && !out.contains("hush-hush") && !out.contains("tell-tale"), "{out}{err}");
        out.lines().filter(|line| line.contains("rate limit ")).map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    let place = redis.url();
    assert_eq!(
        check("RATE_LIMIT_URL_FILE", file.to_str().unwrap()),
        format!("✓ rate limit     all servers count in {place}, which answers")
    );
    let told = check("RATE_LIMIT_URL", &wrong);
    assert!(
        told.starts_with(&format!("! rate limit     {place} cannot count: ")) && told.contains("Password authentication failed"),
        "{told}"
    );
    redis.stop();
    let told = check("RATE_LIMIT_URL", &right);
    assert!(told.starts_with(&format!("! rate limit     {place} cannot count: ")), "{told}");

    let service = Service::on(database.clone(), &[("RATE_LIMIT_URL", &right), LIMITS[0], LIMITS[1]]).await;
    service.logged(AWAY, 1).await;
    assert_eq!(service.get("/auth/me").await.header("ratelimit-remaining"), Some("3"));
    redis.launch();
    service.logged(SHARED, 1).await;
    // Counted anew by the store, and by the server as well.
    assert_eq!(service.get("/auth/me").await.header("ratelimit-remaining"), Some("3"));
    assert!(!service.log_text().contains("hush-hush"));
    for fault in ["redis://:hush-hush@", "rediss://:hush-hush@127.0.0.1?ca=/nowhere.pem", "http://:hush-hush@127.0.0.1"] {
        let (code, out, err) = command(&database, &[("RATE_LIMIT_URL", fault)], &["check"], "");
        assert!(code == 1 && err.contains("  RATE_LIMIT_URL: ") && !err.contains("hush-hush"), "{out}{err}");
    }
}
