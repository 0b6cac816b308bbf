//! How many keys a flood leaves behind, and who still has a budget in it.

use std::net::Ipv6Addr;

use super::*;
use key::CROWD;

/// So many new clients between two sweeps, one second: more than this program can serve.
const PER_SWEEP: u32 = 50_000;

const MILLION: u32 = 1_000_000;

fn limiter() -> Limiter {
    Limiter::new(RateLimit { requests: 10, window: Duration::from_secs(3600) }).unwrap()
}

/// One request from each, with a sweep now and then; the most keys that there ever were.
fn flood(limiter: &Limiter, addresses: impl Iterator<Item = IpAddr>) -> usize {
    let mut most = 0;
    for (number, address) in (1..).zip(addresses) {
        drop(limiter.count(address));
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
    let passed = (0..20).filter(|_| limiter.count(spender).is_ok()).count();
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
