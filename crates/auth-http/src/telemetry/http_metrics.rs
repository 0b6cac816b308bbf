//! HTTP metrics. Their labels have known values: what a client makes up is `other` or `unmatched`.

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix_web::http::{Method, StatusCode};
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// The label of requests that match no route.
const UNMATCHED: &str = "unmatched";

/// The methods that have a label of their own; the last is for all others.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

/// Buckets in seconds, from an answer out of memory to one that had to wait for everything.
const LATENCIES: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The engines that are built in.
const ENGINES: [(&str, bool); 3] =
    [("sqlite", cfg!(feature = "sqlite")), ("postgres", cfg!(feature = "postgres")), ("mysql", cfg!(feature = "mysql"))];

/// What all workers of a server count.
pub(crate) struct Measures {
    requests: IntCounterVec,
    durations: HistogramVec,
    /// Heads that were refused before they became requests, by status.
    pub refused_heads: IntCounterVec,
}

impl Measures {
    /// Registers them.
    ///
    /// # Errors
    /// The registry has them already.
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let measures = Self {
            requests: IntCounterVec::new(
                Opts::new("auth_http_requests_total", "Requests answered; 499 is for clients that left before."),
                &["route", "method", "status"],
            )?,
            durations: HistogramVec::new(
                HistogramOpts::new("auth_http_request_duration_seconds", "From the whole head to the answer.")
                    .buckets(LATENCIES.to_vec()),
                &["route", "method"],
            )?,
            refused_heads: IntCounterVec::new(
                Opts::new("auth_http_refused_heads_total", "Heads that were malformed, too large or too slow."),
                &["status"],
            )?,
        };
        registry.register(Box::new(measures.requests.clone()))?;
        registry.register(Box::new(measures.durations.clone()))?;
        registry.register(Box::new(measures.refused_heads.clone()))?;
        let engines: Vec<_> = ENGINES.iter().filter(|(_, built_in)| *built_in).map(|(name, _)| *name).collect();
        let build = Opts::new("auth_build_info", "What runs here; always 1.")
            .const_label("version", env!("CARGO_PKG_VERSION"))
            .const_label("engines", engines.join(","));
        let build = IntGauge::with_opts(build)?;
        build.set(1);
        registry.register(Box::new(build))?;
        Ok(measures)
    }
}

/// One worker's cache of the measures: each is looked up by its labels once, then found without a lock.
pub(crate) struct Meter {
    measures: Arc<Measures>,
    routes: RefCell<HashMap<String, Rc<RouteMeter>>>,
}

/// The measures of one route.
pub(crate) struct RouteMeter {
    measures: Arc<Measures>,
    pub route: String,
    by_method: [OnceCell<MethodMeter>; METHODS.len()],
}

struct MethodMeter {
    duration: Histogram,
    /// A route answers with a handful of statuses.
    by_status: RefCell<Vec<(u16, IntCounter)>>,
}

impl Meter {
    #[must_use]
    pub(crate) fn of(measures: Arc<Measures>) -> Self {
        Self { measures, routes: RefCell::default() }
    }

    /// The measures of a route, by its template; the templates are those of `routes.rs`, so there are few.
    pub(crate) fn route(&self, template: Option<&str>) -> Rc<RouteMeter> {
        let route = template.unwrap_or(UNMATCHED);
        let mut routes = self.routes.borrow_mut();
        if let Some(known) = routes.get(route) {
            return known.clone();
        }
        let meter = RouteMeter { measures: self.measures.clone(), route: route.to_owned(), by_method: Default::default() };
        routes.entry(route.to_owned()).or_insert_with(|| Rc::new(meter)).clone()
    }
}

impl RouteMeter {
    /// Counts an answer.
    pub(crate) fn count(&self, method: &Method, status: u16, took: Duration) {
        let name = method_label(method);
        let slot = METHODS.iter().position(|known| *known == name).and_then(|slot| self.by_method.get(slot));
        let Some(slot) = slot else { return };
        let meter = slot.get_or_init(|| MethodMeter {
            duration: self.measures.durations.with_label_values(&[self.route.as_str(), name]),
            by_status: RefCell::default(),
        });
        meter.duration.observe(took.as_secs_f64());
        let mut counters = meter.by_status.borrow_mut();
        match counters.iter().find(|(known, _)| *known == status) {
            Some((_, counter)) => counter.inc(),
            None => {
                let counter = self.measures.requests.with_label_values(&[self.route.as_str(), name, &status.to_string()]);
                counter.inc();
                counters.push((status, counter));
            }
        }
    }
}

/// The method, or `other` for one that a client made up.
#[must_use]
pub(crate) fn method_label(method: &Method) -> &'static str {
    METHODS.iter().find(|known| **known == method.as_str()).unwrap_or(&"other")
}

/// The client left before it was answered. Not a status of HTTP, but the one that proxies log.
#[must_use]
pub(crate) fn client_left() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::REQUEST_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;

    use super::*;

    #[test]
    fn what_a_client_makes_up_gets_no_label_of_its_own() {
        let registry = Registry::new();
        let meter = Meter::of(Arc::new(Measures::register(&registry).unwrap()));
        for method in ["BREW", "TRACE", "other", "get"] {
            meter.route(None).count(&method.parse().unwrap(), 404, Duration::ZERO);
        }
        meter.route(Some("/auth/sessions/{id}")).count(&Method::DELETE, 204, Duration::from_millis(3));
        let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        let requests: Vec<_> = text.lines().filter(|line| line.starts_with("auth_http_requests_total")).collect();
        assert_eq!(
            requests,
            [
                r#"auth_http_requests_total{method="DELETE",route="/auth/sessions/{id}",status="204"} 1"#,
                r#"auth_http_requests_total{method="other",route="unmatched",status="404"} 4"#,
            ]
        );
        assert!(
            text.contains(
                r#"auth_http_request_duration_seconds_bucket{method="DELETE",route="/auth/sessions/{id}",le="0.005"} 1"#
            )
        );
    }

    #[test]
    fn workers_count_together() {
        let registry = Registry::new();
        let measures = Arc::new(Measures::register(&registry).unwrap());
        for _worker in 0..2 {
            let meter = Meter::of(measures.clone());
            meter.route(Some("/health")).count(&Method::GET, 200, Duration::ZERO);
            meter.route(Some("/health")).count(&Method::GET, 200, Duration::ZERO);
        }
        assert_eq!(measures.requests.with_label_values(&["/health", "GET", "200"]).get(), 4);
    }
}
