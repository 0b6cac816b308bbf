//! Where mails go, as one URL says it: a mail server, or a folder.

use std::{fmt, path::PathBuf, str::FromStr};

use auth_domain::identity::host::{in_url, is_loopback, looked_up};
use percent_encoding::percent_decode_str;
use url::Url;

/// Where mails go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailUrl {
    Server(MailServer),
    /// A file for each mail in this folder.
    Folder(PathBuf),
}

/// A mail server and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// A name, or an address without brackets.
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// PEM file of the certificates to trust, instead of the system's.
    pub ca: Option<PathBuf>,
    pub login: Option<Login>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// In clear until STARTTLS, which is demanded (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314 section 3.3).
    Tls,
    /// In clear, on this machine.
    Off,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(redacted)")
    }
}

/// The rule that a URL breaks. It never repeats any of it, since there may be a password in what it was taken for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailUrlFault {
    #[error(
        "must be smtp://[user:password@]host[:587], smtps://[user:password@]host[:465] or file:FOLDER; in user and password, \
         percent-encode what is no letter or digit"
    )]
    Malformed,
    #[error("must name a host: a name in ASCII, or an address")]
    Host,
    #[error("must have both a user and a password, or neither, and no control character in them")]
    Login,
    #[error("takes no parameters but ca=PATH and tls=off, each once; percent-encode ? and # in the password")]
    Parameter,
    #[error("may have tls=off only with smtp:// and a loopback host, and without ca")]
    InClear,
    #[error("must name a folder after file:, without parameters")]
    Folder,
}

impl FromStr for MailUrl {
    type Err = MailUrlFault;

    fn from_str(text: &str) -> Result<Self, MailUrlFault> {
        match text.strip_prefix("file:") {
            Some(folder) => folder_of(folder).map(Self::Folder),
            None => MailServer::read(text).map(Self::Server),
        }
    }
}

impl MailUrl {
    /// Whether mails stay on this machine, as files.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        match self {
            Self::Folder(_) => true,
            Self::Server(_) => false,
        }
    }
}

/// For logs and reports: without login and without parameters.
impl fmt::Display for MailUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(server) => server.fmt(f),
            Self::Folder(folder) => write!(f, "file:{}", folder.display()),
        }
    }
}

impl fmt::Display for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.security {
            Security::StartTls | Security::Off => "smtp",
            Security::Tls => "smtps",
        };
        write!(f, "{scheme}://{}:{}", in_url(&self.host), self.port)
    }
}

fn folder_of(text: &str) -> Result<PathBuf, MailUrlFault> {
    // `file:///var/mail` has an empty host; `file://mail` would be the root of the host `mail`.
    let path = match text.strip_prefix("//") {
        Some(absolute) if absolute.starts_with('/') => absolute,
        Some(_host) => return Err(MailUrlFault::Folder),
        None => text,
    };
    if path.is_empty() || path.contains(['?', '#', '\0']) { Err(MailUrlFault::Folder) } else { Ok(path.into()) }
}

impl MailServer {
    fn read(text: &str) -> Result<Self, MailUrlFault> {
        let url = Url::parse(text).map_err(|_reason| MailUrlFault::Malformed)?;
        let (mut security, default) = match url.scheme() {
            "smtp" => (Security::StartTls, 587),
            "smtps" => (Security::Tls, 465),
            _ => return Err(MailUrlFault::Malformed),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() || url.port() == Some(0) {
            return Err(MailUrlFault::Malformed);
        }
        let host = url.host_str().and_then(looked_up).ok_or(MailUrlFault::Host)?;
        let login = login_of(&url)?;
        let (mut ca, mut in_clear) = (None, false);
        for parameter in url.query().unwrap_or_default().split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("ca", path)) if ca.is_none() && !path.is_empty() => ca = Some(decoded(path)?.into()),
                Some(("tls", "off")) if !in_clear => in_clear = true,
                Some(_) | None => return Err(MailUrlFault::Parameter),
            }
        }
        if in_clear {
            if security != Security::StartTls || ca.is_some() || !is_loopback(&host) {
                return Err(MailUrlFault::InClear);
            }
            security = Security::Off;
        }
        Ok(Self { host, port: url.port().unwrap_or(default), security, ca, login })
    }
}

fn login_of(url: &Url) -> Result<Option<Login>, MailUrlFault> {
    match (url.username(), url.password().unwrap_or_default()) {
        ("", "") => Ok(None),
        ("", _) | (_, "") => Err(MailUrlFault::Login),
        (user, password) => {
            let login = Login { user: decoded(user)?, password: decoded(password)? };
            // AUTH PLAIN separates its parts by NUL (RFC 4616), and no server takes other controls.
            let is_sound = !login.user.chars().chain(login.password.chars()).any(char::is_control);
            if is_sound { Ok(Some(login)) } else { Err(MailUrlFault::Login) }
        }
    }
}

fn decoded(text: &str) -> Result<String, MailUrlFault> {
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_not_utf8| MailUrlFault::Malformed)
}

#[cfg(test)]
mod tests;
