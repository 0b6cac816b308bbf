//! What a server does when nobody asks it to.

use std::time::Duration;

use actix_web::{rt::time::sleep, web::Data};
use auth_domain::usecases::prune::Pruned;

use crate::app::UseCases;

/// Between rounds; within one, batch follows batch.
const INTERVAL: Duration = Duration::from_secs(300);

/// Forgets what is long over, for ever: at the start, then every few minutes.
pub async fn prune(app: Data<UseCases>) {
    loop {
        match app.prune.execute().await {
            Ok(Pruned::MoreToCome) => continue,
            Ok(Pruned::AllDone) => {}
            Err(error) => tracing::warn!(%error, "cannot forget what is long over; trying again later"),
        }
        sleep(INTERVAL).await;
    }
}
