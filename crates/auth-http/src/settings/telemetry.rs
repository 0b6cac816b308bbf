//! What the program says of itself: its log, its metrics, its traces.

use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
};

use url::Url;

use super::reader::Reader;

#[derive(Debug)]
pub struct TelemetrySettings {
    pub format: LogFormat,
    pub directives: String,
    /// Where metrics are served; `None` is nowhere.
    pub metrics: Option<SocketAddr>,
    /// The collector that spans go to.
    pub traces: Option<Url>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Text,
}

impl TelemetrySettings {
    /// Reads the variables of log, metrics and traces.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let formats = [("json", LogFormat::Json), ("text", LogFormat::Text)];
        Self {
            format: reader.choice_in_any_case("LOG_FORMAT", &formats).unwrap_or_else(LogFormat::fitting_stdout),
            directives: reader.directives("LOG_LEVEL", "info"),
            metrics: reader.address("METRICS_ADDR"),
            traces: reader.collector("OTEL_EXPORTER_OTLP_ENDPOINT"),
        }
    }
}

impl LogFormat {
    /// Text for people, JSON for machines.
    #[must_use]
    pub fn fitting_stdout() -> Self {
        if io::stdout().is_terminal() { Self::Text } else { Self::Json }
    }
}
