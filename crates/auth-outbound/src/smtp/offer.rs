//! What a mail server offers, for an operator who looks before mails depend on it.

use std::fmt;

use lettre::transport::smtp::commands::Ehlo;
use rustls::ProtocolVersion;

use super::{
    dial::{Connection, Dial, within},
    fault::Kind,
};

/// What a mail server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Such as `TLS 1.3`; `None`: in clear.
    pub tls: Option<&'static str>,
    /// Whether it took our user and password.
    pub logged_in: bool,
    /// Mechanisms of login, in its words.
    pub login: Vec<String>,
    /// Whether it takes addresses beyond ASCII.
    pub smtp_utf8: bool,
    /// The largest mail that it takes, in bytes, if it says so.
    pub size: Option<u64>,
}

impl Offer {
    /// Greets once more: lettre does not keep all that the first answer had.
    pub(super) async fn ask(connection: &mut Connection, dial: &Dial) -> Result<Self, Kind> {
        let reply = within(dial.step, connection.smtp.command(Ehlo::new(dial.hello.clone()))).await?;
        let offers: Vec<Vec<String>> =
            reply.message().skip(1).map(|line| line.split_whitespace().map(str::to_ascii_uppercase).collect()).collect();
        let offered = |name: &str| offers.iter().find_map(|words| words.split_first().filter(|(first, _)| *first == name));
        Ok(Self {
            tls: connection.tls.map(named),
            logged_in: dial.login.is_some(),
            login: offered("AUTH").map(|(_, mechanisms)| mechanisms.to_vec()).unwrap_or_default(),
            smtp_utf8: offered("SMTPUTF8").is_some(),
            size: offered("SIZE").and_then(|(_, size)| size.first()?.parse().into_iter().find(|size| *size > 0)),
        })
    }
}

fn named(version: ProtocolVersion) -> &'static str {
    // rustls has no third.
    if version == ProtocolVersion::TLSv1_3 { "TLS 1.3" } else { "TLS 1.2" }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tls.unwrap_or("in clear"))?;
        f.write_str(if self.logged_in { ", logged in" } else { ", without login" })?;
        if !self.login.is_empty() {
            write!(f, ", AUTH {}", self.login.join(" "))?;
        }
        f.write_str(if self.smtp_utf8 { ", SMTPUTF8" } else { ", no SMTPUTF8" })?;
        self.size.map_or(Ok(()), |size| write!(f, ", SIZE {size}"))
    }
}
