//! `mysql:`: how Diesel reads the URL, and what it cannot pass to MariaDB's client library.
//!
//! Diesel sets `ssl_mode` by an option that only MySQL's own client library has; MariaDB's takes its number for another option
//! and connects unverified, even unencrypted. But MariaDB's library reads a host that contains a `;` as a list of options, among
//! them the connection timeout and TLS.

#[cfg(not(feature = "mysql"))]
use super::server;
use super::{DatabaseUrl, DatabaseUrlFault, Engine};
#[cfg(feature = "mysql")]
use super::{Target, server};

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
    let (mut url, shown) = server(Engine::Mysql, text, 3306)?;
    let wishes = Wishes::of(&url)?;
    let encrypted = matches!(wishes.tls, Some(Tls::Required | Tls::Verified));
    let by_socket = wishes.pairs.iter().any(|(name, _)| *name == "unix_socket");
    let is_name = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    match url.host_str().filter(|host| !by_socket && is_name(host)).map(|host| spell(host, wishes.tls)) {
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
    server(Engine::Mysql, text, 3306)?;
    Err(DatabaseUrlFault::NotBuiltIn { engine: Engine::Mysql, feature: "mysql" })
}

#[cfg(feature = "mysql")]
impl Wishes {
    /// Accepts the names of MySQL and of libpq. An unknown name is a fault: it might have asked for security.
    fn of(url: &url::Url) -> Result<Self, DatabaseUrlFault> {
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
                "unix_socket" => "unix_socket",
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
            "prefer" | "preferred" => Ok(Self::Preferred),
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
