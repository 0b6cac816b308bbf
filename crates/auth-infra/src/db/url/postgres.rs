//! `postgres:`: libpq reads the URL itself, with defaults for what the URL leaves open.

use super::{DatabaseUrl, DatabaseUrlFault, Engine, server};
#[cfg(feature = "postgres")]
use super::{Target, parameter};

/// A server that vanishes is noticed within seconds, not after TCP's default of two hours.
#[cfg(feature = "postgres")]
const DEFAULTS: [(&str, &str); 6] = [
    ("connect_timeout", "3"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "3"),
    ("keepalives_count", "2"),
    ("tcp_user_timeout", "6000"),
    ("application_name", "auth-server"),
];

#[cfg(feature = "postgres")]
pub(super) fn parse(text: &str) -> Result<DatabaseUrl, DatabaseUrlFault> {
    let (mut url, shown) = server(Engine::Postgres, text, 5432)?;
    let demands_tls = matches!(parameter(&url, "sslmode").as_deref(), Some("require" | "verify-ca" | "verify-full"))
        || parameter(&url, "sslrootcert").as_deref() == Some("system");
    // The bundled libpq is built without OpenSSL. The system's has it.
    if demands_tls && cfg!(any(feature = "postgres-bundled", not(feature = "tls"))) {
        return Err(DatabaseUrlFault::TlsNotBuiltIn);
    }
    for (name, value) in DEFAULTS {
        if parameter(&url, name).is_none() {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    // libpq reads `+` literally, where a form would have a space.
    let query = url.query().map(|query| query.replace('+', "%20"));
    url.set_query(query.as_deref());
    Ok(DatabaseUrl { engine: Engine::Postgres, shown, target: Target::Postgres(url.to_string()) })
}

#[cfg(not(feature = "postgres"))]
pub(super) fn parse(text: &str) -> Result<DatabaseUrl, DatabaseUrlFault> {
    server(Engine::Postgres, text, 5432)?;
    Err(DatabaseUrlFault::NotBuiltIn { engine: Engine::Postgres, feature: "postgres" })
}
