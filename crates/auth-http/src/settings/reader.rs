//! Reads single variables and gathers what is wrong with them.

use std::{
    fmt::Display,
    fs,
    io::{self, Read},
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    str::FromStr,
    sync::LazyLock,
};

use actix_web::http::Uri;
use ipnet::{IpNet, Ipv4Net};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::{Host, Url};

use super::{
    directives,
    source::{Source, is_signing_secret},
};
use crate::net::tls::TlsFault;

/// The shortest signing secret, in characters: 256 bits if each carried eight (RFC 7518 section 3.2).
const SECRET_MIN_CHARS: usize = 32;

/// The longest secret that is read from a file, in bytes.
const SECRET_MAX_BYTES: u64 = 64 * 1024;

/// The longest issuer or audience, in bytes.
const CLAIM_MAX_BYTES: usize = 1024;

/// A variable and the rule that its value breaks. Never the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {rule}")]
pub struct SettingFault {
    pub variable: String,
    pub rule: String,
}

impl From<TlsFault> for SettingFault {
    fn from(fault: TlsFault) -> Self {
        Self { variable: fault.variable.to_owned(), rule: fault.rule }
    }
}

pub(super) struct Reader<'a> {
    source: &'a Source,
    faults: Vec<SettingFault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self { source, faults: Vec::new() }
    }

    /// Those of the source first. A variable that could not be read may seem to be missing, which says nothing new.
    pub(super) fn into_faults(self) -> Vec<SettingFault> {
        let unread = self.source.faults();
        let is_new = |fault: &SettingFault| unread.iter().all(|before| before.variable != fault.variable);
        unread.iter().cloned().chain(self.faults.into_iter().filter(is_new)).collect()
    }

    fn fault<T>(&mut self, variable: &str, rule: impl Display) -> Option<T> {
        self.faults.push(SettingFault { variable: variable.to_owned(), rule: rule.to_string() });
        None
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.source.get(name).map(str::to_owned)
    }

    /// Two variables that must be set together.
    pub(super) fn both(&mut self, first: &str, second: &str) -> Option<(String, String)> {
        match (self.text(first), self.text(second)) {
            (Some(a), Some(b)) => Some((a, b)),
            (Some(_), None) => self.fault(second, format_args!("is missing, while {first} is set; give both or neither")),
            (None, Some(_)) => self.fault(first, format_args!("is missing, while {second} is set; give both or neither")),
            (None, None) => None,
        }
    }

    pub(super) fn host(&mut self, name: &str, default: &str) -> String {
        let given = self.text(name).unwrap_or_else(|| default.to_owned());
        if !is_host(&given) {
            self.fault::<()>(name, "must be an address such as 127.0.0.1 or ::1, or a host name, without a port");
        }
        given
    }

    /// Adds a fault unless a condition on several variables holds.
    pub(super) fn demand(&mut self, name: &str, holds: bool, otherwise: &str) {
        if !holds {
            self.fault::<()>(name, otherwise);
        }
    }

    /// An address to listen on, if there is one.
    pub(super) fn address(&mut self, name: &str) -> Option<SocketAddr> {
        match self.source.get(name)?.trim().parse() {
            Ok(address) => Some(address),
            Err(_neither) => self.fault(name, "must be an address and a port, such as 127.0.0.1:9100 or [::1]:9100"),
        }
    }

    /// A collector of spans, if there is one. Without TLS: it runs beside the program.
    pub(super) fn collector(&mut self, name: &str) -> Option<Url> {
        let given = self.source.get(name)?;
        match Url::parse(given) {
            Ok(url) if url.scheme() == "http" && url.host().is_some() && url.username().is_empty() && url.query().is_none() => {
                Some(url)
            }
            Ok(_) | Err(_) => self.fault(name, "must be the URL of a collector, such as http://127.0.0.1:4318"),
        }
    }

    /// A name that goes into every token: it must leave room for the rest.
    pub(super) fn claim(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        if text.len() > CLAIM_MAX_BYTES {
            return self.fault(name, format_args!("must have at most {CLAIM_MAX_BYTES} bytes: it goes into every token"));
        }
        Some(text)
    }

    pub(super) fn optional_number<N>(&mut self, name: &str, range: RangeInclusive<N>) -> Option<N>
    where
        N: FromStr + PartialOrd + Display,
    {
        match self.source.get(name)?.trim().parse() {
            Ok(number) if range.contains(&number) => Some(number),
            Ok(_) | Err(_) => self.fault(name, format_args!("must be a whole number from {} to {}", range.start(), range.end())),
        }
    }

    pub(super) fn number<N>(&mut self, name: &str, default: N, range: RangeInclusive<N>) -> N
    where
        N: FromStr + PartialOrd + Display,
    {
        self.optional_number(name, range).unwrap_or(default)
    }

    /// One of a few words; `None` when it is unset or (a fault) another word.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        self.chosen(name, choices, |word, given| word == given)
    }

    /// The same in upper and lower case, as log settings are often written.
    pub(super) fn choice_in_any_case<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        self.chosen(name, choices, |word, given| word.eq_ignore_ascii_case(given.trim()))
    }

    fn chosen<T: Copy>(&mut self, name: &str, choices: &[(&str, T)], is_meant: fn(&str, &str) -> bool) -> Option<T> {
        let given = self.source.get(name)?;
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        match choices.iter().find(|(word, _)| is_meant(word, given)) {
            Some((_, value)) => Some(*value),
            None => self.fault(name, format_args!("must be one of: {}", words.join(", "))),
        }
    }

    pub(super) fn list<T>(&mut self, name: &str, parse: fn(&str) -> Result<T, String>) -> Vec<T> {
        let given = self.source.get(name).unwrap_or_default();
        let (mut items, mut faults) = (Vec::new(), Vec::new());
        for item in given.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            match parse(item) {
                Ok(item) => items.push(item),
                Err(rule) => faults.push(rule),
            }
        }
        for rule in faults {
            self.fault::<()>(name, rule);
        }
        items
    }

    pub(super) fn directives(&mut self, name: &str, default: &str) -> String {
        let given = self.text(name).unwrap_or_else(|| default.to_owned());
        directives::read(&given).unwrap_or_else(|faults| {
            for fault in faults {
                self.fault::<()>(name, fault);
            }
            given
        })
    }

    /// A secret that parses; its faults say what is wrong without repeating it.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str, default: &str) -> Option<T> {
        let given = self.secret(name)?.unwrap_or_else(|| SecretString::from(default));
        match given.expose_secret().parse() {
            Ok(value) => Some(value),
            Err(rule) => self.fault(name, rule),
        }
    }

    /// Two signing secrets that differ.
    pub(super) fn secret_pair(&mut self, first: &str, second: &str) -> Option<(SecretString, SecretString)> {
        let (a, b) = (self.signing_secret(first), self.signing_secret(second));
        let (a, b) = (a?, b?);
        if bool::from(a.expose_secret().as_bytes().ct_eq(b.expose_secret().as_bytes())) {
            return self.fault(second, format_args!("must differ from {first}"));
        }
        Some((a, b))
    }

    fn signing_secret(&mut self, name: &str) -> Option<SecretString> {
        let Some(secret) = self.secret(name)? else {
            return self.fault(name, "is required; `auth-server init` writes a .env with fresh secrets");
        };
        let text = secret.expose_secret();
        if text.chars().count() < SECRET_MIN_CHARS {
            return self.fault(name, format_args!("must have at least {SECRET_MIN_CHARS} characters"));
        }
        if PLACEHOLDERS.iter().any(|placeholder| placeholder == text) {
            return self.fault(name, "is the placeholder of .env.example; generate one: openssl rand -base64 48");
        }
        Some(secret)
    }

    /// A secret given in place or as `NAME_FILE`: `Some(None)` is unset, `None` a fault.
    fn secret(&mut self, name: &str) -> Option<Option<SecretString>> {
        let file = format!("{name}_FILE");
        match (self.source.get(name), self.source.get(&file)) {
            (Some(_), Some(_)) => self.fault(name, format_args!("is set together with {file}; keep one of them")),
            (Some(text), None) => Some(Some(SecretString::from(text))),
            (None, None) => Some(None),
            (None, Some(path)) => match read_secret(path) {
                // Editors and `echo` end a file with a newline that nobody means.
                Ok(text) => Some(Some(SecretString::from(text.trim_end_matches(['\r', '\n'])))),
                Err(error) => self.fault(&file, format_args!("cannot be read: {error}")),
            },
        }
    }
}

/// Reads a file, up to the longest secret: some paths never end.
fn read_secret(path: &str) -> io::Result<String> {
    let mut text = String::new();
    let read = fs::File::open(path)?.take(SECRET_MAX_BYTES + 1).read_to_string(&mut text)?;
    let fits = u64::try_from(read).is_ok_and(|read| read <= SECRET_MAX_BYTES);
    if fits { Ok(text) } else { Err(io::Error::other(format!("it has more than {SECRET_MAX_BYTES} bytes"))) }
}

/// A host name or an address, as far as syntax tells.
pub(super) fn is_host(text: &str) -> bool {
    let name = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let numeric = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.parse::<IpAddr>().is_ok() || (name && !numeric)
}

/// The secrets that `.env.example` shows: everybody knows them.
static PLACEHOLDERS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let pairs = dotenvy::from_read_iter(crate::cli::init::EXAMPLE.as_bytes()).flatten();
    pairs.filter(|(name, _)| is_signing_secret(name)).map(|(_, value)| value).collect()
});

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
