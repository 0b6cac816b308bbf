//! What the program writes about itself: one line an event on stdout, JSON or text.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::settings::LogSettings;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Text,
}

impl LogFormat {
    /// Text for people, JSON for machines.
    #[must_use]
    pub fn fitting_stdout() -> Self {
        if io::stdout().is_terminal() { Self::Text } else { Self::Json }
    }
}

/// Starts writing log lines. Only the first call of a process has an effect.
pub fn start(settings: &LogSettings) {
    // Directives were checked when they were read. Unless they speak of it themselves, the audit trail
    // stays on under `LOG_LEVEL=warn`, and what the server library says of its threads stays out.
    let filter = EnvFilter::new(format!("audit=info,actix_server=warn,{}", settings.directives));
    let lines = tracing_subscriber::fmt().with_env_filter(filter);
    let _already_started = match settings.format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
        LogFormat::Text => lines.with_ansi(io::stdout().is_terminal()).try_init(),
    };
}
