//! `RATE_LIMIT_URL`: where the budgets are, and how the server is reached. Its password is never shown.

use std::{fmt, path::PathBuf, str::FromStr};

use auth_domain::identity::host::{in_url, is_loopback, looked_up};
use percent_encoding::percent_decode_str;
use url::Url;

use super::RateLimitUrlFault;

const PORT: u16 = 6379;

/// A server of Redis or Valkey, or one of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimitUrl {
    /// A name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encrypted: bool,
    /// PEM file of the certificates to trust, instead of the system's.
    pub(super) ca: Option<PathBuf>,
    pub(super) login: Option<Login>,
    pub(super) database: i64,
    pub(super) cluster: bool,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    /// `None`: the server's default user.
    pub(super) user: Option<String>,
    pub(super) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(redacted)")
    }
}

/// For logs and reports: without login and without parameters.
impl fmt::Display for RateLimitUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "rediss" } else { "redis" };
        write!(f, "{scheme}://{}:{}", in_url(&self.host), self.port)
    }
}

impl RateLimitUrl {
    /// Whether the password and all counts can be read, and changed, on the way to the server.
    #[must_use]
    pub fn travels_in_clear(&self) -> bool {
        !self.encrypted && !is_loopback(&self.host)
    }
}

impl FromStr for RateLimitUrl {
    type Err = RateLimitUrlFault;

    fn from_str(text: &str) -> Result<Self, RateLimitUrlFault> {
        let url = Url::parse(text.trim()).map_err(|_reason| RateLimitUrlFault::Malformed)?;
        let encrypted = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _other => return Err(RateLimitUrlFault::Malformed),
        };
        if url.cannot_be_a_base() || url.fragment().is_some() || url.port() == Some(0) {
            return Err(RateLimitUrlFault::Malformed);
        }
        let host = url.host_str().and_then(looked_up).ok_or(RateLimitUrlFault::Host)?;
        let (mut ca, mut cluster) = (None, false);
        for parameter in url.query().unwrap_or_default().split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("ca", path)) if ca.is_none() && encrypted && !path.is_empty() => ca = Some(decoded(path)?.into()),
                Some(("cluster", "true")) if !cluster => cluster = true,
                Some(_) | None => return Err(RateLimitUrlFault::Parameter),
            }
        }
        let database = database_of(url.path())?;
        if cluster && database != 0 {
            return Err(RateLimitUrlFault::Database);
        }
        Ok(Self { host, port: url.port().unwrap_or(PORT), encrypted, ca, login: login_of(&url)?, database, cluster })
    }
}

fn database_of(path: &str) -> Result<i64, RateLimitUrlFault> {
    match path.strip_prefix('/').unwrap_or(path) {
        "" => Ok(0),
        number => number.parse::<u16>().map(i64::from).map_err(|_reason| RateLimitUrlFault::Database),
    }
}

fn login_of(url: &Url) -> Result<Option<Login>, RateLimitUrlFault> {
    let (user, password) = (decoded(url.username())?, decoded(url.password().unwrap_or_default())?);
    if user.chars().chain(password.chars()).any(char::is_control) {
        return Err(RateLimitUrlFault::Login);
    }
    match (user.is_empty(), password.is_empty()) {
        (true, true) => Ok(None),
        (false, true) => Err(RateLimitUrlFault::Login),
        (is_default, false) => Ok(Some(Login { user: (!is_default).then_some(user), password })),
    }
}

fn decoded(text: &str) -> Result<String, RateLimitUrlFault> {
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_not_utf8| RateLimitUrlFault::Malformed)
}

#[cfg(test)]
mod tests;
