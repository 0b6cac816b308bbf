//! How people's browsers reach this server: links, pages and callbacks are built on it, never on what a request says.

use std::fmt;

use auth_domain::identity::host::is_loopback;
use url::Url;

use super::http::origin;

/// `https://host[:port]`, or `http://` for a host of this machine; nothing behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    host: String,
}

impl PublicUrl {
    /// # Errors
    /// The rule that the text breaks.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let rule = || {
            let example = "https://auth.example.org[:port], or http:// for a loopback host such as http://localhost:8000";
            format!("must be {example}; no path, query, user or fragment")
        };
        let origin = origin(text).map_err(|_rule| rule())?;
        let url = Url::parse(&origin).map_err(|_reason| rule())?;
        match url.host_str() {
            Some(host) if is_secure(&url) => Ok(Self { host: host.to_owned(), origin }),
            Some(_) | None => Err(rule()),
        }
    }

    /// Without a slash at the end.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Without the port; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The URL of a path, which begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// Whether nobody between browser and server can read or change what they say: by TLS, or within this machine.
pub(super) fn is_secure(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => url.host_str().is_some_and(is_loopback),
        _ => false,
    }
}
