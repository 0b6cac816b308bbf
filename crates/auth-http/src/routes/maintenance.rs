//! Liveness and readiness.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Json},
};
use auth_domain::identity::port_error::PortError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::{ports::CancellationToken, use_cases::UseCases},
    web::single_flight::OneLook,
};

/// Cancelled once the server has been told to stop.
#[derive(Debug, Default)]
pub(crate) struct Draining(pub CancellationToken);

#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    #[schema(pattern = "^healthy$", examples("healthy"))]
    status: &'static str,
}

/// Is it alive?
///
/// Answers as long as the process lives; never touches the database.
#[utoipa::path(
    get, path = "/health",
    responses((status = 200, description = "The process lives.", body = Health)),
)]
pub(crate) async fn health() -> Json<Health> {
    live().await
}

/// Is it alive? For liveness probes.
///
/// The same as `/health`.
#[utoipa::path(
    get, path = "/health/live",
    responses((status = 200, description = "The process lives.", body = Health)),
)]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "healthy" })
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Readiness {
    #[schema(pattern = "^(ready|unavailable)$", examples("ready"))]
    status: &'static str,
    checks: Checks,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Checks {
    #[schema(pattern = "^(ok|unavailable)$", examples("ok"))]
    database: &'static str,
}

/// Is it ready?
///
/// Whether traffic should come here: the database answers and can be written, its schema is ours, and no stop is under way.
#[utoipa::path(
    get, path = "/health/ready",
    responses(
        (status = 200, description = "Send traffic.", body = Readiness),
        (
            status = 503, description = "Send none: the database is away or cannot be written, migrations are pending, no key signs or it cannot be opened here, or a stop is under way.",
            body = Readiness, example = json!({ "status": "unavailable", "checks": { "database": "unavailable" } }),
        ),
    ),
)]
pub(crate) async fn ready(app: Data<UseCases>, draining: Data<Draining>, looks: Data<ReadinessLook>) -> HttpResponse {
    let Seen { database, signs } = looks.take(&app).await;
    let checks = Checks { database: if database { "ok" } else { "unavailable" } };
    if database && signs && !draining.0.is_cancelled() {
        return HttpResponse::Ok().json(Readiness { status: "ready", checks });
    }
    HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, "1")).json(Readiness { status: "unavailable", checks })
}

/// How often the database is asked at most, whoever asks here: nobody needs leave to, and no budget counts it.
const PACE: Duration = Duration::from_millis(50);

/// The look at the database that callers of `/health/ready` share.
pub(crate) struct ReadinessLook(OneLook<Seen>);

/// What a look found.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    database: bool,
    signs: bool,
}

impl Default for ReadinessLook {
    fn default() -> Self {
        Self(OneLook::at_most_every(PACE))
    }
}

impl ReadinessLook {
    async fn take(&self, app: &UseCases) -> Seen {
        let (readiness, keys, clock) =
            (app.ports.maintenance.readiness.clone(), app.ports.signing_keys.cache.clone(), app.ports.clock.clone());
        let look = || async move {
            let is_fine =
                |outcome: Result<(), PortError>| outcome.inspect_err(|error| tracing::warn!(%error, "not ready")).is_ok();
            Seen { database: is_fine(readiness.check().await), signs: is_fine(keys.check(clock.now())) }
        };
        // An answer of before proves nothing.
        self.0.take(|_before| false, look).await.unwrap_or_default()
    }
}
