//! What a server does when nobody asks it to.

use std::time::Duration;

use actix_web::{rt::time::sleep, web::Data};
use auth_domain::usecases::prune::Pruned;

use crate::app::UseCases;

/// Between rounds; within one, batch follows batch.
const INTERVAL: Duration = Duration::from_secs(300);

/// Forgets what is long over, for ever: at the start, then every few minutes.
pub(crate) async fn prune(app: Data<UseCases>) {
    loop {
        match app.prune.execute().await {
            Ok(Pruned::MoreToCome) => continue,
            Ok(Pruned::AllDone) => {}
            Err(error) => tracing::warn!(%error, "cannot forget what is long over; trying again later"),
        }
        sleep(INTERVAL).await;
    }
}

/// Between two looks at the keys: less than what comes at once is late by.
const LOOK: Duration = Duration::from_secs(1);

/// Keeps the keys that sign, for ever. What is known stays known as long as there is no news.
pub(crate) async fn attend_to_keys(app: Data<UseCases>) {
    let mut told = None;
    loop {
        sleep(LOOK).await;
        let fault = app.keys.keep.attend().await.err().map(|fault| fault.to_string());
        if fault != told {
            fault.iter().for_each(|fault| tracing::error!(fault, "cannot attend to the signing keys; going on with those known"));
            told = fault;
        }
    }
}
