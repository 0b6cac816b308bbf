//! The caller's account: register, show, change the password, delete.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use auth_domain::{
    identity::email::Email,
    passwords::policy::{NewPassword, PasswordAttempt},
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::sign_in::{TokensView, answer};
use crate::{
    app::use_cases::UseCases,
    routes::views::UserView,
    web::{
        caller::{Authenticated, Context, CurrentUser},
        json_body::{Field, JsonBody, Rules},
        problem::Problem,
    },
};

#[derive(Deserialize, Validate, ToSchema)]
#[garde(context(Rules as rules))]
pub struct RegisterBody {
    /// Trimmed and lower-cased as a whole; the domain counts, and is answered, as its A-label (`xn--…`).
    #[serde(default)]
    #[garde(dive)]
    #[schema(required, value_type = String, format = "email", max_length = 254, examples("ann@example.org"))]
    email: Field<Email>,
    /// 12 characters by default; the server's configuration may ask for 8 to 64.
    #[serde(default)]
    #[garde(dive(rules.for_account_of(self.email.parsed())))]
    #[schema(required, value_type = String, format = "password", min_length = 8, max_length = 128, examples("Correct-Horse-7-Battery"))]
    password: Field<NewPassword>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[garde(context(Rules))]
pub struct ChangePasswordBody {
    #[serde(default)]
    #[garde(dive)]
    #[schema(required, value_type = String, format = "password", examples("Correct-Horse-7-Battery"))]
    current_password: Field<PasswordAttempt>,
    /// 12 characters by default; the server's configuration may ask for 8 to 64.
    #[serde(default)]
    #[garde(dive)]
    #[schema(required, value_type = String, format = "password", min_length = 8, max_length = 128, examples("Another-Horse-8-Staple"))]
    new_password: Field<NewPassword>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[garde(context(Rules))]
pub struct DeleteAccountBody {
    #[serde(default)]
    #[garde(dive)]
    #[schema(required, value_type = String, format = "password", examples("Correct-Horse-7-Battery"))]
    password: Field<PasswordAttempt>,
}

/// Create an account.
///
/// The answer holds the tokens of its first session. Passwords need an upper-case and a lower-case letter, a digit and a special
/// character (unless the server asks for length alone), and must be neither common nor derived from the address.
#[utoipa::path(
    post, path = "/auth/register",
    request_body = RegisterBody,
    responses((status = 201, description = "The account is made, and its first session begun.", body = TokensView)),
)]
pub async fn register(
    app: Data<UseCases>,
    Context(context): Context,
    JsonBody(body): JsonBody<RegisterBody>,
) -> Result<HttpResponse, Problem> {
    let pair = app.sign_in.register.execute(body.email.take()?, body.password.take()?, &context).await?;
    Ok(answer(StatusCode::CREATED, pair))
}

/// Who am I?
#[utoipa::path(
    get, path = "/auth/me", security(("bearer" = [])),
    responses((status = 200, description = "The account of the token.", body = UserView)),
)]
pub async fn me(CurrentUser(caller): CurrentUser) -> Json<UserView> {
    Json(UserView::from(&caller.user))
}

/// Change the password.
///
/// Ends every other session of the account.
#[utoipa::path(
    post, path = "/auth/password", security(("bearer" = [])),
    request_body = ChangePasswordBody,
    responses((status = 204, description = "The new password counts.")),
)]
pub async fn change_password(
    app: Data<UseCases>,
    Context(context): Context,
    Authenticated(caller, body): Authenticated<ChangePasswordBody>,
) -> Result<HttpResponse, Problem> {
    let (current, new) = (body.current_password.take()?, body.new_password.take()?);
    app.accounts.change_password.execute(&caller, current, new, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Delete the account.
#[utoipa::path(
    delete, path = "/auth/me", operation_id = "delete_account", security(("bearer" = [])),
    request_body = DeleteAccountBody,
    responses((status = 204, description = "The account and its sessions are gone.")),
)]
pub async fn delete(
    app: Data<UseCases>,
    Context(context): Context,
    Authenticated(caller, body): Authenticated<DeleteAccountBody>,
) -> Result<HttpResponse, Problem> {
    app.accounts.delete.execute(&caller, body.password.take()?, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}
