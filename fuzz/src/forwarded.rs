//! Proxy headers: only trusted proxies are believed, and no client can forge its address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::{
    http::header::{HeaderName, HeaderValue, USER_AGENT},
    test::TestRequest,
};
use auth_domain::identity::{request_context::{RequestContext, USER_AGENT_MAX_CHARS}, clock::Ids};
use auth_http::{middleware::client_address::{X_REQUEST_ID, context}, settings::network};
use ipnet::IpNet;
use uuid::Uuid;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const REQUEST_ID_MAX: usize = 128;

/// The client address that our own proxy saw.
const SEEN: &str = "203.0.113.77";

/// Makes one fixed id, which stands for the program's own.
struct Fresh;

impl Ids for Fresh {
    fn next(&self) -> Uuid {
        Uuid::max()
    }
}

struct Scene {
    peer: SocketAddr,
    trusted: Vec<IpNet>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The first line is the peer, the second lists the trusted proxies, the others are headers:
/// `x` X-Forwarded-For, `f` Forwarded, `i` X-Real-IP, `r` X-Request-Id, `u` User-Agent.
pub fn check(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let Some(scene) = scene(&mut lines) else { return };
    let found = scene.context();
    let client = found.address.expect("there is a peer");
    let peer = scene.peer.ip().to_canonical();
    assert_eq!(client, client.to_canonical(), "one client, one address");
    assert_eq!(client, scene.walk(), "the right-most stranger");
    if !scene.trusts(peer) {
        assert_eq!(client, peer, "a stranger is not believed");
    }
    if scene.trusts(client) {
        let others = scene.hops();
        let seen: Vec<_> = others.iter().rev().map_while(|hop| address(hop)).collect();
        assert!(seen.iter().all(|hop| scene.trusts(*hop)), "a proxy is the client while a stranger stands behind it");
    }
    scene.believes_only_what_its_proxies_add();
    scene.reads_no_other_header(client);
    harmless(&found, &scene);
}

fn scene<'a>(lines: &mut impl Iterator<Item = &'a [u8]>) -> Option<Scene> {
    let text = |line: Option<&'a [u8]>| str::from_utf8(line.unwrap_or_default()).unwrap_or_default();
    let Ok(peer) = text(lines.next()).trim().parse() else { return None };
    let peer = SocketAddr::new(peer, 4711);
    let trusted = text(lines.next()).split(',').flat_map(|item| network(item.trim())).collect();
    let headers = lines.filter_map(header).collect();
    Some(Scene { peer, trusted, headers })
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_first()?;
    let name = match name {
        b'x' => X_FORWARDED_FOR,
        b'f' => FORWARDED,
        b'i' => X_REAL_IP,
        b'r' => X_REQUEST_ID,
        b'u' => USER_AGENT,
        _ => return None,
    };
    // As received: without surrounding space.
    let Ok(value) = HeaderValue::from_bytes(value.trim_ascii()) else { return None };
    Some((name, value))
}

impl Scene {
    fn context(&self) -> RequestContext {
        let request = self.headers.iter().fold(TestRequest::default().peer_addr(self.peer), |request, header| {
            request.append_header((header.0.clone(), header.1.clone()))
        });
        context(&request.to_srv_request(), &self.trusted, &Fresh)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// As bytes, exactly as the proxies wrote them. Empty elements of a list are none.
    fn hops(&self) -> Vec<&[u8]> {
        let lines = self.headers.iter().filter(|(name, _)| *name == X_FORWARDED_FOR);
        let hops = lines.flat_map(|(_, value)| value.as_bytes().split(|byte| *byte == b','));
        hops.filter(|hop| !hop.trim_ascii().is_empty()).collect()
    }

    fn walk(&self) -> IpAddr {
        let mut client = self.peer.ip().to_canonical();
        for hop in self.hops().iter().rev() {
            match address(hop).filter(|_| self.trusts(client)) {
                Some(next) => client = next,
                None => break,
            }
        }
        client
    }

    /// Our own proxy appends the address that it saw, to the existing line or on a line of its own. Whatever precedes it, that
    /// address counts.
    fn believes_only_what_its_proxies_add(&self) {
        let seen: IpAddr = SEEN.parse().expect("an address");
        if !self.trusts(self.peer.ip().to_canonical()) || self.trusts(seen) {
            return;
        }
        let scene = |headers| Self { peer: self.peer, trusted: self.trusted.clone(), headers };
        let mut own_line = self.headers.clone();
        own_line.push((X_FORWARDED_FOR, HeaderValue::from_static(SEEN)));
        assert_eq!(scene(own_line).context().address, Some(seen), "on its own line");
        let mut same_line = self.headers.clone();
        if let Some((_, value)) = same_line.iter_mut().rev().find(|(name, _)| *name == X_FORWARDED_FOR) {
            let longer = [value.as_bytes(), b", ", SEEN.as_bytes()].concat();
            *value = HeaderValue::from_bytes(&longer).expect("a value");
            assert_eq!(scene(same_line).context().address, Some(seen), "on the same line");
        }
    }

    fn reads_no_other_header(&self, client: IpAddr) {
        let only = self.headers.iter().filter(|(name, _)| *name == X_FORWARDED_FOR).cloned().collect();
        let scene = Self { peer: self.peer, trusted: self.trusted.clone(), headers: only };
        assert_eq!(scene.context().address, Some(client), "Forwarded and X-Real-IP say nothing");
    }
}

/// An address as proxies write it, by taking off what may surround it: quotes, the port, brackets, the zone.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(hop.trim_ascii()).unwrap_or_default();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let (before, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let has_port = is_number && (before.ends_with(']') || before.parse::<Ipv4Addr>().is_ok());
    let text = if has_port { before } else { text };
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).filter(|text| !text.contains(']')).unwrap_or(text);
    let bare = bare.split('%').next().unwrap_or_default();
    bare.parse::<IpAddr>().into_iter().map(|address| address.to_canonical()).next()
}

/// Checks what goes into logs and back to the client.
fn harmless(found: &RequestContext, scene: &Scene) {
    let id = found.request_id.as_str();
    let given = scene.headers.iter().find(|(name, _)| *name == X_REQUEST_ID).map(|(_, value)| value.as_bytes());
    assert!(Some(id.as_bytes()) == given || id == Uuid::max().to_string(), "{id:?} is nobody's");
    assert!(
        (1..=REQUEST_ID_MAX).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)),
        "{id:?}"
    );
    if let Some(agent) = &found.user_agent {
        let agent = agent.as_str();
        assert!(agent.chars().count() <= USER_AGENT_MAX_CHARS && !agent.chars().any(char::is_control), "{agent:?}");
    }
}
