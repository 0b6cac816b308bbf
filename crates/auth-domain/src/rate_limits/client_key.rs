//! Whose budget a request draws on.

use std::net::{IpAddr, Ipv4Addr};

/// With more clients than this in one limiter, new requests are counted by wider networks:
/// memory stays bounded however many addresses come by.
pub const CROWD: usize = 100_000;

/// Whose budget a request draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientKey {
    V4(Ipv4Addr),
    /// One subscriber's network: a /64, or a wider one while there are very many clients.
    V6([u8; 8]),
}

impl ClientKey {
    /// The key of an address, where so many clients are counted already.
    #[must_use]
    pub fn of(address: IpAddr, clients: usize) -> Self {
        // First a crowd of single addresses, then a crowd of networks.
        let widenings = usize::from(clients > CROWD) + usize::from(clients > 2 * CROWD);
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let mut octets = v4.octets();
                octets.iter_mut().rev().take(widenings).for_each(|octet| *octet = 0);
                Self::V4(octets.into())
            }
            IpAddr::V6(v6) => {
                let mut network = [0; 8];
                let kept = 8 - 2 * widenings;
                network.iter_mut().zip(v6.octets()).take(kept).for_each(|(to, from)| *to = from);
                Self::V6(network)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str, clients: usize) -> ClientKey {
        ClientKey::of(address.parse().unwrap(), clients)
    }

    #[test]
    fn one_subscriber_is_one_key() {
        assert_eq!(key("2001:db8:1:2::1", 0), key("2001:db8:1:2:ffff::9", 0));
        assert_ne!(key("2001:db8:1:2::1", 0), key("2001:db8:1:3::1", 0));
        assert_ne!(key("192.0.2.1", 0), key("192.0.2.2", 0));
        assert_eq!(key("::ffff:192.0.2.1", 0), key("192.0.2.1", 0));
    }

    #[test]
    fn in_a_crowd_networks_are_counted() {
        let (crowd, throng) = (CROWD + 1, 2 * CROWD + 1);
        assert_eq!(key("192.0.2.1", crowd), key("192.0.2.200", crowd));
        assert_ne!(key("192.0.2.1", crowd), key("192.0.3.1", crowd));
        assert_eq!(key("192.0.2.1", throng), key("192.0.77.1", throng));
        assert_eq!(key("2001:db8:1:2::1", crowd), key("2001:db8:1:9::1", crowd));
        assert_eq!(key("2001:db8:1:2::1", throng), key("2001:db8:7:2::1", throng));
        assert_ne!(key("2001:db8::1", throng), key("2001:db9::1", throng));
    }
}
