//! The sessions of an account, and what gives its owner a fresh start.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use auth_domain::{admin::end_session::SessionEnd, mfa::ports::FactorsReset};

use super::{found, views::AccountSessionsView};
use crate::{
    app::use_cases::UseCases,
    routes::{
        mail::{AcceptedView, accepted},
        views::SessionView,
    },
    settings::SESSIONS_MAX,
    web::{
        admin::{Admin, Read, Write},
        problem::{Code, Problem},
        using::Mailing,
    },
};

/// Where is somebody logged in?
#[utoipa::path(
    get, path = "/admin/users/{id}/sessions", operation_id = "admin_list_sessions",
    security(("bearer" = []), ("client_token" = ["admin:read"])),
    params(("id" = String, Path, format = "uuid")),
    responses((status = 200, description = "The live sessions of the account.", body = AccountSessionsView)),
)]
pub(crate) async fn list(
    app: Data<UseCases>,
    Admin(..): Admin<Read>,
    id: Path<String>,
) -> Result<Json<AccountSessionsView>, Problem> {
    let user = found(&app, &id).await?;
    let sessions = app.ports.sessions.store.live(user.id, app.ports.clock.now(), SESSIONS_MAX.into()).await?;
    Ok(Json(AccountSessionsView { sessions: sessions.iter().map(SessionView::from).collect() }))
}

/// Log somebody out everywhere.
#[utoipa::path(
    delete, path = "/admin/users/{id}/sessions", operation_id = "admin_end_sessions",
    security(("bearer" = []), ("client_token" = ["admin:write"])),
    params(("id" = String, Path, format = "uuid")),
    responses((status = 204, description = "They have all ended.")),
)]
pub(crate) async fn end_all(app: Data<UseCases>, Admin(by, ..): Admin<Write>, id: Path<String>) -> Result<HttpResponse, Problem> {
    app.admin.end_sessions.execute(&found(&app, &id).await?, &by).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End one session of an account.
#[utoipa::path(
    delete, path = "/admin/users/{id}/sessions/{sid}", operation_id = "admin_end_session",
    security(("bearer" = []), ("client_token" = ["admin:write"])),
    params(("id" = String, Path, format = "uuid"), ("sid" = String, Path, format = "uuid")),
    responses((status = 204, description = "It has ended.")),
)]
pub(crate) async fn end(
    app: Data<UseCases>,
    Admin(by, ..): Admin<Write>,
    ids: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (user, session) = ids.into_inner();
    let session = session.parse().map_err(|_not_an_id| Problem::not_found())?;
    match app.admin.end_session.execute(&found(&app, &user).await?, session, &by).await? {
        SessionEnd::Ended => Ok(HttpResponse::NoContent().finish()),
        SessionEnd::NoSuchSession => Err(Problem::not_found()),
    }
}

/// Send somebody a mail by which they choose another password.
///
/// The usual one, in the owner's language, at most one in a minute and five in an hour. Where no mails are sent this is 404.
#[utoipa::path(
    post, path = "/admin/users/{id}/password-reset", operation_id = "admin_send_reset",
    security(("bearer" = []), ("client_token" = ["admin:write"])),
    params(("id" = String, Path, format = "uuid")),
    responses((status = 202, description = "A mail is on its way, if the account is enabled and may get another.", body = AcceptedView)),
)]
pub(crate) async fn send_reset(
    app: Data<UseCases>,
    mail: Mailing,
    Admin(by, ..): Admin<Write>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    mail.ask.reset_for(&found(&app, &id).await?, &by).await?;
    Ok(accepted("accepted"))
}

/// Remove the second factors of somebody who has lost them.
///
/// Recovery codes too. Every session ends, and the owner is told by a mail.
#[utoipa::path(
    post, path = "/admin/users/{id}/reset-factors", operation_id = "admin_reset_factors",
    security(("bearer" = []), ("client_token" = ["admin:write"])),
    params(("id" = String, Path, format = "uuid")),
    responses((status = 204, description = "A password alone logs in again.")),
)]
pub(crate) async fn reset_factors(
    app: Data<UseCases>,
    Admin(by, ..): Admin<Write>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let user = found(&app, &id).await?;
    match app.mfa.reset.execute(&user, false, &by).await? {
        FactorsReset::Yes { .. } => Ok(HttpResponse::NoContent().finish()),
        FactorsReset::NoSuchUser => Err(Problem::not_found()),
        FactorsReset::LastAdministrator => Err(Problem::new(Code::LastAdministrator)),
    }
}
