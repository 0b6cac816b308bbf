//! What a client calls itself, made harmless.

use proptest::prelude::*;

use super::{Network, RequestContext, USER_AGENT_MAX_CHARS, UserAgent};
use crate::testkit::samples::origin_from;

#[test]
fn a_user_agent_forges_no_line() {
    let agent = UserAgent::new("Browser\r\n{\"event\":\"login_succeeded\"}\0\u{1b}[2J\u{85}");
    assert_eq!(agent.as_str(), "Browser{\"event\":\"login_succeeded\"}[2J");
}

#[test]
fn a_user_agent_is_cut_by_characters() {
    assert_eq!(UserAgent::new(&"🦀".repeat(300)).as_str(), "🦀".repeat(USER_AGENT_MAX_CHARS));
    assert_eq!(UserAgent::new(&format!("{}{}", "\n".repeat(300), "x".repeat(256))).as_str(), "x".repeat(256));
    assert_eq!(UserAgent::new("").as_str(), "");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_user_agent_is_short_and_free_of_control(text in proptest::collection::vec(any::<char>(), 0..600)) {
        let text: String = text.into_iter().collect();
        let agent = UserAgent::new(&text);
        prop_assert!(agent.as_str().chars().count() <= 256);
        prop_assert!(!agent.as_str().chars().any(char::is_control));
        let visible: String = text.chars().filter(|c| !c.is_control()).collect();
        prop_assert!(visible.starts_with(agent.as_str()));
        prop_assert_eq!(UserAgent::new(agent.as_str()), agent);
    }
}

#[test]
fn a_network_is_what_a_home_or_a_phone_stays_in() {
    let network = |address: &str| Network::of(address.parse().unwrap()).to_string();
    assert_eq!(network("203.0.113.7"), "203.0.113.0/24");
    assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.0/24");
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
}

#[test]
fn a_subscriber_is_an_address_or_what_a_provider_gives_a_home() {
    let subscriber = |address: &str| origin_from(address).subscriber().to_string();
    assert_eq!(subscriber("203.0.113.7"), "203.0.113.7");
    assert_eq!(subscriber("::ffff:203.0.113.7"), "203.0.113.7");
    assert_eq!(subscriber("2001:db8:1:2ff:3:4:5:6"), "2001:db8:1:200::/56");
    assert_eq!(subscriber("2001:db8:1:2::"), "2001:db8:1::/56");
    assert_eq!(subscriber("2001:db8:1:300::"), "2001:db8:1:300::/56");
    assert_eq!(RequestContext::default().subscriber().to_string(), "unknown");
}
