//! What is counted of each job.

use std::sync::Arc;

use auth_domain::identity::clock::Clock;
use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry};

/// Not `job`: that is the label by which Prometheus names what it scrapes.
const LABEL: &str = "name";

#[derive(Clone)]
pub(super) struct JobMetrics {
    last_success: IntGaugeVec,
    failures: IntCounterVec,
    clock: Arc<dyn Clock>,
}

impl JobMetrics {
    /// # Errors
    /// The registry has them already.
    pub(super) fn register(registry: &Registry, clock: Arc<dyn Clock>) -> prometheus::Result<Self> {
        let last_success =
            Opts::new("auth_job_last_success_timestamp_seconds", "When a background job last succeeded; 0 is never.");
        let failures = Opts::new("auth_job_failures_total", "Runs of a background job that failed.");
        let metrics = Self {
            last_success: IntGaugeVec::new(last_success, &[LABEL])?,
            failures: IntCounterVec::new(failures, &[LABEL])?,
            clock,
        };
        registry.register(Box::new(metrics.last_success.clone()))?;
        registry.register(Box::new(metrics.failures.clone()))?;
        Ok(metrics)
    }

    /// A job that has not run yet is there to be seen: `rate()` then sees its first failure as an increase.
    pub(super) fn show(&self, job: &str) {
        self.last_success.with_label_values(&[job]).set(0);
        self.failures.with_label_values(&[job]).inc_by(0);
    }

    pub(super) fn succeeded(&self, job: &str) {
        self.last_success.with_label_values(&[job]).set(self.clock.now().timestamp());
    }

    pub(super) fn failed(&self, job: &str) {
        self.failures.with_label_values(&[job]).inc();
    }
}
