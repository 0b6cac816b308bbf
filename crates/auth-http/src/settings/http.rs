//! The server: where it listens, with which certificate, whom it trusts, and its limits.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use actix_web::http::Uri;
pub use auth_domain::rate_limits::rate_limit::RateLimit;
use ipnet::{IpNet, Ipv4Net};
use url::{Host, Url};

use super::{public_url::PublicUrl, reader::Reader, source::Source};

pub(crate) const CERT_FILE: &str = "TLS_CERT_FILE";
pub(crate) const KEY_FILE: &str = "TLS_KEY_FILE";

#[derive(Debug, Clone)]
pub struct HttpSettings {
    pub host: String,
    pub port: u16,
    /// How browsers reach this server.
    pub public_url: Option<PublicUrl>,
    pub max_body: usize,
    pub rate_limit: RateLimit,
    /// A budget of their own for requests that carry a token.
    pub session_rate_limit: Option<RateLimit>,
    /// For resource servers that ask about tokens.
    pub introspection_rate_limit: RateLimit,
    /// For administrators, and for clients that ask for tokens of their own.
    pub admin_rate_limit: RateLimit,
    /// Where there are any, this server's own is among them.
    pub allowed_origins: Vec<String>,
    pub trusted_proxies: Vec<IpNet>,
    pub request_timeout: Duration,
    pub shutdown_timeout: Duration,
    /// How long a connection may be idle between requests.
    pub keep_alive: Duration,
    pub max_connections: usize,
    /// `None` is plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Whether there is a document of the API, and a page to try it.
    pub api_docs: bool,
}

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl HttpSettings {
    /// Reads the variables of the server itself.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let window = Duration::from_secs(reader.number("RATE_LIMIT_WINDOW", 60, 1..=3600));
        let limit = |requests| RateLimit { requests, window };
        let public_url = reader.checked("PUBLIC_URL", PublicUrl::read);
        Self {
            tls: TlsFiles::read(reader),
            api_docs: reader.choice("API_DOCS", &[("true", true), ("false", false)]).unwrap_or(true),
            max_connections: reader.number("MAX_CONNECTIONS", 15_000, 1..=1_000_000),
            // Longer than most proxies and clients keep theirs.
            keep_alive: Duration::from_secs(reader.number("KEEP_ALIVE_SECONDS", 75, 1..=3600)),
            host: reader.host("HOST", "127.0.0.1"),
            port: reader.number("PORT", 8000, 0..=u16::MAX),
            allowed_origins: with_own(reader.list("ALLOWED_ORIGINS", origin), public_url.as_ref()),
            public_url,
            max_body: reader.number("MAX_REQUEST_BODY_SIZE", 10_240, 1..=1_048_576),
            rate_limit: limit(reader.number("RATE_LIMIT_REQUESTS", 10, 1..=100_000)),
            session_rate_limit: reader.optional_number("RATE_LIMIT_SESSION_REQUESTS", 1..=100_000).map(limit),
            introspection_rate_limit: limit(reader.number("RATE_LIMIT_INTROSPECT_REQUESTS", 6000, 1..=1_000_000)),
            admin_rate_limit: limit(reader.number("RATE_LIMIT_ADMIN_REQUESTS", 600, 1..=1_000_000)),
            trusted_proxies: reader.list("TRUSTED_PROXIES", network),
            request_timeout: Duration::from_secs(reader.number("REQUEST_TIMEOUT_SECONDS", 10, 1..=120)),
            shutdown_timeout: Duration::from_secs(reader.number("SHUTDOWN_TIMEOUT_SECONDS", 8, 1..=120)),
        }
    }
}

/// Browsers send an `Origin` with what the pages of this server post as well.
fn with_own(mut listed: Vec<String>, own: Option<&PublicUrl>) -> Vec<String> {
    let own = own.map(PublicUrl::origin).filter(|own| !listed.is_empty() && !listed.iter().any(|origin| origin == own));
    listed.extend(own.map(ToOwned::to_owned));
    listed
}

impl TlsFiles {
    /// The files that these variables name, whatever the others say. They are not opened.
    #[must_use]
    pub fn named_by(source: &Source) -> Option<Self> {
        Self::read(&mut Reader::new(source))
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (certificate, key) = reader.both(CERT_FILE, KEY_FILE)?;
        Some(Self { certificate: certificate.into(), key: key.into() })
    }
}

/// Schemes of URLs that have a host, but whose pages have no origin: browsers send `null` for them, if anything.
const WITHOUT_ORIGIN: [&str; 9] = ["about", "blob", "data", "file", "filesystem", "ftp", "javascript", "ws", "wss"];

/// An origin as browsers and apps send it (RFC 6454 section 6.2): scheme, host, port if it is not the scheme's own. The scheme is
/// the web's or an app's own; the host of an app's scheme stays as it is written.
///
/// # Errors
/// The rule that the text breaks.
pub fn origin(text: &str) -> Result<String, String> {
    let rule = || format!("`{text}` must be an origin: scheme://host[:port], without a path and without `*`");
    let url = Url::parse(text).map_err(|_reason| rule())?;
    let host = url.host().filter(is_found).ok_or_else(rule)?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let origin = format!("{}://{host}{port}", url.scheme());
    let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let ends = matches!(url.path(), "" | "/") && !text.ends_with('/');
    // The CORS layer takes what is a URI to it: a scheme may be too long.
    let fits = !WITHOUT_ORIGIN.contains(&url.scheme()) && origin.parse::<Uri>().is_ok();
    if bare && ends && fits { Ok(origin) } else { Err(rule()) }
}

/// URLs allow more characters in a host than names have, and more than the CORS layer accepts.
fn is_found(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    }
}

/// A network, or a single address as the network of itself.
///
/// # Errors
/// The rule that the text breaks.
pub fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_not_a_network| text.parse::<IpAddr>().map(IpNet::from))
        .into_iter()
        .find_map(unmapped)
        .ok_or_else(|| format!("`{text}` must be a network such as 10.0.0.0/8 or fd00::/8"))
}

/// A network of mapped addresses (RFC 4291 section 2.5.5.2) as the IPv4 network that it is: as such, addresses are compared. `None`
/// for one that is larger than all of IPv4.
fn unmapped(network: IpNet) -> Option<IpNet> {
    let IpNet::V6(v6) = network else { return Some(network) };
    let Some(address) = v6.addr().to_ipv4_mapped() else { return Some(network) };
    let length = v6.prefix_len().checked_sub(96)?;
    Ipv4Net::new(address, length).into_iter().map(IpNet::from).next()
}
