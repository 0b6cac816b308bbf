//! Is it there, and can it serve.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Json},
};
use serde::Serialize;

use crate::app::UseCases;

/// Set once the server has been told to stop.
#[derive(Debug, Default)]
pub struct Draining(pub AtomicBool);

#[derive(Serialize)]
pub struct Health {
    status: &'static str,
}

/// Answers as long as the process lives; never touches the database.
pub async fn live() -> Json<Health> {
    Json(Health { status: "healthy" })
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    checks: Checks,
}

#[derive(Serialize)]
struct Checks {
    database: &'static str,
}

/// Whether traffic should come here: the database answers, its schema is ours, and no stop is under way.
pub async fn ready(app: Data<UseCases>, draining: Data<Draining>) -> HttpResponse {
    let database = app.ports.readiness.check().await.inspect_err(|error| tracing::warn!(%error, "not ready")).is_ok();
    let checks = Checks { database: if database { "ok" } else { "unavailable" } };
    if database && !draining.0.load(Ordering::Relaxed) {
        return HttpResponse::Ok().json(Readiness { status: "ready", checks });
    }
    HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, "1")).json(Readiness { status: "unavailable", checks })
}
