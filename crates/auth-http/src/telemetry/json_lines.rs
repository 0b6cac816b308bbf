//! Log lines as JSON, one object each: `timestamp`, `level`, what the event says, `target`, and the span that it happened in.
//!
//! As `tracing_subscriber`'s own format with `flatten_event`, to the byte (the test compares them). That one hands each piece of a line
//! through three adapters, and parses what it wrote of a span anew for each event: a line took it longer than the row of `GET /auth/me`
//! takes SQLite.

use std::{
    fmt::{self, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::Record,
};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer},
    registry::LookupSpan,
};

/// Room for a line, so that few grow.
const LINE: usize = 512;

/// Writes events.
pub(super) struct JsonLines;

/// Writes what a span says, as an object.
pub(super) struct JsonFields;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Members::new();
        line.text("timestamp", &now());
        line.text("level", event.metadata().level().as_str());
        event.record(&mut line);
        line.text("target", event.metadata().target());
        if let Some(span) = context.lookup_current() {
            let extensions = span.extensions();
            let said = extensions.get::<FormattedFields<N>>().map_or("{}", |fields| &fields.fields);
            let mut inner = Members::going_on(said);
            inner.text("name", span.name());
            line.name("span");
            line.0.push_str(&inner.end());
        }
        let mut line = line.end();
        line.push('\n');
        writer.write_str(&line)
    }
}

impl<'writer> FormatFields<'writer> for JsonFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut members = Members::new();
        fields.record(&mut members);
        writer.write_str(&members.end())
    }

    /// Of members that the span has not had yet.
    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let mut members = Members::going_on(&current.fields);
        fields.record(&mut members);
        current.fields = members.end();
        Ok(())
    }
}

/// An object, up to the brace that closes it.
struct Members(String);

impl Members {
    fn new() -> Self {
        let mut object = String::with_capacity(LINE);
        object.push('{');
        Self(object)
    }

    /// An object that was closed.
    fn going_on(object: &str) -> Self {
        let mut members = Self::new();
        members.0.push_str(object.strip_prefix('{').and_then(|object| object.strip_suffix('}')).unwrap_or_default());
        members
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('"');
        push_escaped(&mut self.0, name);
        self.0.push_str("\":");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push('"');
        push_escaped(&mut self.0, value);
        self.0.push('"');
    }

    fn value(&mut self, name: &str, value: &impl Serialize) {
        self.name(name);
        self.0.push_str(&serde_json::to_string(value).unwrap_or_default());
    }
}

impl Visit for Members {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.value(field.name(), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.value(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.value(field.name(), &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.value(field.name(), &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field.name());
        self.0.push('"');
        let _never_fails = write!(Escaped(&mut self.0), "{value:?}");
        self.0.push('"');
    }
}

/// Escapes what is written into a string.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push_escaped(self.0, text);
        Ok(())
    }
}

fn push_escaped(line: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        let quoted = serde_json::to_string(text).unwrap_or_default();
        line.push_str(quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default());
    } else {
        line.push_str(text);
    }
}

/// To the microsecond.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let time = DateTime::from_timestamp(i64::try_from(since.as_secs()).unwrap_or_default(), since.subsec_nanos());
    time.unwrap_or_default().to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use parking_lot::Mutex;
    use tracing_subscriber::{fmt, layer::SubscriberExt};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Everything but the time.
    fn timeless(written: &Written) -> Vec<String> {
        let text = String::from_utf8(written.0.lock().clone()).unwrap();
        let (begin, time) = (r#"{"timestamp":""#, "2026-12-01T05:36:25.548478Z");
        let lines = text.lines().map(|line| {
            let (taken, rest) = line.strip_prefix(begin).unwrap().split_at(time.len());
            let shape = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "0");
            assert_eq!(shape(taken), shape(time));
            rest.to_owned()
        });
        lines.collect()
    }

    #[test]
    fn lines_are_those_of_the_library_to_the_byte() {
        let (ours, theirs) = (Written::default(), Written::default());
        let (to_ours, to_theirs) = (ours.clone(), theirs.clone());
        let own = fmt::layer().event_format(JsonLines).fmt_fields(JsonFields).with_writer(move || to_ours.clone());
        let library = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
        let library = library.with_writer(move || to_theirs.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(own).with(library), || {
            let client = Some(std::net::IpAddr::from(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)));
            tracing::info!(
                target: "request", parent: None,
                method = "GET", status = 200_u16, duration_ms = 0.02, client = client.map(tracing::field::display),
                trace_id = Option::<&str>::None, "answered"
            );
            tracing::warn!(nan = f64::NAN, whole = 3.0, small = 1e-9, large = 5347.367, below = -1, on = true, "numbers");
            tracing::error!(text = "\u{0}\t\n\"\\\u{7f}\u{85}é\u{2028}😀", debug = ?"\"x\"\n", empty = "", "{}", "a \"message\"");
            tracing::info!(debug = ?Some(["a", "b"]), error = %io::Error::other("\\"));
            let span = tracing::info_span!("request", request_id = "a\"b", trace_id = tracing::field::Empty);
            span.in_scope(|| tracing::info!(x = 1_u64, "within"));
            span.record("trace_id", "0af7");
            span.in_scope(|| {
                tracing::info!("later");
                tracing::info_span!("inner").in_scope(|| tracing::info!("in a span that says nothing"));
                tracing::info!(parent: None, "outside");
            });
        });
        let (ours, theirs) = (timeless(&ours), timeless(&theirs));
        assert_eq!(ours.len(), 8);
        assert_eq!(ours, theirs);
    }
}
