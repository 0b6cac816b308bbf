//! The sessions of an account, and logging out.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path, Query},
};
use auth_domain::sessions::{logout::LogoutScope, session::Session};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, ToSchema,
    openapi::{Object, ObjectBuilder, Type},
};

use crate::{
    app::use_cases::UseCases,
    routes::views::SessionView,
    settings::SESSIONS_MAX,
    web::{
        caller::{Caller, Context, CurrentUser, EnrollingUser},
        problem::Problem,
    },
};

/// What `scope` may say. The first is meant when it says nothing.
const SCOPES: [(&str, LogoutScope); 3] =
    [("local", LogoutScope::Local), ("others", LogoutScope::Others), ("all", LogoutScope::All)];

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogoutQuery {
    #[param(schema_with = scopes)]
    scope: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct ListedSession {
    #[serde(flatten)]
    session: SessionView,
    /// Whether this request was made with it.
    current: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
pub(crate) struct SessionsView {
    /// Newest first.
    sessions: Vec<ListedSession>,
}

impl LogoutQuery {
    fn scope(&self) -> Result<LogoutScope, Problem> {
        let [(default, _), ..] = SCOPES;
        let given = self.scope.as_deref().unwrap_or(default);
        let known = SCOPES.into_iter().find(|(word, _)| *word == given).map(|(_, scope)| scope);
        known.ok_or_else(|| Problem::parameter("scope", "unknown_scope", "must be local, others or all"))
    }
}

fn scopes() -> Object {
    let words = SCOPES.map(|(word, _)| word);
    let [default, ..] = words;
    let told = "This session, every other one, or all of them.";
    ObjectBuilder::new()
        .description(Some(told))
        .schema_type(Type::String)
        .enum_values(Some(words))
        .default(Some(default.into()))
        .build()
}

/// Log out.
#[utoipa::path(
    post, path = "/auth/logout", security(("bearer" = [])),
    params(LogoutQuery),
    responses((status = 204, description = "The sessions have ended; their tokens are refused from now on.")),
)]
pub(crate) async fn logout(
    app: Data<UseCases>,
    Context(context): Context,
    Caller(caller, ..): EnrollingUser,
    Query(query): Query<LogoutQuery>,
) -> Result<HttpResponse, Problem> {
    app.sessions.logout.execute(&caller, query.scope()?, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Where am I logged in?
#[utoipa::path(
    get, path = "/auth/sessions", operation_id = "list_sessions", security(("bearer" = [])),
    responses((status = 200, description = "The live sessions of the account.", body = SessionsView)),
)]
pub(crate) async fn list(app: Data<UseCases>, Caller(caller, ..): CurrentUser) -> Result<Json<SessionsView>, Problem> {
    let sessions = app.sessions.list.execute(&caller, SESSIONS_MAX.into()).await?;
    let listed = |session: &Session| ListedSession { session: session.into(), current: session.id == caller.session.id };
    Ok(Json(SessionsView { sessions: sessions.iter().map(listed).collect() }))
}

/// End a session.
#[utoipa::path(
    delete, path = "/auth/sessions/{id}", operation_id = "end_session", security(("bearer" = [])),
    params(("id" = String, Path, format = "uuid", description = "One of `GET /auth/sessions`.")),
    responses((status = 204, description = "It has ended.")),
)]
pub(crate) async fn end(
    app: Data<UseCases>,
    Context(context): Context,
    Caller(caller, ..): CurrentUser,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = id.parse().map_err(|_not_an_id| Problem::not_found())?;
    app.sessions.end.execute(&caller, id, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}
