//! Reads single variables and gathers what is wrong with them.

mod secrets;

use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    str::FromStr,
};

use garde::{Report, Validate};
use url::Url;

use super::{directives, source::Source};

/// The longest issuer or audience, in bytes.
const CLAIM_MAX_BYTES: usize = 1024;

/// A variable and the rule that its value breaks. Never the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {rule}")]
pub struct SettingFault {
    pub variable: String,
    pub rule: String,
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

    /// Adds a fault for each rule that variables break together. `garde` reports what a fault of the settings is: a name and a
    /// sentence. Each field is named after its variable, in lower case.
    pub(super) fn check(&mut self, rules: &impl Validate<Context = ()>) {
        for (field, rule) in rules.validate().err().iter().flat_map(Report::iter) {
            self.fault::<()>(&field.to_string().to_ascii_uppercase(), rule);
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

    /// A value that a function reads, if there is one.
    pub(super) fn checked<T>(&mut self, name: &str, parse: fn(&str) -> Result<T, String>) -> Option<T> {
        match parse(self.source.get(name)?) {
            Ok(value) => Some(value),
            Err(rule) => self.fault(name, rule),
        }
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
}

/// For [`Reader::check`]: that a text is there, or `otherwise` is told.
pub(super) fn given(otherwise: &'static str) -> impl FnOnce(&Option<String>, &()) -> garde::Result {
    move |text, context| holds(otherwise)(&text.is_some(), context)
}

/// For [`Reader::check`]: that something is so, or `otherwise` is told.
pub(super) fn holds(otherwise: &'static str) -> impl FnOnce(&bool, &()) -> garde::Result {
    move |is_so, _context| if *is_so { Ok(()) } else { Err(garde::Error::new(otherwise)) }
}

/// A host name or an address, as far as syntax tells.
pub(super) fn is_host(text: &str) -> bool {
    let name = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    let numeric = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.parse::<IpAddr>().is_ok() || (name && !numeric)
}
