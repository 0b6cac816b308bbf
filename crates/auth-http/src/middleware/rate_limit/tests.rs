//! How many keys a flood leaves behind, who still has a budget in it, and who decides: this server, or what counts for all.

use std::{collections::VecDeque, net::Ipv6Addr};

use async_trait::async_trait;
use auth_domain::{identity::port_error::PortError, rate_limits::client_key::CROWD};
use futures_util::FutureExt;
use parking_lot::Mutex;

use super::*;

/// So many new clients between two sweeps, one second: more than this program can serve.
const PER_SWEEP: u32 = 50_000;

const MILLION: u32 = 1_000_000;

fn limiter() -> Limiter {
    Limiter::new("general", RateLimit { requests: 10, window: Duration::from_secs(3600) }).unwrap()
}

/// A request that this server counts by itself.
fn count(limiter: &Limiter, address: IpAddr) -> Result<BudgetState, Duration> {
    limiter.count(None, address).now_or_never().unwrap()
}

/// One request from each, with a sweep now and then; the most keys that there ever were.
fn flood(limiter: &Limiter, addresses: impl Iterator<Item = IpAddr>) -> usize {
    let mut most = 0;
    for (number, address) in (1..).zip(addresses) {
        drop(count(limiter, address));
        if number % PER_SWEEP == 0 {
            most = most.max(limiter.buckets.len());
            limiter.sweep();
        }
    }
    most.max(limiter.buckets.len())
}

/// Spread over the whole of IPv4, each once: an odd factor permutes.
fn scattered(number: u32) -> Ipv4Addr {
    number.wrapping_mul(0x9e37_79b1).into()
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmRSS")).collect()
}

#[test]
fn a_million_addresses_do_not_leave_a_million_keys() {
    let before = memory();
    let limiter = limiter();
    let most = flood(&limiter, (0..MILLION).map(|number| scattered(number).into()));
    eprintln!("IPv4: at most {most} keys; {before} before, {} after", memory());
    // Addresses, /24s, and all the /16s that there are, each with what comes between two sweeps.
    assert!(most <= 2 * CROWD + 2 * usize::try_from(PER_SWEEP).unwrap() + 65_536, "{most}");
    // Nobody has been given a budget anew: who spent it has none.
    let spender = IpAddr::from(scattered(MILLION));
    let passed = (0..20).filter(|_| count(&limiter, spender).is_ok()).count();
    assert!(passed <= 10, "{passed}");
}

#[test]
fn a_flood_of_ipv6_networks_ends_in_its_providers() {
    let before = memory();
    let limiter = limiter();
    // A /64 each, in a thousand /32s: as many as providers large enough to have one could lend a flood.
    let network = |number: u32| {
        let provider = u16::try_from(number % 1000).unwrap();
        let [_, high, middle, low] = (number / 1000).wrapping_mul(0x9e37_79b1).to_be_bytes();
        Ipv6Addr::new(0x2a00, provider, u16::from_be_bytes([high, middle]), u16::from(low), 0, 0, 0, 1)
    };
    let most = flood(&limiter, (0..MILLION / 2).map(|number| network(number).into()));
    eprintln!("IPv6: at most {most} keys; {before} before, {} after", memory());
    assert!(most <= 2 * CROWD + 2 * usize::try_from(PER_SWEEP).unwrap() + 1000, "{most}");
}

/// A store of budgets that says what it is told to, and whom it has been asked about.
#[derive(Default)]
struct Told {
    decisions: Mutex<VecDeque<Result<Decision, PortError>>>,
    asked: Mutex<Vec<(String, ClientKey, RateLimit)>>,
}

#[async_trait]
impl SharedRateLimiter for Told {
    async fn count(&self, budget: &str, client: ClientKey, limit: RateLimit) -> Result<Decision, PortError> {
        self.asked.lock().push((budget.to_owned(), client, limit));
        self.decisions.lock().pop_front().unwrap()
    }

    async fn maintain(&self) -> Result<(), PortError> {
        Ok(())
    }
}

/// What becomes of a request from one address for each of these decisions: remaining and reset, or the wait.
async fn become_of(limiter: &Limiter, decisions: Vec<Result<Decision, PortError>>) -> Vec<Result<(u32, u64), Duration>> {
    let shared = Told { decisions: Mutex::new(decisions.into()), ..Told::default() };
    let mut outcomes = Vec::new();
    while !shared.decisions.lock().is_empty() {
        let counted = limiter.count(Some(&shared), Ipv4Addr::new(192, 0, 2, 1).into()).await;
        outcomes.push(counted.map(|state| (state.remaining, state.reset)));
    }
    assert!(shared.asked.lock().iter().all(|(budget, client, limit)| {
        budget == "general" && *client == ClientKey::V4(Ipv4Addr::new(192, 0, 2, 1)) && *limit == limiter.limit
    }));
    outcomes
}

fn away() -> Result<Decision, PortError> {
    Err(PortError::Unavailable("hung".to_owned()))
}

#[tokio::test]
async fn the_shared_count_decides_while_there_is_one() {
    let wait = Duration::from_secs(77);
    let decisions = vec![
        Ok(Decision::Allowed { remaining: 4 }),
        Ok(Decision::Refused { retry_after: wait }),
        Ok(Decision::Allowed { remaining: 0 }),
    ];
    assert_eq!(become_of(&limiter(), decisions).await, [Ok((4, 2160)), Err(wait), Ok((0, 3600))]);
}

#[tokio::test]
async fn what_passed_by_the_shared_count_is_gone_when_the_store_is() {
    let limiter = limiter();
    let refused = || Ok(Decision::Refused { retry_after: Duration::from_secs(1) });
    let passed = || Ok(Decision::Allowed { remaining: 9 });
    let decisions = vec![passed(), refused(), refused(), passed(), away()];
    let outcomes = become_of(&limiter, decisions).await;
    // Three of ten: what was refused has cost nothing.
    assert_eq!(outcomes.last(), Some(&Ok((7, 1080))));
    let outcomes = become_of(&limiter, (0..8).map(|_| away()).collect()).await;
    assert!(outcomes.iter().take(7).all(Result::is_ok) && outcomes[7].is_err(), "{outcomes:?}");
    // The store is back, and remembers nothing.
    assert!(become_of(&limiter, vec![passed()]).await[0].is_err());
}

#[tokio::test]
async fn all_servers_widen_the_keys_of_a_crowd() {
    let (limiter, shared) = (limiter(), Told::default());
    limiter.clients.store(CROWD + 1, Ordering::Relaxed);
    shared.decisions.lock().push_back(Ok(Decision::Allowed { remaining: 1 }));
    assert!(limiter.count(Some(&shared), Ipv4Addr::new(192, 0, 2, 77).into()).await.is_ok());
    assert_eq!(shared.asked.lock()[0].1, ClientKey::V4(Ipv4Addr::new(192, 0, 2, 0)));
}
