//! Liveness and readiness.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Json},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::UseCases;

/// Set once the server has been told to stop.
#[derive(Debug, Default)]
pub(crate) struct Draining(pub AtomicBool);

#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    #[schema(pattern = "^healthy$", examples("healthy"))]
    status: &'static str,
}

/// Is it alive?
///
/// Answers as long as the process lives; never touches the database.
#[utoipa::path(
    get, path = "/health", tag = "health",
    responses((status = 200, description = "The process lives.", body = Health)),
)]
pub(crate) async fn health() -> Json<Health> {
    live().await
}

/// Is it alive? For liveness probes.
///
/// The same as `/health`.
#[utoipa::path(
    get, path = "/health/live", tag = "health",
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
/// Whether traffic should come here: the database answers, its schema is ours, and no stop is under way.
#[utoipa::path(
    get, path = "/health/ready", tag = "health",
    responses(
        (status = 200, description = "Send traffic.", body = Readiness),
        (
            status = 503, description = "Send none: the database is away, migrations are pending, the key that signs cannot be opened here, or a stop is under way.",
            body = Readiness, example = json!({ "status": "unavailable", "checks": { "database": "unavailable" } }),
        ),
    ),
)]
pub(crate) async fn ready(app: Data<UseCases>, draining: Data<Draining>) -> HttpResponse {
    let database = app.ports.readiness.check().await.inspect_err(|error| tracing::warn!(%error, "not ready")).is_ok();
    let checks = Checks { database: if database { "ok" } else { "unavailable" } };
    let signs =
        app.ports.known_keys.check(app.ports.clock.now()).inspect_err(|error| tracing::warn!(%error, "not ready")).is_ok();
    if database && signs && !draining.0.load(Ordering::Relaxed) {
        return HttpResponse::Ok().json(Readiness { status: "ready", checks });
    }
    HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, "1")).json(Readiness { status: "unavailable", checks })
}
