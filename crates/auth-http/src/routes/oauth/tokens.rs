//! What OAuth client libraries ask for: tokens for a refresh token, tokens for clients themselves (RFC 6749), and revocation (RFC 7009).

use actix_web::{Error, HttpResponse, web::Data};
use auth_domain::{
    oauth::{client_token::ClientToken, issue_client_token::IssueClientTokenError, revoke::Revocation, scope::Scopes},
    sessions::{refresh::RefreshError, token::TokenPair},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::use_cases::UseCases,
    web::{
        caller::Context,
        client_auth::{ByAnyone, unknown},
        oauth_form::{Form, Grant, NO_CACHE, OauthCode, OauthError},
        problem::Problem,
    },
};

/// A form of RFC 6749 section 6, or of section 4.4.2.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the API document: the form itself is read by its parameters")]
pub(crate) struct TokenForm {
    #[schema(pattern = "^(refresh_token|client_credentials)$", examples("refresh_token"))]
    grant_type: String,
    /// With `refresh_token`.
    #[schema(examples("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….q1Zc…"))]
    refresh_token: Option<String>,
    /// With `client_credentials`: names with one space between two. Without it, all that the client was given.
    #[schema(examples("admin:read admin:write"))]
    scope: Option<String>,
    /// With `client_secret`, instead of `Authorization: Basic`.
    client_id: Option<String>,
    client_secret: Option<String>,
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
    /// Valid for one refresh. A client's own token comes without.
    #[schema(nullable = false, examples("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi….q1Zc…"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// What a client's own token is good for, where that is anything.
    #[schema(nullable = false, examples("admin:read admin:write"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

impl From<TokenPair> for OauthTokensView {
    fn from(pair: TokenPair) -> Self {
        Self {
            access_token: pair.access,
            token_type: "Bearer",
            expires_in: pair.access_expires_in.num_seconds(),
            refresh_token: Some(pair.refresh),
            scope: None,
        }
    }
}

impl From<ClientToken> for OauthTokensView {
    fn from(issued: ClientToken) -> Self {
        Self {
            access_token: issued.token,
            token_type: "Bearer",
            expires_in: issued.expires_in.num_seconds(),
            refresh_token: None,
            scope: (!issued.scopes.is_empty()).then(|| issued.scopes.to_string()),
        }
    }
}

/// Get the next pair of tokens, or a client's own token.
///
/// With `grant_type` `refresh_token`, the same rotation as `POST /auth/refresh`: sessions begin with `POST /auth/login`. With
/// `client_credentials`, a token for the client itself, which has to prove who it is; it draws on the budget of administration.
#[utoipa::path(
    post, path = "/oauth/token", security((), ("client" = [])),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The next pair, or the client's token.", body = OauthTokensView),
        (
            status = 400, body = OauthError,
            description = "`invalid_request`, `invalid_grant`, `invalid_scope` or `unsupported_grant_type`",
        ),
        (
            status = 401, body = OauthError,
            description = "`invalid_client`: credentials of a client are not right, or missing where they are needed.",
        ),
    ),
)]
pub(crate) async fn token(
    app: Data<UseCases>,
    Context(context): Context,
    ByAnyone(form, client): ByAnyone,
) -> Result<HttpResponse, Error> {
    let tokens: OauthTokensView = match Grant::of(&form)? {
        Grant::RefreshToken => {
            let presented = form.need("refresh_token", "refresh_token is missing")?;
            app.sessions.refresh.execute(presented, &context).await.map_err(refused)?.into()
        }
        Grant::ClientCredentials => {
            let client = client.ok_or_else(unknown)?;
            app.oauth.issue_client_token.execute(&client, asked(&form)?, &context).await.map_err(not_issued)?.into()
        }
    };
    Ok(HttpResponse::Ok().insert_header(NO_CACHE).json(tokens))
}

/// The scopes that a form asks for; `None` where it leaves that to the server.
fn asked(form: &Form) -> Result<Option<Scopes>, OauthError> {
    let Some(names) = form.get("scope") else { return Ok(None) };
    match names.parse::<Scopes>() {
        Ok(scopes) if !scopes.is_empty() => Ok(Some(scopes)),
        Ok(_) | Err(_) => Err(OauthError::new(OauthCode::InvalidScope, "scope names something that does not exist")),
    }
}

fn not_issued(error: IssueClientTokenError) -> Error {
    match error {
        IssueClientTokenError::NotGranted => OauthError::new(OauthCode::InvalidScope, "the client may not do all of that").into(),
        IssueClientTokenError::Port(error) => Problem::from(error).into(),
    }
}

const NOT_REVOCABLE: &str = "a client's own token still counts: remove the client, or change its scopes";

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
/// error. A client's own token cannot be revoked: it ends with its time, with its client, or with another scope of it.
#[utoipa::path(
    post, path = "/oauth/revoke", security((), ("client" = [])),
    request_body(content = RevocationForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token counts no longer, if it ever did."),
        (
            status = 400, body = OauthError,
            description = "`invalid_request`, or `unsupported_token_type` for a client's own token, which still counts",
        ),
        (status = 401, description = "`invalid_client`: the credentials that came along are not right.", body = OauthError),
    ),
)]
pub(crate) async fn revoke(
    app: Data<UseCases>,
    Context(context): Context,
    ByAnyone(form, _whoever): ByAnyone,
) -> Result<HttpResponse, Error> {
    let presented = form.need("token", "token is missing")?;
    match app.oauth.revoke.execute(presented, &context).await.map_err(Problem::from)? {
        Revocation::Done => Ok(HttpResponse::Ok().insert_header(NO_CACHE).finish()),
        Revocation::NotOffered => Err(OauthError::new(OauthCode::UnsupportedTokenType, NOT_REVOCABLE).into()),
    }
}
