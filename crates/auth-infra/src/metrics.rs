//! Prometheus buckets and gauges that the adapters share.

use prometheus::{
    Histogram, HistogramOpts, IntGauge, Registry,
    core::{Collector, Desc},
    proto::MetricFamily,
};

/// Buckets for waits, in seconds: from no wait to longer than any wait allowed.
pub const WAITS: &[f64] = &[0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];

/// A histogram, not registered yet.
///
/// # Errors
/// The name is invalid, or the buckets are not in order.
pub fn histogram(name: &str, help: &str, buckets: &[f64]) -> prometheus::Result<Histogram> {
    Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))
}

/// A count as the value of a gauge.
#[must_use]
pub fn level(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Gauges whose values are read, all at one moment, on each scrape.
///
/// # Errors
/// The registry has one of the names already, or a name is invalid.
pub fn sampled<const N: usize>(
    registry: &Registry,
    gauges: [(&str, &str); N],
    read: impl Fn() -> [i64; N] + Send + Sync + 'static,
) -> prometheus::Result<()> {
    let gauges = gauges.into_iter().map(|(name, help)| IntGauge::new(name, help)).collect::<Result<Vec<_>, _>>()?;
    registry.register(Box::new(Sampled { gauges, read }))
}

struct Sampled<R> {
    gauges: Vec<IntGauge>,
    read: R,
}

impl<const N: usize, R: Fn() -> [i64; N] + Send + Sync> Collector for Sampled<R> {
    fn desc(&self) -> Vec<&Desc> {
        self.gauges.iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for (gauge, value) in self.gauges.iter().zip((self.read)()) {
            gauge.set(value);
        }
        self.gauges.iter().flat_map(Collector::collect).collect()
    }
}
