//! With the feature `otlp`: each request is a span of its caller's trace, sent to a collector from a thread of its own.

use std::env;

use opentelemetry::{
    Context, KeyValue, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, Status, TraceContextExt, TraceState, TracerProvider},
};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};
use url::Url;

use crate::telemetry::trace_parent::TraceParent;

/// The name of the service, unless `OTEL_SERVICE_NAME` says otherwise.
const SERVICE: &str = "auth-server";

/// Where spans go. When it is dropped, those that are left are sent.
pub(crate) struct Traces {
    provider: Option<SdkTracerProvider>,
    fault: Option<String>,
}

impl Traces {
    pub(super) fn to(collector: Option<&Url>) -> Self {
        match collector.map(provider).transpose() {
            Ok(provider) => Self { provider, fault: None },
            Err(fault) => Self { provider: None, fault: Some(fault.to_string()) },
        }
    }

    /// Only our own spans: events belong to the log, and spans of the exporter would cause more spans.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let tracer = self.provider.as_ref().map(|provider| provider.tracer(SERVICE));
        tracer.map(|tracer| {
            let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
            layer.with_filter(filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("auth_http")))
        })
    }

    pub(super) fn announce(&self) {
        if let Some(fault) = &self.fault {
            tracing::error!(fault, "no spans are sent");
        }
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.provider.as_ref().map(SdkTracerProvider::shutdown) {
            tracing::warn!(%error, "the last spans may not have been sent");
        }
    }
}

fn provider(collector: &Url) -> Result<SdkTracerProvider, opentelemetry_otlp::ExporterBuildError> {
    let endpoint = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_endpoint(endpoint).build()?;
    let resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let resource = if env::var_os("OTEL_SERVICE_NAME").is_some() { resource } else { resource.with_service_name(SERVICE) };
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build())
}

/// The span of a request, and the id of its trace: the client's, or a new one where spans are sent.
pub(crate) fn begin(request_id: &str, parent: Option<TraceParent>) -> (Span, Option<String>) {
    let trace_id = parent.as_ref().map(|parent| parent.trace_id.clone());
    // In the order of their names: `span.record` adds to the end.
    let span = tracing::error_span!("request", otel.kind = "server", request_id, trace_id);
    if let Some(parent) = parent.as_ref().and_then(remote) {
        // Fails only where no spans are sent, or once the span has begun.
        let _adopted = span.set_parent(Context::new().with_remote_span_context(parent));
    }
    let own = span.context().span().span_context().trace_id();
    if trace_id.is_some() || own == TraceId::INVALID {
        return (span, trace_id);
    }
    let own = own.to_string();
    span.record("trace_id", &own);
    (span, Some(own))
}

fn remote(parent: &TraceParent) -> Option<SpanContext> {
    let (Ok(trace), Ok(span)) = (TraceId::from_hex(&parent.trace_id), SpanId::from_hex(&parent.parent_id)) else { return None };
    let flags = if parent.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    Some(SpanContext::new(trace, span, flags, true, TraceState::default()))
}

/// A request has been answered: its span says of it what the log line does (OpenTelemetry's conventions for HTTP).
pub(crate) fn end(span: &Span, method: &str, route: &str, status: u16) {
    let context = span.context();
    let span = context.span();
    span.update_name(format!("{method} {route}"));
    span.set_attribute(KeyValue::new("http.request.method", method.to_owned()));
    span.set_attribute(KeyValue::new("http.route", route.to_owned()));
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
    if status >= 500 {
        span.set_status(Status::error(""));
    }
}
