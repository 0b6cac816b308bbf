//! Where a request came from, as sessions and the audit trail remember it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use super::language::Language;

/// The longest user agent that is kept, in characters.
pub const USER_AGENT_MAX_CHARS: usize = 256;

/// The client behind a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestContext {
    pub address: Option<IpAddr>,
    pub user_agent: Option<UserAgent>,
    /// The one that the client likes best. Neither sessions nor the audit trail remember it.
    pub language: Option<Language>,
    pub request_id: String,
}

impl RequestContext {
    /// The network that the request came from, if its address is known.
    #[must_use]
    pub fn network(&self) -> Option<Network> {
        self.address.map(Network::of)
    }

    /// Whose failures an attempt counts among. All requests whose address is not known are one subscriber's.
    #[must_use]
    pub fn subscriber(&self) -> Subscriber {
        Subscriber(self.address.map(|address| match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 72)).into(),
        }))
    }
}

/// One subscriber of a provider, as far as an address tells: an IPv4 address, or an IPv6 /56. A provider gives a home a /56 or more
/// (RFC 6177, RIPE-690): counted by /64, that would be 256 guessers, by single addresses 2^72 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subscriber(Option<IpAddr>);

impl fmt::Display for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(IpAddr::V4(address)) => address.fmt(f),
            Some(IpAddr::V6(address)) => write!(f, "{address}/56"),
            None => f.write_str("unknown"),
        }
    }
}

/// The network of an address: the first 24 bits of an IPv4 address, the first 48 of an IPv6 address. Providers and phones change
/// addresses within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(IpAddr);

impl Network {
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Ipv4Addr::new(a, b, c, 0).into()
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
            }
        })
    }
}

/// The text is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a network as this server writes it")]
pub struct NoNetwork;

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (address, _) = text.split_once('/').ok_or(NoNetwork)?;
        let network = Self::of(address.parse().map_err(|_fault| NoNetwork)?);
        if network.to_string() == text { Ok(network) } else { Err(NoNetwork) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, if self.0.is_ipv4() { 24 } else { 48 })
    }
}

/// What the client calls itself: control characters removed, cut to 256 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX_CHARS).collect())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
