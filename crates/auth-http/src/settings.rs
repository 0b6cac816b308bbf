//! Environment -> Settings: every variable with its default and its rule, every fault at once, no secret shown.

mod directives;
mod dotenv;
mod reader;
mod source;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use auth_domain::{
    passwords::policy::PasswordPolicy,
    sessions::token::Lifetimes,
    signing_keys::{key::KeyAlgorithm, ring::KeyPolicy},
};
use auth_infra::{db::DatabaseUrl, jwt::key_encryption::EncryptionKeys};
use chrono::TimeDelta;
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use crate::{
    net::tls::{CERT_FILE, KEY_FILE, Tls, TlsFiles},
    telemetry::log::LogFormat,
};
pub use dotenv::DOTENV;
use reader::Reader;
pub use reader::{SettingFault, network, origin};
pub(crate) use source::is_signing_secret;
pub use source::{Source, SourceError, VARIABLES, Variable};

/// The largest `SESSION_MAX_PER_USER`: no account has more live sessions.
pub(crate) const SESSIONS_MAX: u16 = 1000;

/// What the operator decided.
#[derive(Debug)]
pub struct Settings {
    pub tokens: TokenSettings,
    pub database: DatabaseSettings,
    pub passwords: PasswordSettings,
    pub http: HttpSettings,
    pub log: LogSettings,
    /// Where metrics are served; `None` is nowhere.
    pub metrics: Option<SocketAddr>,
    /// How many live sessions an account may have.
    pub sessions_per_user: usize,
    /// How long the audit trail is kept; `None` is for ever.
    pub audit_kept: Option<TimeDelta>,
}

#[derive(Debug)]
pub struct TokenSettings {
    pub access_secret: SecretString,
    pub refresh_secret: SecretString,
    pub lifetimes: Lifetimes,
    pub reuse_window: TimeDelta,
    pub issuer: Option<String>,
    pub audience: Option<String>,
    pub keys: KeySettings,
}

#[derive(Debug)]
pub struct KeySettings {
    /// None where the access secret signs.
    pub policy: Option<KeyPolicy>,
    /// What the private halves of keys are sealed with.
    pub encryption: Arc<EncryptionKeys>,
    /// For how many seconds verifiers may cache the keys.
    pub max_age: u32,
}

#[derive(Debug)]
pub struct DatabaseSettings {
    pub url: DatabaseUrl,
    pub pool_size: u32,
}

#[derive(Debug)]
pub struct PasswordSettings {
    pub policy: PasswordPolicy,
    pub cost: u32,
    pub workers: usize,
    pub max_wait: Duration,
    /// Failed password attempts before strangers have to wait.
    pub login_failures: u32,
}

#[derive(Debug, Clone)]
pub struct HttpSettings {
    pub host: String,
    pub port: u16,
    pub max_body: usize,
    pub rate_limit: RateLimit,
    /// A budget of their own for requests that carry a token.
    pub session_rate_limit: Option<RateLimit>,
    /// For resource servers that ask about tokens.
    pub introspection_rate_limit: RateLimit,
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

/// A burst of so many requests, refilled evenly over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub requests: u32,
    pub window: Duration,
}

#[derive(Debug)]
pub struct LogSettings {
    pub format: LogFormat,
    pub directives: String,
    /// The collector that spans go to.
    pub traces: Option<Url>,
}

impl Settings {
    /// Reads every variable.
    ///
    /// # Errors
    /// All faults together, each with its variable and the rule that it breaks.
    pub fn read(source: &Source) -> Result<Self, Vec<SettingFault>> {
        let mut reader = Reader::new(source);
        let tokens = tokens(&mut reader);
        let database = database(&mut reader);
        let passwords = passwords(&mut reader);
        let http = http(&mut reader);
        let log = log(&mut reader);
        let metrics = reader.address("METRICS_ADDR");
        let sessions_per_user = reader.number("SESSION_MAX_PER_USER", 50, 1..=SESSIONS_MAX).into();
        let days = reader.number("AUDIT_RETENTION_DAYS", 90, 0..=36_500);
        let audit_kept = (days > 0).then(|| TimeDelta::days(days));
        match (tokens, database, reader.into_faults()) {
            (Some(tokens), Some(database), faults) if faults.is_empty() => {
                Ok(Self { tokens, database, passwords, http, log, metrics, sessions_per_user, audit_kept })
            }
            (_, _, faults) => Err(faults),
        }
    }

    /// Reads every variable, and the certificate with its key. Only a server needs those files: `healthcheck` must work whatever
    /// is in them.
    ///
    /// # Errors
    /// All faults together.
    pub fn read_to_serve(source: &Source) -> Result<(Self, Option<Tls>), Vec<SettingFault>> {
        let files = tls(&mut Reader::new(source));
        match (Self::read(source), files.as_ref().map(Tls::load).transpose()) {
            (Ok(settings), Ok(tls)) => Ok((settings, tls)),
            (settings, tls) => {
                let tls = tls.err().into_iter().flatten().map(SettingFault::from);
                Err(settings.err().into_iter().flatten().chain(tls).collect())
            }
        }
    }
}

fn tokens(reader: &mut Reader<'_>) -> Option<TokenSettings> {
    let secrets = reader.secret_pair("JWT_SECRET_KEY", "JWT_REFRESH_SECRET_KEY");
    let lifetimes = Lifetimes {
        access: TimeDelta::minutes(reader.number("ACCESS_TOKEN_EXPIRE_MINUTES", 15, 1..=60)),
        refresh: TimeDelta::days(reader.number("REFRESH_TOKEN_EXPIRE_DAYS", 7, 1..=30)),
        session: TimeDelta::days(reader.number("SESSION_MAX_DAYS", 90, 1..=365)),
    };
    let reuse_window = TimeDelta::seconds(reader.number("REFRESH_REUSE_SECONDS", 10, 0..=60));
    let (issuer, audience) = (reader.claim("JWT_ISSUER"), reader.claim("JWT_AUDIENCE"));
    let keys = keys(reader, issuer.as_deref());
    let ((access_secret, refresh_secret), keys) = (secrets?, keys?);
    Some(TokenSettings { access_secret, refresh_secret, lifetimes, reuse_window, issuer, audience, keys })
}

fn keys(reader: &mut Reader<'_>, issuer: Option<&str>) -> Option<KeySettings> {
    let algorithm = reader.choice("JWT_ALGORITHM", &ALGORITHMS).flatten();
    let max_age = reader.number("JWKS_MAX_AGE", 300, 0..=3600);
    let signs_for = TimeDelta::days(reader.number("KEY_ROTATION_DAYS", 90, 1..=3650));
    let encryption: Option<EncryptionKeys> = reader.parsed("KEY_ENCRYPTION_KEY", "");
    if algorithm.is_some() {
        reader.demand("KEY_ENCRYPTION_KEY", !encryption.as_ref().is_some_and(EncryptionKeys::is_empty), NO_ENCRYPTION);
        reader.demand("JWT_ISSUER", issuer.is_some_and(is_issuer), NO_ISSUER);
    }
    let cached_for = TimeDelta::seconds(max_age.into());
    let policy = algorithm.map(|algorithm| KeyPolicy { algorithm, cached_for, signs_for });
    Some(KeySettings { policy, encryption: Arc::new(encryption?), max_age })
}

const ALGORITHMS: [(&str, Option<KeyAlgorithm>); 4] = [
    ("HS256", None),
    ("ES256", Some(KeyAlgorithm::Es256)),
    ("EdDSA", Some(KeyAlgorithm::EdDsa)),
    ("RS256", Some(KeyAlgorithm::Rs256)),
];

const NO_ENCRYPTION: &str = "is required where JWT_ALGORITHM is not HS256; generate one: k1:$(openssl rand -base64 32)";

const NO_ISSUER: &str = "is required where JWT_ALGORITHM is not HS256: the URL of this server, such as https://auth.example.org, without query and fragment";

/// Whether clients can find the metadata by this issuer (RFC 8414 section 2).
#[must_use]
pub fn is_issuer(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https") && url.has_host() && bare
    })
}

fn database(reader: &mut Reader<'_>) -> Option<DatabaseSettings> {
    let pool_size = reader.number("DATABASE_POOL_SIZE", 10, 1..=200);
    let url = reader.parsed("DATABASE_URL", "sqlite:///./auth.db")?;
    Some(DatabaseSettings { url, pool_size })
}

fn passwords(reader: &mut Reader<'_>) -> PasswordSettings {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    PasswordSettings {
        policy: PasswordPolicy {
            min_chars: reader.number("PASSWORD_MIN_LENGTH", 12, 8..=64),
            classes: reader.choice("PASSWORD_POLICY", &[("classes", true), ("length", false)]).unwrap_or(true),
        },
        cost: reader.number("BCRYPT_COST", 12, 10..=15),
        workers: reader.number("HASH_WORKERS", cores, 1..=256),
        max_wait: Duration::from_secs(reader.number("HASH_MAX_WAIT_SECONDS", 5, 1..=60)),
        login_failures: reader.number("LOGIN_FAILURES", 10, 1..=100),
    }
}

fn http(reader: &mut Reader<'_>) -> HttpSettings {
    let window = Duration::from_secs(reader.number("RATE_LIMIT_WINDOW", 60, 1..=3600));
    let limit = |requests| RateLimit { requests, window };
    HttpSettings {
        tls: tls(reader),
        api_docs: reader.choice("API_DOCS", &[("true", true), ("false", false)]).unwrap_or(true),
        max_connections: reader.number("MAX_CONNECTIONS", 15_000, 1..=1_000_000),
        // Longer than most proxies and clients keep theirs.
        keep_alive: Duration::from_secs(reader.number("KEEP_ALIVE_SECONDS", 75, 1..=3600)),
        host: reader.host("HOST", "127.0.0.1"),
        port: reader.number("PORT", 8000, 0..=u16::MAX),
        max_body: reader.number("MAX_REQUEST_BODY_SIZE", 10_240, 1..=1_048_576),
        rate_limit: limit(reader.number("RATE_LIMIT_REQUESTS", 10, 1..=100_000)),
        session_rate_limit: reader.optional_number("RATE_LIMIT_SESSION_REQUESTS", 1..=100_000).map(limit),
        introspection_rate_limit: limit(reader.number("RATE_LIMIT_INTROSPECT_REQUESTS", 6000, 1..=1_000_000)),
        allowed_origins: reader.list("ALLOWED_ORIGINS", reader::origin),
        trusted_proxies: reader.list("TRUSTED_PROXIES", reader::network),
        request_timeout: Duration::from_secs(reader.number("REQUEST_TIMEOUT_SECONDS", 10, 1..=120)),
        shutdown_timeout: Duration::from_secs(reader.number("SHUTDOWN_TIMEOUT_SECONDS", 8, 1..=120)),
    }
}

fn tls(reader: &mut Reader<'_>) -> Option<TlsFiles> {
    let (certificate, key) = reader.both(CERT_FILE, KEY_FILE)?;
    Some(TlsFiles { certificate: certificate.into(), key: key.into() })
}

fn log(reader: &mut Reader<'_>) -> LogSettings {
    let formats = [("json", LogFormat::Json), ("text", LogFormat::Text)];
    let format = reader.choice_in_any_case("LOG_FORMAT", &formats).unwrap_or_else(LogFormat::fitting_stdout);
    LogSettings {
        format,
        directives: reader.directives("LOG_LEVEL", "info"),
        traces: reader.collector("OTEL_EXPORTER_OTLP_ENDPOINT"),
    }
}

#[cfg(test)]
pub(crate) mod tests;
