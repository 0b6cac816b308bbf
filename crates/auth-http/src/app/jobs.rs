//! What a server does in the background, and how often.

mod mail;
mod metrics;
mod runner;

use std::{sync::Arc, time::Duration};

use actix_web::web::Data;
use auth_domain::{maintenance::prune::Pruned, rate_limits::ports::SharedRateLimiter};

pub(crate) use self::runner::Jobs;
use self::{
    metrics::JobMetrics,
    runner::{Job, Next},
};
use crate::app::use_cases::UseCases;

/// The pause between rounds of deletions; within a round, batches follow each other without a pause.
const PRUNE: Duration = Duration::from_secs(300);

/// The pause between two reads of the keys; shorter than [`auth_domain::signing_keys::ring::AT_ONCE`].
const READ_KEYS: Duration = Duration::from_secs(1);

/// The pause between two looks for the store of shared budgets: so long a server counts by itself after the store is back, at most.
const FIND_SHARED_BUDGETS: Duration = Duration::from_secs(1);

/// Starts them all.
///
/// # Errors
/// Their metrics are registered already.
pub(crate) fn start(app: &Data<UseCases>) -> prometheus::Result<Jobs> {
    let metrics = JobMetrics::register(&app.ports.measures, app.ports.clock.clone())?;
    let mut jobs = vec![prune(app.clone()), maintain_keys(app.clone())];
    if let Some(mail) = &app.mail {
        jobs.push(mail::send(app, mail)?);
    }
    if let Some(shared) = &app.ports.rate_limits.shared {
        jobs.push(find_shared_budgets(shared.clone()));
    }
    Ok(Jobs::start(jobs, &metrics))
}

fn prune(app: Data<UseCases>) -> Job {
    let run = move |_stop| {
        let app = app.clone();
        async move {
            Ok(match app.maintenance.prune.execute().await? {
                Pruned::MoreToCome => Next::AtOnce,
                Pruned::AllDone => Next::AfterInterval,
            })
        }
    };
    Job::new("prune", PRUNE, run, |fault| tracing::warn!(error = fault, "cannot forget what is long over; trying again later"))
}

/// While the keys cannot be read, those known stay in use.
fn maintain_keys(app: Data<UseCases>) -> Job {
    let run = move |_stop| {
        let app = app.clone();
        async move { app.signing_keys.maintain.execute().await.map(|()| Next::AfterInterval) }
    };
    Job::new("signing_keys", READ_KEYS, run, |fault| {
        tracing::error!(fault, "cannot attend to the signing keys; going on with those known");
    })
}

/// The limiter itself tells when the store is away, since a request may be the first to meet that.
fn find_shared_budgets(shared: Arc<dyn SharedRateLimiter>) -> Job {
    let run = move |_stop| {
        let shared = shared.clone();
        async move { shared.maintain().await.map(|()| Next::AfterInterval) }
    };
    Job::new("rate_limits", FIND_SHARED_BUDGETS, run, |fault| tracing::debug!(fault, "budgets are still not shared"))
}
