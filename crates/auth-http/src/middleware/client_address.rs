//! Who the client is: the peer, or what a trusted proxy says of it.

use std::net::{IpAddr, SocketAddrV4};

use actix_web::{
    dev::ServiceRequest,
    http::header::{HeaderMap, HeaderName, USER_AGENT},
};
use auth_domain::identity::{
    clock::Ids,
    request_context::{RequestContext, UserAgent},
};
use ipnet::IpNet;

use crate::telemetry::once_a_minute::OnceAMinute;

pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const REQUEST_ID_MAX: usize = 128;

/// The headers in which proxies forward a client's address.
const FORWARDING: [HeaderName; 3] = [X_FORWARDED_FOR, HeaderName::from_static("forwarded"), HeaderName::from_static("x-real-ip")];

/// Reads the context of a request from its connection and its head.
#[must_use]
pub fn context(request: &ServiceRequest, trusted: &[IpNet], ids: &dyn Ids) -> RequestContext {
    let headers = request.headers();
    let user_agent = headers.get(USER_AGENT).map(|value| UserAgent::new(&String::from_utf8_lossy(value.as_bytes())));
    RequestContext {
        address: request.peer_addr().map(|peer| address(peer.ip().to_canonical(), headers, trusted)),
        user_agent,
        language: None,
        request_id: sane_request_id(headers).map_or_else(|| ids.next().to_string(), str::to_owned),
    }
}

/// The address of the client. Warns where that may not be it.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    match seen(peer, headers, trusted) {
        Seen::Client(address) => address,
        Seen::Stranger => {
            static WARNING: OnceAMinute = OnceAMinute::new();
            if WARNING.take_turn() {
                tracing::warn!(%peer, "forwarding headers came from a peer that is not in TRUSTED_PROXIES; they are ignored");
            }
            peer
        }
        Seen::Proxy(proxy) => {
            static WARNING: OnceAMinute = OnceAMinute::new();
            if WARNING.take_turn() {
                tracing::warn!(
                    %proxy,
                    "a trusted proxy forwards no address that can be read in X-Forwarded-For; its clients count as the proxy: one budget, one network"
                );
            }
            proxy
        }
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// The client's request id, if it can be logged and echoed without harm.
fn sane_request_id(headers: &HeaderMap) -> Option<&str> {
    let Ok(id) = headers.get(X_REQUEST_ID)?.to_str() else { return None };
    let sane = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    ((1..=REQUEST_ID_MAX).contains(&id.len()) && id.chars().all(sane)).then_some(id)
}

/// What can be seen of a client.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Client(IpAddr),
    /// Only the peer. Its forwarding headers are forged, or `TRUSTED_PROXIES` lacks a proxy.
    Stranger,
    /// Only this trusted proxy, which did not say in a way that we can read for whom it speaks.
    Proxy(IpAddr),
}

/// The peer, unless it is a trusted proxy: then the right-most forwarded address that is not itself a trusted proxy. What stands
/// further left may be forged, also where an address further right cannot be read.
fn seen(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Seen {
    let forwards = FORWARDING.iter().any(|name| headers.contains_key(name));
    match (forwards, is_trusted(peer, trusted)) {
        (false, _) => return Seen::Client(peer),
        (true, false) => return Seen::Stranger,
        (true, true) => {}
    }
    // Hop by hop: a byte that is no text spoils the hop it is in, not what a proxy of ours added behind it.
    let hops: Vec<&[u8]> =
        headers.get_all(X_FORWARDED_FOR).flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).collect();
    // Empty elements of a list count for nothing (RFC 9110 section 5.6.1.2).
    let mut hops = hops.iter().rev().map(|hop| hop.trim_ascii()).filter(|hop| !hop.is_empty()).peekable();
    if hops.peek().is_none() {
        return Seen::Proxy(peer);
    }
    let mut client = peer;
    for hop in hops {
        if !is_trusted(client, trusted) {
            break;
        }
        match parse_hop(hop) {
            Some(address) => client = address,
            None => return Seen::Proxy(client),
        }
    }
    Seen::Client(client)
}

/// An address as proxies write it: bare, in brackets, with a port, with a zone (RFC 4007 section 11), in quotes.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let Ok(text) = str::from_utf8(hop) else { return None };
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if let Ok(with_port) = text.parse::<SocketAddrV4>() {
        return Some((*with_port.ip()).into());
    }
    let bare = match text.strip_prefix('[') {
        Some(text) => {
            let (address, behind) = text.split_once(']')?;
            (behind.is_empty() || is_port(behind)).then_some(address)?
        }
        None => text,
    };
    // The zone says on which of the proxy's links the address is: nothing to us.
    match bare.split_once('%').map_or(bare, |(address, _zone)| address).parse::<IpAddr>() {
        Ok(address) => Some(address.to_canonical()),
        Err(_neither) => None,
    }
}

fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    digits.is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::HeaderValue, test::TestRequest};

    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut request = TestRequest::default();
        for value in forwarded {
            request = request.append_header((X_FORWARDED_FOR, HeaderValue::from_bytes(value.as_bytes()).unwrap()));
        }
        let peer: IpAddr = peer.parse().unwrap();
        address(peer.to_canonical(), request.to_http_request().headers(), &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client("203.0.113.9", &["1.1.1.1"]), "203.0.113.9");
    }

    #[test]
    fn the_right_most_stranger_behind_trusted_proxies_is_the_client() {
        for (forwarded, expected) in [
            (&["1.1.1.1, 2.2.2.2"][..], "2.2.2.2"),
            (&["1.1.1.1, 2.2.2.2, 10.0.0.7"], "2.2.2.2"),
            (&["1.1.1.1", "2.2.2.2"], "2.2.2.2"),
            (&["2.2.2.2:4711"], "2.2.2.2"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["::ffff:2.2.2.2"], "2.2.2.2"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["[::ffff:2.2.2.2]"], "2.2.2.2"),
            (&["[::ffff:2.2.2.2]:80"], "2.2.2.2"),
            (&["fe80::1%eth0"], "fe80::1"),
            (&["[fe80::1%25eth0]:443"], "fe80::1"),
            (&["[fe80::1%3]"], "fe80::1"),
            (&["\"2.2.2.2\""], "2.2.2.2"),
            (&["\"[2001:db8::1]:4711\""], "2001:db8::1"),
            (&["\t2.2.2.2\t"], "2.2.2.2"),
            (&["1.1.1.1, 2.2.2.2,"], "2.2.2.2"),
            (&["2.2.2.2, , ,"], "2.2.2.2"),
            (&["2.2.2.2", ""], "2.2.2.2"),
            (&["2.2.2.2,, 10.0.0.4 ,"], "2.2.2.2"),
            (&["1.1.1.1,", "2.2.2.2, [fd00::7]:80"], "2.2.2.2"),
            (&["10.0.0.3, 10.0.0.4"], "10.0.0.3"),
            (&["1.1.1.1, nonsense, 10.0.0.4"], "10.0.0.4"),
            (&["1.1.1.1, ä, 2.2.2.2"], "2.2.2.2"),
            (&["ä, 2.2.2.2, 10.0.0.4"], "2.2.2.2"),
            (&["1.1.1.1, ä, 10.0.0.4"], "10.0.0.4"),
            (&["nonsense"], "10.0.0.1"),
            (&["1.1.1.1, unknown"], "10.0.0.1"),
            (&["1.1.1.1, _hidden, 10.0.0.4"], "10.0.0.4"),
            (&["1.1.1.1, for=2.2.2.2"], "10.0.0.1"),
            (&["1.1.1.1, unix:"], "10.0.0.1"),
            (&["1.1.1.1, 2.2.2.2:"], "10.0.0.1"),
            (&["1.1.1.1, [2001:db8::1]:x"], "10.0.0.1"),
            (&["1.1.1.1, [2001:db8::1]:+1"], "10.0.0.1"),
            (&["1.1.1.1, [2001:db8::1]2"], "10.0.0.1"),
            (&["1.1.1.1, [2001:db8::1"], "10.0.0.1"),
            (&["1.1.1.1, 010.0.0.1"], "10.0.0.1"),
            (&[","], "10.0.0.1"),
            (&[""], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(client("10.0.0.1", forwarded), expected, "{forwarded:?}");
        }
        assert_eq!(client("::ffff:10.0.0.1", &["2.2.2.2"]), "2.2.2.2");
    }

    #[test]
    fn only_a_harmless_request_id_is_kept() {
        let kept = |value: &str| {
            let request =
                TestRequest::default().insert_header((X_REQUEST_ID, HeaderValue::from_bytes(value.as_bytes()).unwrap()));
            sane_request_id(request.to_http_request().headers()).is_some()
        };
        assert!(kept("01890a5d-ac96-774b-bcce-b302099a8057") && kept("a.b_c-9") && kept(&"x".repeat(128)));
        for insane in ["", "a b", "a\"b", "a\tb", "ä", &"x".repeat(129)] {
            assert!(!kept(insane), "{insane:?}");
        }
    }
}
