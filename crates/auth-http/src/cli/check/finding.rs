//! What `check` found, line by line: fine, or worth attention.

use std::{env, fmt, io, io::IsTerminal};

use auth_domain::identity::host::is_loopback;

use crate::{cli::terminal, settings::HttpSettings};

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    topic: &'static str,
    text: String,
    is_fine: bool,
}

impl Finding {
    pub(crate) fn fine(topic: &'static str, text: impl Into<String>) -> Self {
        Self { topic, text: text.into(), is_fine: true }
    }

    /// Nothing that keeps the server from starting.
    pub(crate) fn mind(topic: &'static str, text: impl Into<String>) -> Self {
        Self { topic, text: text.into(), is_fine: false }
    }

    pub(crate) fn is_fine(&self) -> bool {
        self.is_fine
    }

    pub(crate) fn shown(&self, in_colour: bool) -> impl fmt::Display {
        let (mark, colour) = if self.is_fine { ("✓", "\u{1b}[32m") } else { ("!", "\u{1b}[33m") };
        let (on, off) = if in_colour { (colour, "\u{1b}[0m") } else { ("", "") };
        let (topic, text) = (self.topic, terminal::line(&self.text));
        format!("{on}{mark} {topic:<14}{off} {text}")
    }
}

/// On a terminal, unless its owner wants none (<https://no-color.org>).
pub(crate) fn is_wanted() -> bool {
    io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// How clients reach the server, and what is often forgotten then.
pub(crate) fn of_clients(http: &HttpSettings) -> Vec<Finding> {
    let is_public = !is_loopback(&http.host);
    let mut findings = vec![match (http.tls.is_some(), is_public) {
        (true, _) => Finding::fine("clients", "by TLS"),
        (false, false) => Finding::fine("clients", "by plain HTTP, from this machine alone"),
        (false, true) => {
            Finding::mind("clients", "by plain HTTP: passwords and tokens travel in the clear, unless a proxy in front has TLS")
        }
    }];
    if is_public && http.trusted_proxies.is_empty() {
        let text = "TRUSTED_PROXIES is unset: behind a proxy, all clients would be one and share one rate limit";
        findings.push(Finding::mind("proxies", text));
    }
    if is_public && http.session_rate_limit.is_none() {
        let text = "RATE_LIMIT_SESSION_REQUESTS is unset: using a token draws on the budget for passwords";
        findings.push(Finding::mind("rate limit", text));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::read;

    fn findings(variables: &[(&str, &str)]) -> Vec<Finding> {
        of_clients(&read(variables).unwrap().http)
    }

    #[test]
    fn only_what_is_open_to_others_is_worth_a_thought() {
        assert!(findings(&[]).iter().all(|finding| finding.is_fine));
        let open: Vec<_> = findings(&[("HOST", "0.0.0.0")]).iter().map(|finding| (finding.topic, finding.is_fine)).collect();
        assert_eq!(open, [("clients", false), ("proxies", false), ("rate limit", false)]);
        let set = [("HOST", "::"), ("TRUSTED_PROXIES", "10.0.0.1/32"), ("RATE_LIMIT_SESSION_REQUESTS", "120")];
        assert_eq!(findings(&set).len(), 1);
    }

    #[test]
    fn colour_is_for_terminals() {
        let (fine, mind) = (Finding::fine("database", "answers"), Finding::mind("proxies", "none"));
        assert_eq!(fine.shown(false).to_string(), "✓ database       answers");
        assert_eq!(fine.shown(true).to_string(), "\u{1b}[32m✓ database      \u{1b}[0m answers");
        assert!(mind.shown(true).to_string().starts_with("\u{1b}[33m! proxies"));
    }
}
