//! What the program writes about itself: one line an event, JSON or text.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, fmt::writer::BoxMakeWriter};

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

/// Where the lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    /// Where stdout is for the answer of a command.
    Stderr,
}

/// Starts writing log lines. Only the first call of a process has an effect.
pub fn start(settings: &LogSettings, stream: Stream) {
    let (writer, terminal) = match stream {
        Stream::Stdout => (BoxMakeWriter::new(io::stdout), io::stdout().is_terminal()),
        Stream::Stderr => (BoxMakeWriter::new(io::stderr), io::stderr().is_terminal()),
    };
    // Directives were checked when they were read. Unless they speak of it themselves, the audit trail
    // stays on under `LOG_LEVEL=warn`, and what the server library says of its threads stays out.
    let filter = EnvFilter::new(format!("audit=info,actix_server=warn,{}", settings.directives));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let _already_started = match settings.format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
        LogFormat::Text => lines.with_ansi(terminal).try_init(),
    };
}
