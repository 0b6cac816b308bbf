//! `mysql:`: how Diesel reads the URL, and what it cannot pass to MariaDB's client library.
//!
//! Diesel sets `ssl_mode` by an option that only MySQL's own client library has; MariaDB's takes its number for another option
//! and connects unverified, even unencrypted. But MariaDB's library reads a host that contains a `;` as a list of options, among
//! them the connection timeout and TLS.

use percent_encoding::percent_decode_str;
use url::Url;

#[cfg(feature = "mysql")]
use super::Target;
use super::{DatabaseUrl, DatabaseUrlFault, Engine, RESERVED, demand_percent_encoding};

/// How much TLS is demanded.
#[cfg(feature = "mysql")]
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    Disabled,
    Preferred,
    Required,
    /// MariaDB's library cannot check the certificate without the host name, so both modes are this one.
    Verified,
}

/// What the query of the URL asks for.
#[cfg(feature = "mysql")]
#[derive(Default)]
struct Wishes {
    tls: Option<Tls>,
    /// With Diesel's names.
    pairs: Vec<(&'static str, String)>,
}

#[cfg(feature = "mysql")]
pub(super) fn parse(text: &str) -> Result<DatabaseUrl, DatabaseUrlFault> {
    let mut url = server(text)?;
    let wishes = Wishes::of(&url)?;
    let encrypted = matches!(wishes.tls, Some(Tls::Required | Tls::Verified));
    let socket = wishes.pairs.iter().find(|(name, _)| *name == "unix_socket").map(|(_, path)| path.clone());
    let shown = shown(&url, socket.as_deref())?;
    let is_name = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    match url.host_str().filter(|host| socket.is_none() && is_name(host)).map(|host| spell(host, wishes.tls)) {
        Some(host) => url.set_host(Some(&host)).map_err(|error| DatabaseUrlFault::Malformed(error.to_string()))?,
        None if encrypted => {
            return Err(DatabaseUrlFault::Malformed("TLS to MySQL needs the server's name or IPv4 address".to_owned()));
        }
        None => {}
    }
    url.set_query(None);
    if !wishes.pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(wishes.pairs);
    }
    Ok(DatabaseUrl { engine: Engine::Mysql, shown, target: Target::Mysql { url: url.to_string(), encrypted } })
}

#[cfg(not(feature = "mysql"))]
pub(super) fn parse(text: &str) -> Result<DatabaseUrl, DatabaseUrlFault> {
    server(text)?;
    Err(DatabaseUrlFault::NotBuiltIn { engine: Engine::Mysql, feature: "mysql" })
}

/// The parsed URL, its database's name decoded: Diesel takes that as it is.
fn server(text: &str) -> Result<Url, DatabaseUrlFault> {
    demand_percent_encoding(text)?;
    let malformed = |error: url::ParseError| DatabaseUrlFault::Malformed(error.to_string());
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // What follows the host may be the rest of an unencoded password. Checks the text itself: parsing would resolve `/../` and
    // drop what precedes it.
    let at_behind = rest.strip_prefix(authority).is_some_and(|behind| behind.contains('@'));
    // A user without a host is that of a socket.
    let host = if authority.ends_with('@') { "localhost" } else { "" };
    let (before, behind) = rest.split_at(authority.len());
    let mut url = Url::parse(&format!("{scheme}://{before}{host}{behind}")).map_err(malformed)?;
    let database = percent_decode_str(url.path().trim_start_matches('/')).decode_utf8_lossy().into_owned();
    if database.is_empty() {
        return Err(DatabaseUrlFault::Lacks("database"));
    }
    if at_behind || database.contains([':', '/']) || url.fragment().is_some() {
        return Err(DatabaseUrlFault::Malformed(RESERVED.to_owned()));
    }
    url.set_path(&database);
    if url.path().trim_start_matches('/') != database {
        return Err(DatabaseUrlFault::Malformed("the database's name has a character that cannot be handed to MySQL".to_owned()));
    }
    // As for libpq, a `+` is no space.
    let query = url.query().map(|query| query.replace('+', "%2B"));
    url.set_query(query.as_deref());
    Ok(url)
}

/// How it is shown, by its socket if there is one.
#[cfg(feature = "mysql")]
fn shown(url: &Url, socket: Option<&str>) -> Result<String, DatabaseUrlFault> {
    let host = url.host_str().filter(|host| !host.is_empty());
    let place = match (socket, host) {
        (Some(socket), _) => socket.to_owned(),
        (None, Some(host)) => format!("{host}:{}", url.port().unwrap_or(3306)),
        (None, None) => return Err(DatabaseUrlFault::Lacks("host")),
    };
    Ok(format!("{} at {place}, database {}", Engine::Mysql, url.path().trim_start_matches('/')))
}

#[cfg(feature = "mysql")]
impl Wishes {
    /// Accepts the names of MySQL and of libpq. An unknown name is a fault: it might have asked for security.
    fn of(url: &Url) -> Result<Self, DatabaseUrlFault> {
        let mut wishes = Self::default();
        for (name, value) in url.query_pairs() {
            let name = match &*name {
                "ssl_mode" | "sslmode" => {
                    wishes.tls = Some(Tls::of(&value)?);
                    continue;
                }
                "ssl_ca" | "sslrootcert" => "ssl_ca",
                "ssl_cert" | "sslcert" => "ssl_cert",
                "ssl_key" | "sslkey" => "ssl_key",
                "unix_socket" | "socket" => "unix_socket",
                // Always the case.
                "charset" if value == "utf8mb4" => continue,
                _unknown => {
                    let known = "sslmode, sslrootcert, sslcert, sslkey and unix_socket";
                    return Err(DatabaseUrlFault::Malformed(format!("the parameters for MySQL are {known}")));
                }
            };
            // The system's certificates are the library's default.
            if (name, &*value) != ("ssl_ca", "system") {
                wishes.pairs.push((name, value.into_owned()));
            }
        }
        if mysqlclient_sys::SUPPORTS_MYSQL_SSL_MODE
            && let Some(tls) = wishes.tls
        {
            wishes.pairs.push(("ssl_mode", tls.word().to_owned()));
        }
        Ok(wishes)
    }
}

#[cfg(feature = "mysql")]
impl Tls {
    fn of(word: &str) -> Result<Self, DatabaseUrlFault> {
        match word.to_ascii_lowercase().replace('-', "_").as_str() {
            "disable" | "disabled" => Ok(Self::Disabled),
            "allow" | "prefer" | "preferred" => Ok(Self::Preferred),
            "require" | "required" => Ok(Self::Required),
            "verify_ca" | "verify_full" | "verify_identity" => Ok(Self::Verified),
            _unknown => Err(DatabaseUrlFault::UnknownSslMode),
        }
    }

    /// The mode's name in MySQL's own library.
    fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Preferred => "preferred",
            Self::Required => "required",
            Self::Verified => "verify_identity",
        }
    }
}

/// The host with the options that MariaDB's library reads from it.
#[cfg(feature = "mysql")]
fn spell(host: &str, tls: Option<Tls>) -> String {
    if mysqlclient_sys::SUPPORTS_MYSQL_SSL_MODE {
        return host.to_owned();
    }
    let tls_options = match tls {
        None => "",
        Some(Tls::Disabled) => ";ssl-enforce=0;ssl-verify-server-cert=0",
        Some(Tls::Preferred | Tls::Required) => ";ssl-enforce=1",
        Some(Tls::Verified) => ";ssl-enforce=1;ssl-verify-server-cert=1",
    };
    // `localhost` means the server's socket, unless TCP is demanded (protocol 1), as for TLS.
    let protocol = if tls.is_some() { ";protocol=1" } else { "" };
    format!("host={host};connect-timeout=3{protocol}{tls_options}")
}
