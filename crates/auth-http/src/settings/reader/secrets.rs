//! Secrets: in place or in a file, and never repeated in a fault.

use std::{
    fmt::Display,
    fs,
    io::{self, Read},
    str::FromStr,
    sync::LazyLock,
};

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::Reader;
use crate::settings::{dotenv::EXAMPLE, source::is_signing_secret};

/// The shortest signing secret, in characters: 256 bits if each carried eight (RFC 7518 section 3.2).
const SECRET_MIN_CHARS: usize = 32;

/// The longest secret that is read from a file, in bytes.
const SECRET_MAX_BYTES: u64 = 64 * 1024;

impl Reader<'_> {
    /// A secret that parses; its faults say what is wrong without repeating it.
    pub(in crate::settings) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str, default: &str) -> Option<T> {
        let given = self.secret(name)?.unwrap_or_else(|| SecretString::from(default));
        self.secret_as(name, &given)
    }

    /// The same of one that may be unset, which is `Some(None)`; `None` is a fault.
    pub(in crate::settings) fn optional_parsed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<Option<T>> {
        match self.secret(name)? {
            Some(given) => self.secret_as(name, &given).map(Some),
            None => Some(None),
        }
    }

    fn secret_as<T: FromStr<Err: Display>>(&mut self, name: &str, given: &SecretString) -> Option<T> {
        match given.expose_secret().parse() {
            Ok(value) => Some(value),
            Err(rule) => self.fault(name, rule),
        }
    }

    /// Two signing secrets that differ.
    pub(in crate::settings) fn secret_pair(&mut self, first: &str, second: &str) -> Option<(SecretString, SecretString)> {
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

/// The secrets that `.env.example` shows: everybody knows them.
static PLACEHOLDERS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let pairs = dotenvy::from_read_iter(EXAMPLE.as_bytes()).flatten();
    pairs.filter(|(name, _)| is_signing_secret(name)).map(|(_, value)| value).collect()
});
