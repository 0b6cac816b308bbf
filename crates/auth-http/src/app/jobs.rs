//! Background tasks of a server.

use std::time::Duration;

use actix_web::{rt::time::sleep, web::Data};
use auth_domain::maintenance::prune::Pruned;

use crate::app::use_cases::UseCases;

/// The pause between rounds; within a round, batches follow each other without a pause.
const INTERVAL: Duration = Duration::from_secs(300);

/// Deletes what is long over: at the start, then every few minutes. Never returns.
pub(crate) async fn prune(app: Data<UseCases>) {
    loop {
        match app.maintenance.prune.execute().await {
            Ok(Pruned::MoreToCome) => continue,
            Ok(Pruned::AllDone) => {}
            Err(error) => tracing::warn!(%error, "cannot forget what is long over; trying again later"),
        }
        sleep(INTERVAL).await;
    }
}

/// The pause between two reads of the keys; shorter than [`auth_domain::signing_keys::ring::AT_ONCE`].
const LOOK: Duration = Duration::from_secs(1);

/// Looks after the signing keys. Never returns. While they cannot be read, those known stay in use.
pub(crate) async fn maintain_keys(app: Data<UseCases>) {
    let mut told = None;
    loop {
        sleep(LOOK).await;
        let fault = app.signing_keys.maintain.execute().await.err().map(|fault| fault.to_string());
        if fault != told {
            fault.iter().for_each(|fault| tracing::error!(fault, "cannot attend to the signing keys; going on with those known"));
            told = fault;
        }
    }
}
