//! Without the feature `otlp`: the caller's trace id goes into the log lines, and spans go nowhere.

use tracing::{Span, Subscriber};
use tracing_subscriber::{Layer, layer::Identity};
use url::Url;

use crate::telemetry::trace_parent::TraceParent;

/// Where spans go: nowhere.
pub(crate) struct Traces {
    /// A collector is configured.
    wanted: bool,
}

impl Traces {
    pub(super) fn to(collector: Option<&Url>) -> Self {
        Self { wanted: collector.is_some() }
    }

    pub(super) fn layer<S: Subscriber>(&self) -> impl Layer<S> + use<S> {
        Identity::new()
    }

    pub(super) fn announce(&self) {
        if self.wanted {
            tracing::warn!("OTEL_EXPORTER_OTLP_ENDPOINT is set, but this build has no feature otlp: no spans are sent");
        }
    }
}

/// The span of a request, and the id of its trace, if its client named one.
pub(crate) fn begin(request_id: &str, parent: Option<TraceParent>) -> (Span, Option<String>) {
    let trace_id = parent.map(|parent| parent.trace_id);
    (tracing::error_span!("request", request_id, trace_id), trace_id)
}

/// A request has been answered: nothing to do.
pub(crate) fn end(_span: &Span, _method: &str, _route: &str, _status: u16) {}
