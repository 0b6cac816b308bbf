//! Where one is logged in, and ending it.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path, Query},
};
use auth_domain::{
    session::Session,
    usecases::{authenticate::SignedIn, logout::LogoutScope},
};
use serde::{Deserialize, Serialize};

use crate::{
    app::UseCases,
    extract::{CurrentUser, From},
    problem::Problem,
    view::timestamp,
};

/// More than an account can have: `SESSION_MAX_PER_USER` bounds the list.
const LIST_MAX: u32 = 1000;

#[derive(Deserialize)]
pub struct LogoutQuery {
    scope: Option<String>,
}

/// A session as its owner sees it.
#[derive(Serialize)]
pub struct SessionView {
    id: String,
    created_at: String,
    last_used_at: String,
    expires_at: String,
    ip: Option<String>,
    user_agent: Option<String>,
    /// Whether the request was made with it.
    current: bool,
}

#[derive(Serialize)]
pub struct SessionsView {
    sessions: Vec<SessionView>,
}

impl SessionView {
    fn new(session: &Session, caller: &SignedIn) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: timestamp(session.created_at),
            last_used_at: timestamp(session.last_used_at),
            expires_at: timestamp(session.expires_at),
            ip: session.origin.address.map(|address| address.to_string()),
            user_agent: session.origin.user_agent.as_ref().map(|agent| agent.as_str().to_owned()),
            current: session.id == caller.session.id,
        }
    }
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
    Ok(Json(SessionsView { sessions: sessions.iter().map(|session| SessionView::new(session, &caller)).collect() }))
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
