//! What OAuth client libraries ask for: tokens for a refresh token (RFC 6749), and revocation (RFC 7009).

use actix_web::{Error, HttpResponse, web::Data};
use auth_domain::sessions::{refresh::RefreshError, token::TokenPair};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::use_cases::UseCases,
    web::{
        caller::Context,
        client_auth::ByAnyone,
        oauth_form::{NO_CACHE, OauthCode, OauthError},
        problem::Problem,
    },
};

/// A form of RFC 6749 section 6.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the API document: the form itself is read by its parameters")]
pub(crate) struct TokenForm {
    #[schema(pattern = "^refresh_token$", examples("refresh_token"))]
    grant_type: String,
    #[schema(examples("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….q1Zc…"))]
    refresh_token: String,
}

/// A form of RFC 7009 section 2.1.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the API document: the form itself is read by its parameters")]
pub(crate) struct RevocationForm {
    /// An access or a refresh token.
    #[schema(examples("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….q1Zc…"))]
    token: String,
    /// Ignored: a token says itself what it is.
    token_type_hint: Option<String>,
}

/// RFC 6749 section 5.1. Times in seconds.
#[derive(Serialize, ToSchema)]
#[schema(as = OauthTokens)]
pub(crate) struct OauthTokensView {
    #[schema(examples("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….Xb0k…"))]
    access_token: String,
    #[schema(pattern = "^Bearer$", examples("Bearer"))]
    token_type: &'static str,
    #[schema(examples(900))]
    expires_in: i64,
    /// Valid for one refresh.
    #[schema(examples("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….q1Zc…"))]
    refresh_token: String,
}

impl From<TokenPair> for OauthTokensView {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access,
            token_type: "Bearer",
            expires_in: pair.access_expires_in.num_seconds(),
            refresh_token: pair.refresh,
        }
    }
}

/// Get the next pair of tokens.
///
/// The same rotation as `POST /auth/refresh`. The one grant is `refresh_token`: sessions begin with `POST /auth/login`.
#[utoipa::path(
    post, path = "/oauth/token", security((), ("client" = [])),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The next pair.", body = OauthTokensView),
        (status = 400, description = "`invalid_request`, `invalid_grant` or `unsupported_grant_type`", body = OauthError),
        (status = 401, description = "`invalid_client`: the credentials that came along are not right.", body = OauthError),
    ),
)]
pub(crate) async fn token(
    app: Data<UseCases>,
    Context(context): Context,
    ByAnyone(form): ByAnyone,
) -> Result<HttpResponse, Error> {
    match form.need("grant_type", "grant_type is missing")? {
        "refresh_token" => {}
        "password" => return Err(OauthError::new(OauthCode::UnsupportedGrantType, NO_PASSWORDS).into()),
        _ => return Err(OauthError::new(OauthCode::UnsupportedGrantType, "grant_type must be refresh_token").into()),
    }
    let presented = form.need("refresh_token", "refresh_token is missing")?;
    let pair = app.sessions.refresh.execute(presented, &context).await.map_err(refused)?;
    Ok(HttpResponse::Ok().insert_header(NO_CACHE).json(OauthTokensView::from(pair)))
}

const NO_PASSWORDS: &str = "the password grant is not offered (RFC 9700 section 2.4); log in with POST /auth/login";

/// Whatever is wrong with a token, its bearer learns only that it is not valid.
fn refused(error: RefreshError) -> Error {
    match error {
        RefreshError::Token(_) | RefreshError::Reused => {
            OauthError::new(OauthCode::InvalidGrant, "the refresh token is not valid any more").into()
        }
        RefreshError::Port(error) => Problem::from(error).into(),
    }
}

/// End the session of a token.
///
/// Whoever holds a token of a session may end it, as with `POST /auth/logout`. A token that is not valid any more is no
/// error.
#[utoipa::path(
    post, path = "/oauth/revoke", security((), ("client" = [])),
    request_body(content = RevocationForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token counts no longer, if it ever did."),
        (status = 400, description = "`invalid_request`", body = OauthError),
        (status = 401, description = "`invalid_client`: the credentials that came along are not right.", body = OauthError),
    ),
)]
pub(crate) async fn revoke(
    app: Data<UseCases>,
    Context(context): Context,
    ByAnyone(form): ByAnyone,
) -> Result<HttpResponse, Error> {
    let presented = form.need("token", "token is missing")?;
    app.oauth.revoke.execute(presented, &context).await.map_err(Problem::from)?;
    Ok(HttpResponse::Ok().insert_header(NO_CACHE).finish())
}
