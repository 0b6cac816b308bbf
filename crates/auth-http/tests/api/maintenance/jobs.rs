//! Work in the background, as its metrics and the log tell of it.

use crate::{
    service::{Engine, Service, eventually},
    telemetry::metrics::{ON, scrape, value},
};

fn last_success(text: &str, job: &str) -> f64 {
    value(text, &format!("auth_job_last_success_timestamp_seconds{{name=\"{job}\"}}"))
}

fn failures(text: &str, job: &str) -> f64 {
    value(text, &format!("auth_job_failures_total{{name=\"{job}\"}}"))
}

#[tokio::test]
async fn what_a_job_cannot_do_is_counted_each_time_and_told_once() {
    let service = Service::with(Engine::Sqlite, &[ON]).await;
    let metrics = async || scrape(&service).await;
    let well = eventually(metrics, |text| ["prune", "signing_keys"].iter().all(|job| last_success(text, job) > 0.0)).await;
    assert!(failures(&well, "signing_keys") < 1.0, "{well}");
    service.database.execute("ALTER TABLE signing_keys RENAME TO elsewhere");
    let ill = eventually(metrics, |text| failures(text, "signing_keys") >= 3.0).await;
    service.logged("cannot attend to the signing keys", 1).await;
    assert_eq!(service.log_text().matches("cannot attend to the signing keys").count(), 1);
    assert!(failures(&ill, "prune") < 1.0, "{ill}");
    service.database.execute("ALTER TABLE elsewhere RENAME TO signing_keys");
    eventually(metrics, |text| last_success(text, "signing_keys") > last_success(&ill, "signing_keys")).await;
}
