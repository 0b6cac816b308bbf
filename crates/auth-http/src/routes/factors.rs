//! The second factors of an account: authenticator apps and recovery codes, and what is common to them and to passkeys.

mod bodies;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json, Path},
};
use auth_domain::factors::factor::FactorId;

pub(crate) use self::bodies::plain;
pub use self::bodies::{
    CodeBody, ConfirmedView, EnrolmentView, FactorView, FactorsView, NameBody, RecoveryCodesView, RenameBody,
};
use crate::{
    app::use_cases::UseCases,
    web::{
        caller::{Caller, CallerWith, Context, Enrolling, EnrollingUser, Fresh, FreshEnrolling, FreshUser},
        problem::Problem,
        using::Apps,
    },
};

/// List the second factors.
#[utoipa::path(
    get, path = "/auth/factors", operation_id = "list_factors", security(("bearer" = [])),
    responses((status = 200, description = "Those that are confirmed, oldest first.", body = FactorsView)),
)]
pub async fn list(app: Data<UseCases>, Caller(caller, ..): EnrollingUser) -> Result<Json<FactorsView>, Problem> {
    Ok(Json(app.mfa.list.execute(caller.user.id).await?.into()))
}

/// Enrol an authenticator app.
///
/// It waits for its first code, and takes the place of one that waits already. The secret is shown this once.
#[utoipa::path(
    post, path = "/auth/factors/totp", operation_id = "enrol_totp", security(("bearer" = [])),
    request_body = NameBody,
    responses((status = 201, description = "The secret, for an authenticator app.", body = EnrolmentView)),
)]
pub async fn enrol_totp(
    apps: Apps,
    Context(context): Context,
    CallerWith(caller, body, ..): FreshEnrolling<NameBody>,
) -> Result<HttpResponse, Problem> {
    let enrolment = apps.enrol.execute(&caller, body.name, &context).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(EnrolmentView::from(enrolment)))
}

/// Confirm an authenticator app with its first code.
///
/// The session is fresh and has a second factor from then on; every other session ends. With the first factor of an account come ten
/// recovery codes, which are shown this once.
#[utoipa::path(
    post, path = "/auth/factors/totp/{id}/confirm", operation_id = "confirm_totp", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "From `POST /auth/factors/totp`.")),
    request_body = CodeBody,
    responses((status = 200, description = "Logins ask for it from now on.", body = ConfirmedView)),
)]
pub async fn confirm_totp(
    apps: Apps,
    Context(context): Context,
    CallerWith(caller, body, ..): Enrolling<CodeBody>,
    id: Path<String>,
) -> Result<Json<ConfirmedView>, Problem> {
    let confirmed = apps.confirm.execute(&caller, factor(&id)?, &body.code, &context).await?;
    Ok(Json(confirmed.into()))
}

/// Name a factor.
#[utoipa::path(
    patch, path = "/auth/factors/{id}", operation_id = "rename_factor", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "One of `GET /auth/factors`.")),
    request_body = RenameBody,
    responses((status = 204, description = "It has the name.")),
)]
pub async fn rename(
    app: Data<UseCases>,
    Context(context): Context,
    CallerWith(caller, body, ..): Fresh<RenameBody>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    app.mfa.rename.execute(&caller, factor(&id)?, body.name, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Remove a factor.
///
/// With the last one the recovery codes go. Where a second factor is required, the last one stays.
#[utoipa::path(
    delete, path = "/auth/factors/{id}", operation_id = "remove_factor", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "One of `GET /auth/factors`.")),
    responses((status = 204, description = "It is gone.")),
)]
pub async fn remove(
    app: Data<UseCases>,
    Context(context): Context,
    Caller(caller, ..): FreshUser,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    app.mfa.remove.execute(&caller, factor(&id)?, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Get other recovery codes.
///
/// The old ones are void. An account without a second factor has none.
#[utoipa::path(
    post, path = "/auth/factors/recovery-codes", operation_id = "replace_recovery_codes", security(("bearer" = [])),
    responses((status = 200, description = "Ten codes, shown this once.", body = RecoveryCodesView)),
)]
pub async fn replace_recovery_codes(
    app: Data<UseCases>,
    Context(context): Context,
    Caller(caller, ..): FreshUser,
) -> Result<Json<RecoveryCodesView>, Problem> {
    Ok(Json(app.mfa.replace_recovery_codes.execute(&caller, &context).await?.into()))
}

/// What is no id is nobody's factor.
fn factor(id: &str) -> Result<FactorId, Problem> {
    id.parse().map_err(|_not_an_id| Problem::not_found())
}
