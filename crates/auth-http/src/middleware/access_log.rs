//! What is recorded of a request: a log line, a count, a span. Never its query, its body or its headers, except its request id
//! and trace id, which are validated.

use std::{net::IpAddr, rc::Rc, time::Instant};

use actix_web::{
    Error,
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode},
};
use auth_domain::identity::request_context::RequestContext;
use tracing::Span;

use super::streamed::End;
use crate::{
    telemetry::{
        http_metrics::{Meter, RouteMeter, client_left, method_label},
        log::traces,
        trace_parent::TraceParent,
    },
    web::matched::Matched,
};

/// A request under way. It is recorded at its end: when it is answered, or dropped because its client has gone.
pub(crate) struct AccessLogEntry {
    begun: Instant,
    method: Method,
    route: Option<Rc<RouteMeter>>,
    /// Told only at `debug`.
    quiet: bool,
    client: Option<IpAddr>,
    request_id: String,
    trace_id: Option<String>,
    span: Span,
    status: StatusCode,
}

impl AccessLogEntry {
    pub(crate) fn begin(request: &ServiceRequest, matched: Matched, context: &RequestContext) -> Self {
        let begun = Instant::now();
        let route = request.app_data::<Meter>().map(|meter| meter.route(matched.template));
        let (span, trace_id) = traces::begin(&context.request_id, TraceParent::of(request.headers()));
        Self {
            begun,
            method: request.method().clone(),
            route,
            // Probes come every few seconds, for ever, and say nothing new.
            quiet: matched.needs.probe,
            client: context.address,
            request_id: context.request_id.clone(),
            trace_id,
            span,
            status: client_left(),
        }
    }

    /// The span for other log lines of this request.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    pub(crate) fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Another line of its kind has told of it.
    pub(crate) fn is_one_of_many(&mut self) {
        self.quiet = true;
    }

    pub(crate) fn end(mut self, outcome: &Result<ServiceResponse, Error>) {
        self.status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
    }

    /// Of an answer that began with this status, and whose body came piece by piece.
    pub(crate) fn end_as(mut self, end: End, status: StatusCode) {
        self.status = match end {
            End::Whole => status,
            End::BrokenOff => StatusCode::INTERNAL_SERVER_ERROR,
            End::Left => client_left(),
        };
    }
}

impl Drop for AccessLogEntry {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        let (method, status) = (method_label(&self.method), self.status.as_u16());
        let route = self.route.as_ref().map_or("", |meter| &meter.route);
        if let Some(meter) = &self.route {
            meter.count(&self.method, status, took);
        }
        // To the microsecond.
        let duration_ms = (took.as_secs_f64() * 1e6).round() / 1e3;
        let (request_id, trace_id) = (self.request_id.as_str(), self.trace_id.as_deref());
        let client = self.client.map(tracing::field::display);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "request", parent: None,
                    method, route, status, duration_ms, client, request_id, trace_id, "answered"
                )
            };
        }
        if self.quiet {
            line!(debug)
        } else {
            line!(info)
        }
        traces::end(&self.span, method, route, status);
    }
}
