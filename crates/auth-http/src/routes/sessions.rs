//! Where one is logged in, and ending it.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path, Query},
};
use auth_domain::{session::Session, usecases::logout::LogoutScope};
use serde::{Deserialize, Serialize};

use crate::{
    app::UseCases,
    extract::{CurrentUser, From},
    problem::Problem,
    view::SessionView,
};

/// More than an account can have: `SESSION_MAX_PER_USER` bounds the list.
const LIST_MAX: u32 = 1000;

#[derive(Deserialize)]
pub struct LogoutQuery {
    scope: Option<String>,
}

#[derive(Serialize)]
pub struct ListedSession {
    #[serde(flatten)]
    session: SessionView,
    /// Whether the request was made with it.
    current: bool,
}

#[derive(Serialize)]
pub struct SessionsView {
    sessions: Vec<ListedSession>,
}

impl LogoutQuery {
    fn scope(&self) -> Result<LogoutScope, Problem> {
        match self.scope.as_deref() {
            None | Some("local") => Ok(LogoutScope::Local),
            Some("others") => Ok(LogoutScope::Others),
            Some("all") => Ok(LogoutScope::All),
            Some(_) => Err(Problem::parameter("scope", "unknown_scope", "must be local, others or all")),
        }
    }
}

pub async fn logout(
    app: Data<UseCases>,
    From(origin): From,
    CurrentUser(caller): CurrentUser,
    Query(query): Query<LogoutQuery>,
) -> Result<HttpResponse, Problem> {
    app.logout.execute(&caller, query.scope()?, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn list(app: Data<UseCases>, CurrentUser(caller): CurrentUser) -> Result<Json<SessionsView>, Problem> {
    let sessions = app.list_sessions.execute(&caller, LIST_MAX).await?;
    let listed = |session: &Session| ListedSession { session: session.into(), current: session.id == caller.session.id };
    Ok(Json(SessionsView { sessions: sessions.iter().map(listed).collect() }))
}

pub async fn end(
    app: Data<UseCases>,
    From(origin): From,
    CurrentUser(caller): CurrentUser,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = id.parse().map_err(|_not_an_id| Problem::not_found())?;
    app.end_session.execute(&caller, id, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
