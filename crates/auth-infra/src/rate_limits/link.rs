//! A connection to the server, or to a cluster, and the script that counts there.

use std::{fs, io, path::Path, sync::LazyLock, time::Duration};

use auth_domain::rate_limits::{ports::Decision, rate_limit::RateLimit};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, RedisResult, ServerErrorKind, TlsCertificates,
    aio::MultiplexedConnection,
    cluster::{ClusterClient, ClusterClientBuilder},
    cluster_async::ClusterConnection,
};

use super::url::RateLimitUrl;

const SCRIPT: &str = include_str!("gcra.lua");

/// Requests that are on their way to the connection. It takes them one after the other, many at once.
const ON_THE_WAY: usize = 1024;

/// How the server is reached.
pub(super) enum Store {
    Server(Box<Client>),
    Cluster(Box<ClusterClient>),
}

/// An open connection.
pub(super) enum Link {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Store {
    /// # Errors
    /// There is no certificate to trust; why.
    pub(super) fn at(url: &RateLimitUrl, patience: Duration) -> Result<Self, String> {
        let (host, port) = (url.host.clone(), url.port);
        let address = if url.encrypted {
            ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let info = address.into_connection_info().map_err(|fault| fault.to_string())?.set_redis_settings(login(url));
        if url.encrypted {
            // The library takes the process's. Whoever came first has installed the same.
            drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        }
        let ca = url.ca.as_deref().map(certificates).transpose()?;
        let store = if url.cluster { cluster(info, ca, patience) } else { server(info, ca) };
        store.map_err(|fault| match &url.ca {
            Some(ca) => format!("ca: {}: {fault}", ca.display()),
            None => fault.to_string(),
        })
    }

    pub(super) async fn connect(&self) -> RedisResult<Link> {
        // Whoever asks says how long to wait.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(ON_THE_WAY);
        Ok(match self {
            Self::Server(client) => Link::Server(client.get_multiplexed_async_connection_with_config(&config).await?),
            Self::Cluster(client) => Link::Cluster(client.get_async_connection().await?),
        })
    }
}

fn login(url: &RateLimitUrl) -> RedisConnectionInfo {
    let info = RedisConnectionInfo::default().set_db(url.database).set_skip_set_lib_name();
    let Some(login) = &url.login else { return info };
    let info = info.set_password(&login.password);
    match &login.user {
        Some(user) => info.set_username(user),
        None => info,
    }
}

fn certificates(ca: &Path) -> Result<TlsCertificates, String> {
    let unusable = |why: &dyn std::fmt::Display| format!("ca: {}: {why}", ca.display());
    let pem = fs::read(ca).map_err(|fault| unusable(&fault))?;
    if !pem.windows(BEGIN.len()).any(|window| window == BEGIN) {
        return Err(unusable(&"there is no certificate in it"));
    }
    Ok(TlsCertificates { client_tls: None, root_cert: Some(pem) })
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

fn server(info: ConnectionInfo, ca: Option<TlsCertificates>) -> RedisResult<Store> {
    let client = match ca {
        Some(ca) => Client::build_with_tls(info, ca),
        None => Client::open(info),
    };
    client.map(|client| Store::Server(Box::new(client)))
}

/// Once a request has been sent elsewhere by the server it came to, it is there, or nowhere in time.
fn cluster(info: ConnectionInfo, ca: Option<TlsCertificates>, patience: Duration) -> RedisResult<Store> {
    let builder = ClusterClientBuilder::new([info]).retries(1).response_timeout(patience);
    let builder = match ca {
        Some(ca) => builder.certs(ca),
        None => builder,
    };
    builder.build().map(|client| Store::Cluster(Box::new(client)))
}

impl Link {
    /// Counts a request, in one round trip.
    pub(super) async fn count(&self, key: &str, limit: RateLimit) -> RedisResult<Decision> {
        let counted = self.query(&command("EVALSHA", &SCRIPT_DIGEST, key, limit)?).await;
        let (passes, figure): (bool, u64) = match counted {
            // The server was started anew, or somebody cleared its scripts. It keeps the script from now on.
            Err(fault) if fault.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.query(&command("EVAL", SCRIPT, key, limit)?).await?
            }
            counted => counted?,
        };
        Ok(if passes {
            Decision::Allowed { remaining: u32::try_from(figure).unwrap_or(limit.requests) }
        } else {
            Decision::Refused { retry_after: Duration::from_micros(figure) }
        })
    }

    /// Whether the server answers; of a cluster, every one.
    pub(super) async fn ping(&self) -> RedisResult<()> {
        self.query(&redis::cmd("PING")).await
    }

    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Server(connection) => command.query_async(&mut connection.clone()).await,
            Self::Cluster(connection) => command.query_async(&mut connection.clone()).await,
        }
    }
}

fn command(name: &str, script: &str, key: &str, limit: RateLimit) -> RedisResult<Cmd> {
    let window = u64::try_from(limit.window.as_micros()).map_err(|fault| io::Error::other(fault.to_string()))?;
    let mut command = redis::cmd(name);
    command.arg(script).arg(1).arg(key).arg(limit.requests).arg(window);
    Ok(command)
}

/// What the server calls the script.
static SCRIPT_DIGEST: LazyLock<String> = LazyLock::new(|| {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, SCRIPT.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
});

/// The fault as the operator can act on it.
pub(super) fn told(fault: &RedisError) -> String {
    let is_of_a_cluster = fault.kind() == ErrorKind::Server(ServerErrorKind::Moved);
    format!("{fault}{}", if is_of_a_cluster { "; it is one of a cluster: add ?cluster=true to its URL" } else { "" })
}
