//! What the program writes about itself: one line an event, JSON or text.

use std::io::{self, IsTerminal};

use tracing_subscriber::{
    EnvFilter, Layer,
    filter::filter_fn,
    fmt::{self, writer::BoxMakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::settings::{LogFormat, TelemetrySettings};
#[cfg(not(feature = "otlp"))]
pub(crate) use crate::telemetry::log_only as traces;
#[cfg(feature = "otlp")]
pub(crate) use crate::telemetry::otlp as traces;
use traces::Traces;

/// Where the lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    /// Where stdout is for the answer of a command.
    Stderr,
}

/// Starts writing log lines, and in a server sending spans. Only the first call of a process has an effect.
#[must_use = "when it is dropped, what has not been sent is"]
pub(crate) fn start(settings: &TelemetrySettings, stream: Stream) -> Traces {
    let (writer, terminal) = match stream {
        Stream::Stdout => (BoxMakeWriter::new(io::stdout), io::stdout().is_terminal()),
        Stream::Stderr => (BoxMakeWriter::new(io::stderr), io::stderr().is_terminal()),
    };
    let filter = filter(&settings.directives);
    let lines = fmt::layer().with_writer(writer);
    let lines = match settings.format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
        LogFormat::Text => lines.with_ansi(terminal).boxed(),
    };
    let traces = Traces::to(settings.traces.as_ref().filter(|_| stream == Stream::Stdout));
    // Its lines quote what clients send, and it calls a malformed head an error. `wire` says what there is to say.
    let ours = filter_fn(|metadata| !metadata.target().starts_with("actix_http"));
    let _already_started = tracing_subscriber::registry().with(filter).with(ours).with(lines).with(traces.layer()).try_init();
    traces.announce();
    traces
}

/// Directives were checked when they were read. Unless they speak of it themselves, errors are written whoever has them, the audit
/// trail stays on under `LOG_LEVEL=warn`, and what the server library says of its threads stays out.
fn filter(directives: &str) -> EnvFilter {
    EnvFilter::new(format!("error,audit=info,actix_server=warn,{directives}"))
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::LevelFilter;

    use super::*;

    #[test]
    fn errors_are_written_unless_the_operator_says_off() {
        for (directives, written) in
            [("auth_http=debug", "error"), ("[request]=trace", "error"), ("off", "off"), ("warn", "warn")]
        {
            let filter = filter(directives).to_string();
            assert!(filter.split(',').any(|directive| directive == written), "{directives}: {filter}");
        }
        assert!(filter("auth_http=off").max_level_hint() >= Some(LevelFilter::INFO), "the audit trail");
    }
}
