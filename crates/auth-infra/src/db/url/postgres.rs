//! `postgres:`: libpq reads the text itself. It is read here in the same way, to tell what it names, and to refuse what libpq's
//! errors would repeat: it may be part of a password.
//!
//! The grammar is that of `conninfo_uri_parse_options`
//! (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>).

use percent_encoding::percent_decode_str;

use super::{DatabaseUrl, DatabaseUrlFault, Engine, RESERVED, demand_percent_encoding};
#[cfg(feature = "postgres")]
use super::{PoolMode, Target};

/// A server that vanishes is noticed within seconds, not after TCP's default of two hours.
#[cfg(feature = "postgres")]
const DEFAULTS: [(&str, &str); 5] = [
    ("keepalives_idle", "10"),
    ("keepalives_interval", "3"),
    ("keepalives_count", "2"),
    ("tcp_user_timeout", "6000"),
    ("application_name", "auth-server"),
];
#[cfg(feature = "postgres")]
const OF_ONE_HOST: [(&str, &str); 1] = [("connect_timeout", "3")];
/// Each host has its own time, and libpq grants two seconds at least. A host that takes no writes is passed over.
#[cfg(feature = "postgres")]
const OF_SEVERAL_HOSTS: [(&str, &str); 2] = [("connect_timeout", "2"), ("target_session_attrs", "read-write")];

/// Not libpq's, but of other programs that know PgBouncer: whether there is one that lends a session for a transaction at a time.
const PGBOUNCER: &str = "pgbouncer";

/// What libpq calls its parameters, up to PostgreSQL 18. It refuses others, and repeats them.
const PARAMETERS: &str = "\
    application_name channel_binding client_encoding connect_timeout dbname fallback_application_name gssdelegation \
    gssencmode gsslib host hostaddr keepalives keepalives_count keepalives_idle keepalives_interval krbsrvname \
    load_balance_hosts max_protocol_version min_protocol_version oauth_client_id oauth_client_secret oauth_issuer \
    oauth_scope options passfile password port replication require_auth requirepeer requiressl scram_client_key \
    scram_server_key service servicefile ssl_max_protocol_version ssl_min_protocol_version sslcert sslcertmode \
    sslcompression sslcrl sslcrldir sslkey sslkeylogfile sslmode sslnegotiation sslpassword sslrootcert sslsni \
    target_session_attrs tcp_user_timeout tty user";

/// What a URL names, decoded.
struct Named {
    /// Pairs of a host, which may be empty, and a port.
    places: Vec<(String, String)>,
    database: String,
    parameters: Vec<(String, String)>,
    #[cfg(feature = "postgres")]
    query_length: usize,
}

#[cfg(feature = "postgres")]
pub(super) fn parse(text: &str) -> Result<DatabaseUrl, DatabaseUrlFault> {
    let named = Named::by(text)?;
    // The bundled libpq is built without OpenSSL. The system's has it.
    if named.demands_tls() && cfg!(any(feature = "postgres-bundled", not(feature = "tls"))) {
        return Err(DatabaseUrlFault::TlsNotBuiltIn);
    }
    let (shown, hosts, pool_mode) = (named.shown(), named.places.len(), named.pool_mode());
    let target = Target::Postgres { url: named.with_defaults(text), pool_mode, hosts };
    Ok(DatabaseUrl { engine: Engine::Postgres, shown, target })
}

#[cfg(not(feature = "postgres"))]
pub(super) fn parse(text: &str) -> Result<DatabaseUrl, DatabaseUrlFault> {
    Named::by(text)?;
    Err(DatabaseUrlFault::NotBuiltIn { engine: Engine::Postgres, feature: "postgres" })
}

impl Named {
    fn by(text: &str) -> Result<Self, DatabaseUrlFault> {
        demand_percent_encoding(text)?;
        let (_scheme, rest) = text.split_once("://").unwrap_or_default();
        // User and password end at the first `@`, if that comes before the first `/`.
        let rest = match rest.split_once('@') {
            Some((credentials, behind)) if !credentials.contains('/') => behind,
            Some(_) | None => rest,
        };
        // What follows may be the rest of an unencoded password.
        if rest.contains('@') {
            return Err(DatabaseUrlFault::Malformed(RESERVED.to_owned()));
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (places, database) = place.split_once('/').unwrap_or((place, ""));
        let places = places.split(',').map(place_of).collect::<Result<_, _>>()?;
        let parameters = pairs(query).map(parameter).collect::<Result<_, _>>()?;
        let mut named = Self {
            places,
            database: decoded(database),
            parameters,
            #[cfg(feature = "postgres")]
            query_length: query.len(),
        };
        named.heed_parameters()?;
        named.judge()
    }

    /// A parameter replaces what precedes the `?`, and of several the last one counts.
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn heed_parameters(&mut self) -> Result<(), DatabaseUrlFault> {
        let split = |value: &str| value.split(',').map(str::to_owned).collect::<Vec<_>>();
        let hosts = self.parameter("host").or_else(|| self.parameter("hostaddr")).map(split);
        let hosts = hosts.unwrap_or_else(|| self.places.iter().map(|(host, _)| host.clone()).collect());
        let ports = self.parameter("port").map(split);
        let ports = ports.unwrap_or_else(|| self.places.iter().map(|(_, port)| port.clone()).collect());
        if ports.len() != 1 && ports.len() != hosts.len() {
            return Err(DatabaseUrlFault::Malformed("there must be one port, or one for each host".to_owned()));
        }
        self.places = hosts.into_iter().zip(ports.into_iter().cycle()).collect();
        if let Some(database) = self.parameter("dbname") {
            self.database = database.to_owned();
        }
        Ok(())
    }

    fn judge(self) -> Result<Self, DatabaseUrlFault> {
        if self.database.is_empty() {
            return Err(DatabaseUrlFault::Lacks("database"));
        }
        for (host, port) in &self.places {
            if !port.is_empty() && !port.parse::<u16>().is_ok_and(|port| port > 0) {
                return Err(DatabaseUrlFault::Malformed("a port is a number from 1 to 65535".to_owned()));
            }
            // As above: a parameter may contain such a rest, too.
            if host.contains('@') {
                return Err(DatabaseUrlFault::Malformed(RESERVED.to_owned()));
            }
        }
        Ok(self)
    }

    #[cfg(feature = "postgres")]
    fn shown(&self) -> String {
        let place = |(host, port): &(String, String)| {
            let host = if host.is_empty() { "the default host" } else { host };
            format!("{host}:{}", if port.is_empty() { "5432" } else { port })
        };
        let places = self.places.iter().map(place).collect::<Vec<_>>().join(",");
        let by = match self.pool_mode() {
            PoolMode::Session => "",
            PoolMode::Transaction => ", through PgBouncer",
        };
        format!("{} at {places}, database {}{by}", Engine::Postgres, self.database)
    }

    #[cfg(feature = "postgres")]
    fn pool_mode(&self) -> PoolMode {
        if self.parameter(PGBOUNCER) == Some("true") { PoolMode::Transaction } else { PoolMode::Session }
    }

    #[cfg(feature = "postgres")]
    fn demands_tls(&self) -> bool {
        matches!(self.parameter("sslmode"), Some("require" | "verify-ca" | "verify-full"))
            || self.parameter("sslrootcert") == Some("system")
    }

    /// The text as it is, so that libpq reads what the operator wrote, but for what is not libpq's.
    #[cfg(feature = "postgres")]
    fn with_defaults(&self, text: &str) -> String {
        let (before, query) = text.split_at(text.len() - self.query_length);
        let kept = pairs(query).filter(|pair| parameter(pair).is_ok_and(|(name, _)| name != PGBOUNCER)).map(str::to_owned);
        let by_hosts: &[_] = if self.places.len() > 1 { &OF_SEVERAL_HOSTS } else { &OF_ONE_HOST };
        let missing = by_hosts.iter().chain(&DEFAULTS).filter(|(name, _)| self.parameter(name).is_none());
        let words: Vec<_> = kept.chain(missing.map(|(name, value)| format!("{name}={value}"))).collect();
        format!("{}?{}", before.strip_suffix('?').unwrap_or(before), words.join("&"))
    }
}

/// The pairs of a query, which may end with a `&`.
fn pairs(query: &str) -> impl Iterator<Item = &str> {
    query.strip_suffix('&').unwrap_or(query).split('&').filter(|_| !query.is_empty())
}

/// A host, without the brackets' content being looked at, and its port.
fn place_of(text: &str) -> Result<(String, String), DatabaseUrlFault> {
    let malformed = || DatabaseUrlFault::Malformed("an IPv6 address is written as in [::1]:5432".to_owned());
    let (host, port) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (address, behind) = bracketed.split_once(']').filter(|(address, _)| !address.is_empty()).ok_or_else(malformed)?;
            let port = behind.strip_prefix(':').or(Some("").filter(|_| behind.is_empty())).ok_or_else(malformed)?;
            (format!("[{address}]"), port)
        }
        None => {
            let (host, port) = text.split_once(':').unwrap_or((text, ""));
            (decoded(host), port)
        }
    };
    Ok((host, decoded(port)))
}

fn parameter(text: &str) -> Result<(String, String), DatabaseUrlFault> {
    let pair = text.split_once('=').filter(|(_, value)| !value.contains('='));
    let (name, value) = pair.map(|(name, value)| (decoded(name), decoded(value))).unwrap_or_default();
    // How JDBC says it, which libpq understands.
    if (name.as_str(), value.as_str()) == ("ssl", "true") {
        return Ok(("sslmode".to_owned(), "require".to_owned()));
    }
    if name == PGBOUNCER && !matches!(value.as_str(), "true" | "false") {
        return Err(DatabaseUrlFault::Malformed("pgbouncer must be true or false".to_owned()));
    }
    if name == PGBOUNCER || PARAMETERS.split(' ').any(|known| known == name) {
        return Ok((name, value));
    }
    let hint = "what follows the `?` must be parameters of libpq, as in `sslmode=require&connect_timeout=3`, or `pgbouncer=true`, \
                with reserved characters percent-encoded";
    Err(DatabaseUrlFault::Malformed(hint.to_owned()))
}

/// Without a `+` becoming a space, as in forms.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
