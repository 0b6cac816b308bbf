//! Tokens for a password, tokens for a refresh token, and a fresh session for a password.

pub mod second_factor;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use auth_domain::{
    identity::email::Email,
    passwords::policy::PasswordAttempt,
    sessions::token::{AccessToken, TokenPair},
    sign_in::login::LoggedIn,
};
use serde::Serialize;
use utoipa::ToSchema;

use self::second_factor::{LoginFactorBody, LoginFactorSchema, ReauthenticateBody, ReauthenticateSchema};

use crate::{
    app::use_cases::UseCases,
    web::{
        caller::{CallerWith, Context, Enrolling},
        json_body::{FromMembers, JsonBody, Members, Told},
        problem::Problem,
    },
};

#[derive(ToSchema)]
pub struct LoginBody {
    #[schema(value_type = String, format = "email", max_length = 254, examples("ann@example.org"))]
    email: Email,
    #[schema(value_type = String, format = "password", examples("Correct-Horse-7-Battery"))]
    password: PasswordAttempt,
}

impl FromMembers for LoginBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (email, password) = (members.required("email"), members.required("password"));
        Ok(Self { email: email?, password: password? })
    }
}

#[derive(ToSchema)]
pub struct RefreshBody {
    #[schema(examples("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….q1Zc…"))]
    refresh_token: String,
}

impl FromMembers for RefreshBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        Ok(Self { refresh_token: members.required("refresh_token")? })
    }
}

/// An access token alone: the refresh token stays as it is.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessToken)]
pub struct AccessTokenView {
    #[schema(examples("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….Xb0k…"))]
    access_token: String,
    #[schema(pattern = "^bearer$", examples("bearer"))]
    token_type: &'static str,
    /// In seconds.
    #[schema(examples(900))]
    expires_in: i64,
}

impl From<AccessToken> for AccessTokenView {
    fn from(AccessToken { token, expires_in }: AccessToken) -> Self {
        Self { access_token: token, token_type: "bearer", expires_in: expires_in.num_seconds() }
    }
}

/// RFC 6749 section 5.1, and how long the refresh token lasts. Times in seconds.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub struct TokensView {
    /// Goes in `Authorization: Bearer …`.
    #[schema(examples("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….Xb0k…"))]
    access_token: String,
    /// Valid for one refresh.
    #[schema(examples("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….q1Zc…"))]
    refresh_token: String,
    #[schema(pattern = "^bearer$", examples("bearer"))]
    token_type: &'static str,
    #[schema(examples(900))]
    expires_in: i64,
    #[schema(examples(604_800))]
    refresh_expires_in: i64,
}

impl From<TokenPair> for TokensView {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access,
            refresh_token: pair.refresh,
            token_type: "bearer",
            expires_in: pair.access_expires_in.num_seconds(),
            refresh_expires_in: pair.refresh_expires_in.num_seconds(),
        }
    }
}

pub fn answer(status: StatusCode, pair: TokenPair) -> HttpResponse {
    HttpResponse::build(status).json(TokensView::from(pair))
}

/// Log in.
///
/// All refusals look the same and take the same time. An account with a second factor gets `second_factor_required` and no session
/// yet: its `mfa_token` goes to `/auth/login/factor`.
#[utoipa::path(
    post, path = "/auth/login",
    request_body = LoginBody,
    responses((status = 200, description = "A session has begun.", body = TokensView)),
)]
pub async fn login(
    app: Data<UseCases>,
    Context(context): Context,
    JsonBody(body): JsonBody<LoginBody>,
) -> Result<HttpResponse, Problem> {
    match app.sign_in.login.execute(&body.email, body.password, &context).await? {
        LoggedIn::SignedIn(pair) => Ok(answer(StatusCode::OK, pair)),
        LoggedIn::SecondFactorRequired(pending) => Err(Problem::second_factor_required(pending)),
    }
}

/// Complete a login with a second factor.
///
/// Exactly one of `code` and `passkey`. After five wrong ones the token is void; after ten wrong codes in a quarter of an hour the
/// account's second step is held.
#[utoipa::path(
    post, path = "/auth/login/factor",
    request_body = LoginFactorSchema,
    responses((status = 200, description = "A session has begun.", body = TokensView)),
)]
pub async fn login_factor(
    app: Data<UseCases>,
    Context(context): Context,
    JsonBody(body): JsonBody<LoginFactorBody>,
) -> Result<HttpResponse, Problem> {
    let pair = app.sign_in.login_factor.execute(&body.mfa_token, body.shown, &context).await?;
    Ok(answer(StatusCode::OK, pair))
}

/// Get the next pair of tokens.
///
/// This spends the refresh token. Presented again within a few seconds, it gets the same answer; later, it counts as stolen, and
/// the session ends.
#[utoipa::path(
    post, path = "/auth/refresh",
    request_body = RefreshBody,
    responses((status = 200, description = "The next pair.", body = TokensView)),
)]
pub async fn refresh(
    app: Data<UseCases>,
    Context(context): Context,
    JsonBody(body): JsonBody<RefreshBody>,
) -> Result<Json<TokensView>, Problem> {
    let pair = app.sessions.refresh.execute(&body.refresh_token, &context).await?;
    Ok(Json(pair.into()))
}

/// Authenticate again.
///
/// Exactly one of `password`, `code` and `passkey`; where the account has a second factor, a password alone changes nothing. The
/// session is fresh from then on, whichever of its access tokens is presented, and what demands a fresh authentication is open for a
/// while. The refresh token stays.
#[utoipa::path(
    post, path = "/auth/reauthenticate", security(("bearer" = [])),
    request_body = ReauthenticateSchema,
    responses((status = 200, description = "The session is fresh.", body = AccessTokenView)),
)]
pub async fn reauthenticate(
    app: Data<UseCases>,
    Context(context): Context,
    CallerWith(caller, body, ..): Enrolling<ReauthenticateBody>,
) -> Result<Json<AccessTokenView>, Problem> {
    let reauthenticate = &app.sign_in.reauthenticate;
    let token = match body {
        ReauthenticateBody::Password(password) => reauthenticate.by_password(&caller, password, &context).await?,
        ReauthenticateBody::Factor(shown) => reauthenticate.by_factor(&caller, shown, &context).await?,
    };
    Ok(Json(token.into()))
}
