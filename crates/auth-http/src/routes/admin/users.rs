//! Accounts: found, made, shown, changed, deleted.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ETag, EntityTag},
    web::{Data, Path},
};
use auth_domain::{
    admin::{
        AdminError,
        patch_user::PatchError,
        search::{Account, SearchError, UserSearch},
    },
    identity::{editable::Editable, email::canonical_prefix, user::User},
};
use utoipa::IntoParams;

use super::{
    PAGE, PAGE_MAX,
    bodies::{self, CreateBody, CreateSchema, PatchBody, PatchSchema},
    found, id, page,
    views::{AccountView, AccountsView},
};
use crate::{
    app::use_cases::UseCases,
    web::{
        admin::{Admin, AdminWith, Read, Write},
        etag::{Precondition, tag_of},
        problem::{Code, Problem},
        query::Query,
    },
};

/// How the document shows a search.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only its shape matters")]
pub(crate) struct SearchParameters {
    /// The whole address.
    #[param(required = false, format = "email")]
    email: String,
    /// What the address begins with.
    #[param(required = false)]
    prefix: String,
    /// One of its roles.
    #[param(required = false)]
    role: String,
    #[param(required = false, pattern = "^(enabled|disabled)$")]
    status: String,
    /// Whether the address is verified.
    #[param(required = false)]
    verified: bool,
    /// How many at most.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: u32,
    /// The `next` of the page before, of the same search.
    #[param(required = false)]
    after: String,
}

/// Find accounts.
///
/// Ordered by address. Follow `next` until it is `null`.
#[utoipa::path(
    get, path = "/admin/users", operation_id = "admin_list_users", security(("bearer" = []), ("client_token" = ["admin:read"])),
    params(SearchParameters),
    responses((status = 200, description = "A page of accounts.", body = AccountsView)),
)]
pub(crate) async fn list(app: Data<UseCases>, Admin(..): Admin<Read>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request)?;
    let search = UserSearch {
        email: query.parsed("email", "invalid_email"),
        prefix: query.text("prefix").map(|prefix| canonical_prefix(&prefix)).unwrap_or_default(),
        role: query.parsed("role", "invalid_role"),
        disabled: query.one_of("status", &[("enabled", false), ("disabled", true)]),
        verified: query.one_of("verified", &[("true", true), ("false", false)]),
    };
    let (limit, after) = (query.limit(PAGE, PAGE_MAX), query.text("after"));
    query.whole()?;
    let view = AccountsView::from(app.admin.search.execute(&search, after.as_deref(), limit).await?);
    Ok(page(&request, &view, view.next.as_deref()))
}

/// Make an account.
///
/// With `password`, with the `password_hash` of another system, or with neither: then its owner is invited by a mail to choose one, where
/// mails are sent; elsewhere it has none.
#[utoipa::path(
    post, path = "/admin/users", operation_id = "admin_create_user", security(("bearer" = []), ("client_token" = ["admin:write"])),
    request_body = CreateSchema,
    responses((status = 201, description = "The account.", body = AccountView, headers(("Location" = String), ("ETag" = String)))),
)]
pub(crate) async fn create(
    app: Data<UseCases>,
    AdminWith(by, body, ..): AdminWith<Write, CreateBody>,
) -> Result<HttpResponse, Problem> {
    let user = app.admin.create.create(body.account(&app)?, &by).await?.user;
    let location = format!("/admin/users/{}", user.id);
    let view = AccountView::from(&Account { factors: Vec::new(), user: user.clone() });
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).insert_header(ETag(tag(&user))).json(view))
}

/// Show an account.
#[utoipa::path(
    get, path = "/admin/users/{id}", operation_id = "admin_get_user", security(("bearer" = []), ("client_token" = ["admin:read"])),
    params(("id" = String, Path, format = "uuid")),
    responses((status = 200, description = "The account.", body = AccountView, headers(("ETag" = String)))),
)]
pub(crate) async fn show(app: Data<UseCases>, Admin(..): Admin<Read>, id: Path<String>) -> Result<HttpResponse, Problem> {
    shown(&app, found(&app, &id).await?).await
}

/// Change an account.
///
/// What is not given stays. `profile` and `attributes` are merged (RFC 7396). With `If-Match`, only if the account is still the one
/// that was read.
#[utoipa::path(
    patch, path = "/admin/users/{id}", operation_id = "admin_patch_user", security(("bearer" = []), ("client_token" = ["admin:write"])),
    params(("id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header, description = "The `ETag` of the account.")),
    request_body(content((PatchSchema = "application/merge-patch+json"), (PatchSchema = "application/json"))),
    responses((status = 200, description = "The account, as it is now.", body = AccountView, headers(("ETag" = String)))),
)]
pub(crate) async fn patch(
    app: Data<UseCases>,
    AdminWith(by, PatchBody(patch), ..): AdminWith<Write, PatchBody>,
    request: HttpRequest,
    path: Path<String>,
) -> Result<HttpResponse, Problem> {
    let precondition = Precondition::of(&request);
    let is_met: &(dyn Fn(&Editable) -> bool + Sync) = &|account| precondition.is_met_by(&tag_of_editable(account));
    let demanded = precondition.names_tags().then_some(is_met);
    let user = app.admin.edit.patch(id(&path)?, &patch, demanded, &by).await?;
    shown(&app, user).await
}

/// Delete an account.
///
/// Its sessions end, and its address is free again.
#[utoipa::path(
    delete, path = "/admin/users/{id}", operation_id = "admin_delete_user", security(("bearer" = []), ("client_token" = ["admin:write"])),
    params(("id" = String, Path, format = "uuid"), ("If-Match" = Option<String>, Header, description = "The `ETag` of the account.")),
    responses((status = 204, description = "The account and its sessions are gone.")),
)]
pub(crate) async fn delete(
    app: Data<UseCases>,
    Admin(by, ..): Admin<Write>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let user = found(&app, &id).await?;
    if !Precondition::of(&request).is_met_by(&tag(&user)) {
        return Err(Problem::new(Code::PreconditionFailed));
    }
    app.admin.delete.execute(&user, false, &by).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn shown(app: &UseCases, user: User) -> Result<HttpResponse, Problem> {
    let tag = tag(&user);
    let account = app.admin.search.complete_one(user).await?;
    Ok(HttpResponse::Ok().insert_header(ETag(tag)).json(AccountView::from(&account)))
}

/// The tag of an account: it moves with what can be changed of it, and with nothing else.
fn tag(user: &User) -> EntityTag {
    tag_of_editable(&Editable::from(user))
}

fn tag_of_editable(account: &Editable) -> EntityTag {
    let Editable { email, roles, profile, attributes, email_verified, disabled } = account;
    let parts = (email.as_str(), roles.to_string(), profile.to_string(), attributes.to_string(), email_verified, disabled);
    EntityTag::new_strong(tag_of(&parts))
}

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::EmailTaken => Self::email_taken("Another account has the address"),
            AdminError::NoSuchUser => Self::not_found(),
            // Again and again: whoever asks may try once more.
            AdminError::ChangedMeanwhile => Self::unavailable(),
            AdminError::LastAdministrator => Self::new(Code::LastAdministrator),
            AdminError::Port(error) => error.into(),
        }
    }
}

impl From<PatchError> for Problem {
    fn from(error: PatchError) -> Self {
        match error {
            PatchError::Precondition => Self::new(Code::PreconditionFailed),
            PatchError::Faults(faults) => bodies::told(&faults),
            PatchError::Admin(error) => error.into(),
        }
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Cursor => Self::parameter("after", "unknown_cursor", &SearchError::Cursor.to_string()),
            SearchError::Port(error) => error.into(),
        }
    }
}
