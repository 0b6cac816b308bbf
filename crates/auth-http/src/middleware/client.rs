//! Who the client is: the peer, or what a trusted proxy says of it.

use std::net::{IpAddr, SocketAddr};

use actix_web::{
    dev::ServiceRequest,
    http::header::{HeaderMap, HeaderName, USER_AGENT},
};
use auth_domain::{
    origin::{Origin, UserAgent},
    ports::Ids,
};
use ipnet::IpNet;

use crate::once_a_minute::OnceAMinute;

pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const REQUEST_ID_MAX: usize = 128;

/// The headers in which proxies forward a client's address.
const FORWARDING: [HeaderName; 3] = [X_FORWARDED_FOR, HeaderName::from_static("forwarded"), HeaderName::from_static("x-real-ip")];

/// Reads the origin of a request from its connection and its head.
#[must_use]
pub fn origin(request: &ServiceRequest, trusted: &[IpNet], ids: &dyn Ids) -> Origin {
    let headers = request.headers();
    if let Some(peer) = request.peer_addr().filter(|peer| forwards_as_a_stranger(peer.ip(), headers, trusted)) {
        warn_now_and_then(peer.ip());
    }
    let user_agent = headers.get(USER_AGENT).map(|value| UserAgent::new(&String::from_utf8_lossy(value.as_bytes())));
    Origin {
        address: request.peer_addr().map(|peer| client_address(peer.ip(), headers, trusted)),
        user_agent,
        request_id: sane_request_id(headers).map_or_else(|| ids.next().to_string(), str::to_owned),
    }
}

fn forwards_as_a_stranger(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> bool {
    FORWARDING.iter().any(|name| headers.contains_key(name)) && !is_trusted(peer.to_canonical(), trusted)
}

/// Either the headers are forged, or `TRUSTED_PROXIES` lacks a proxy and all its clients share one budget.
fn warn_now_and_then(peer: IpAddr) {
    static WARNING: OnceAMinute = OnceAMinute::new();
    if WARNING.is_due() {
        tracing::warn!(%peer, "forwarding headers came from a peer that is not in TRUSTED_PROXIES; they are ignored");
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

/// The peer, unless it is a trusted proxy: then the right-most forwarded address that is not itself a trusted proxy. What stands
/// further left may be forged.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    // Hop by hop: a byte that is no text spoils the hop it is in, not what a proxy of ours added behind it.
    let forwarded: Vec<&[u8]> =
        headers.get_all(X_FORWARDED_FOR).flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).collect();
    for hop in forwarded.iter().rev() {
        if !is_trusted(client, trusted) {
            break;
        }
        match parse_hop(hop) {
            Some(address) => client = address,
            // A proxy of ours that writes nonsense: it is as far as we can see.
            None => break,
        }
    }
    client
}

/// Some proxies add the port.
fn parse_hop(hop: &[u8]) -> Option<IpAddr> {
    let Ok(text) = str::from_utf8(hop.trim_ascii()) else { return None };
    let address = text.parse::<IpAddr>().or_else(|_not_bare| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    match address {
        Ok(address) => Some(address.to_canonical()),
        Err(_neither) => None,
    }
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
        client_address(peer.parse().unwrap(), request.to_http_request().headers(), &trusted).to_string()
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
            (&["10.0.0.3, 10.0.0.4"], "10.0.0.3"),
            (&["1.1.1.1, nonsense, 10.0.0.4"], "10.0.0.4"),
            (&["1.1.1.1, ä, 2.2.2.2"], "2.2.2.2"),
            (&["ä, 2.2.2.2, 10.0.0.4"], "2.2.2.2"),
            (&["1.1.1.1, ä, 10.0.0.4"], "10.0.0.4"),
            (&["nonsense"], "10.0.0.1"),
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
