//! The caller's account: register, show, describe, change the password, export, delete.

pub(crate) mod export;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use auth_domain::{
    identity::{email::Email, user::User},
    passwords::policy::{NewPassword, PasswordAttempt},
    sign_in::register::Registered,
};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    mail::{AcceptedView, accepted},
    sign_in::{TokensView, answer},
};
use crate::{
    app::use_cases::UseCases,
    routes::views::UserView,
    web::{
        caller::{Authenticated, Caller, CallerWith, Context, EnrollingUser, FreshIfFactor},
        json_body::{FromMembers, JsonBody, Members, Told},
        media::Media,
        problem::Problem,
    },
};

#[derive(ToSchema)]
pub struct RegisterBody {
    /// Trimmed and lower-cased as a whole; the domain counts, and is answered, as its A-label (`xn--…`).
    #[schema(value_type = String, format = "email", max_length = 254, examples("ann@example.org"))]
    email: Email,
    /// 12 characters by default; the server's configuration may ask for 8 to 64.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 128, examples("Correct-Horse-7-Battery"))]
    password: NewPassword,
}

impl FromMembers for RegisterBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let email = members.required("email");
        if let Ok(email) = &email {
            members.owned_by(email);
        }
        let password = members.required("password");
        Ok(Self { email: email?, password: password? })
    }
}

#[derive(ToSchema)]
pub struct ChangePasswordBody {
    #[schema(value_type = String, format = "password", examples("Correct-Horse-7-Battery"))]
    current_password: PasswordAttempt,
    /// 12 characters by default; the server's configuration may ask for 8 to 64.
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 128, examples("Another-Horse-8-Staple"))]
    new_password: NewPassword,
}

impl FromMembers for ChangePasswordBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (current, new) = (members.required("current_password"), members.required("new_password"));
        Ok(Self { current_password: current?, new_password: new? })
    }
}

#[derive(ToSchema)]
pub struct DeleteAccountBody {
    #[schema(value_type = String, format = "password", examples("Correct-Horse-7-Battery"))]
    password: PasswordAttempt,
}

impl FromMembers for DeleteAccountBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        Ok(Self { password: members.required("password")? })
    }
}

/// A merge patch (RFC 7396).
#[derive(ToSchema)]
pub struct ChangeProfileBody {
    /// What changes of the profile: a member that is `null` goes. `null` instead of an object clears all. Afterwards at most 4 KiB as
    /// compact JSON, and five levels deep.
    #[schema(required = false, value_type = Option<Object>, examples(json!({ "name": "Ann", "city": null })))]
    profile: Value,
}

impl FromMembers for ChangeProfileBody {
    const MEDIA: Media = Media::MergePatch;

    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let profile = members.patch("profile");
        members.refuse_others("is no member that can be changed");
        Ok(Self { profile: profile?.unwrap_or_else(|| Value::Object(Map::new())) })
    }
}

/// Create an account.
///
/// The answer holds the tokens of its first session. Passwords need an upper-case and a lower-case letter, a digit and a special
/// character (unless the server asks for length alone), and must be neither common nor derived from the address.
#[utoipa::path(
    post, path = "/auth/register",
    request_body = RegisterBody,
    responses(
        (status = 201, description = "The account is made, and its first session begun.", body = TokensView),
        (status = 202, description = "Where `EMAIL_VERIFICATION` is `required`: a mail is on its way, whether or not the address is free.", body = AcceptedView),
    ),
)]
pub async fn register(
    app: Data<UseCases>,
    Context(context): Context,
    JsonBody(body): JsonBody<RegisterBody>,
) -> Result<HttpResponse, Problem> {
    Ok(match app.sign_in.register.execute(body.email, body.password, &context).await? {
        Registered::SignedIn(pair) => answer(StatusCode::CREATED, pair),
        Registered::VerificationSent => accepted("verification_sent"),
    })
}

/// Who am I?
#[utoipa::path(
    get, path = "/auth/me", security(("bearer" = [])),
    responses((status = 200, description = "The account of the token.", body = UserView)),
)]
pub async fn me(app: Data<UseCases>, Caller(caller, ..): EnrollingUser) -> Json<UserView> {
    Json(own(&app, &caller.user))
}

/// What the owner of an account sees of it.
fn own(app: &UseCases, user: &User) -> UserView {
    match app.mail {
        Some(_) => UserView::with_mailbox(user, app.ports.clock.now()),
        None => UserView::from(user),
    }
}

/// Change the profile.
///
/// A JSON object that its owner changes by a merge patch (RFC 7396). Nothing else can be changed here.
#[utoipa::path(
    patch, path = "/auth/me", operation_id = "change_profile", security(("bearer" = [])),
    request_body(content((ChangeProfileBody = "application/merge-patch+json"), (ChangeProfileBody = "application/json"))),
    responses((status = 200, description = "The account as it is now.", body = UserView)),
)]
pub async fn change_profile(
    app: Data<UseCases>,
    Context(context): Context,
    CallerWith(caller, body, ..): Authenticated<ChangeProfileBody>,
) -> Result<Json<UserView>, Problem> {
    let user = app.accounts.change_profile.execute(&caller, &body.profile, &context).await?;
    Ok(Json(own(&app, &user)))
}

/// Change the password.
///
/// Ends every other session of the account. Where the account has a second factor, the caller has to be fresh.
#[utoipa::path(
    post, path = "/auth/password", security(("bearer" = [])),
    request_body = ChangePasswordBody,
    responses((status = 204, description = "The new password counts.")),
)]
pub async fn change_password(
    app: Data<UseCases>,
    Context(context): Context,
    CallerWith(caller, body, ..): FreshIfFactor<ChangePasswordBody>,
) -> Result<HttpResponse, Problem> {
    app.accounts.change_password.execute(&caller, body.current_password, body.new_password, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Delete the account.
///
/// Where it has a second factor, the caller has to be fresh.
#[utoipa::path(
    delete, path = "/auth/me", operation_id = "delete_account", security(("bearer" = [])),
    request_body = DeleteAccountBody,
    responses((status = 204, description = "The account and its sessions are gone.")),
)]
pub async fn delete(
    app: Data<UseCases>,
    Context(context): Context,
    CallerWith(caller, body, ..): FreshIfFactor<DeleteAccountBody>,
) -> Result<HttpResponse, Problem> {
    app.accounts.delete.execute(&caller, body.password, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}
