//! What the program writes about itself: one line an event, JSON or text.

use std::io::{self, IsTerminal};

use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{Targets, filter_fn},
    fmt::{self, writer::BoxMakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use super::json_lines::{JsonFields, JsonLines};
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
    let filter = filter(&all_directives(&settings.directives));
    let lines = fmt::layer().with_writer(writer);
    let lines = match settings.format {
        LogFormat::Json => lines.event_format(JsonLines).fmt_fields(JsonFields).boxed(),
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
fn all_directives(directives: &str) -> String {
    format!("error,audit=info,actix_server=warn,{directives}")
}

/// Directives that name spans need a filter that takes locks whenever any span begins, goes on or ends; others do not.
fn filter(directives: &str) -> Box<dyn Layer<Registry> + Send + Sync> {
    match directives.parse::<Targets>() {
        Ok(targets) if !directives.contains('[') => targets.boxed(),
        Ok(_) | Err(_) => EnvFilter::new(directives).boxed(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tracing::{Event, Subscriber};
    use tracing_subscriber::{filter::LevelFilter, layer::Context};

    use super::*;

    #[test]
    fn errors_are_written_unless_the_operator_says_off() {
        for (directives, written) in
            [("auth_http=debug", "error"), ("[request]=trace", "error"), ("off", "off"), ("warn", "warn")]
        {
            let filter = EnvFilter::new(all_directives(directives)).to_string();
            assert!(filter.split(',').any(|directive| directive == written), "{directives}: {filter}");
        }
        assert!(filter(&all_directives("auth_http=off")).max_level_hint() >= Some(LevelFilter::INFO), "the audit trail");
    }

    /// Remembers what is let through.
    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Seen {
        fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
            self.0.lock().push(format!("{} {}", event.metadata().target(), event.metadata().level()));
        }
    }

    fn let_through(filter: impl Layer<Registry> + Send + Sync) -> Vec<String> {
        let seen = Seen::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(filter).with(seen.clone()), || {
            macro_rules! all_levels {
                ($($target:literal),*) => {$(
                    tracing::error!(target: $target, "x");
                    tracing::warn!(target: $target, "x");
                    tracing::info!(target: $target, "x");
                    tracing::debug!(target: $target, "x");
                    tracing::trace!(target: $target, "x");
                )*};
            }
            all_levels!("audit", "request", "auth_http::net::tls", "auth_domain", "actix_server::worker", "x");
        });
        std::mem::take(&mut *seen.0.lock())
    }

    #[test]
    fn both_filters_let_the_same_through() {
        for directives in
            ["info", "warn", "off", "auth_http=debug", "info,request=off", "auth_http::net=trace,audit=error", "debug,auth_"]
        {
            let all = all_directives(directives);
            let seen = let_through(filter(&all));
            assert!(seen.len() < 30 && (directives == "off" || !seen.is_empty()), "{directives}: {seen:?}");
            assert_eq!(seen, let_through(EnvFilter::new(&all)), "{directives}");
        }
    }
}
