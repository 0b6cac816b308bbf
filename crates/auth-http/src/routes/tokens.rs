//! Tokens for a password, and tokens for a refresh token.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use auth_domain::{email::Email, password::PasswordAttempt, token::TokenPair};
use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::{
    app::UseCases,
    body::{Member, Rules, Valid},
    extract::From,
    problem::Problem,
};

#[derive(Deserialize, Validate)]
#[garde(context(Rules))]
pub struct LoginBody {
    #[serde(default)]
    #[garde(dive)]
    email: Member<Email>,
    #[serde(default)]
    #[garde(dive)]
    password: Member<PasswordAttempt>,
}

#[derive(Deserialize, Validate)]
#[garde(context(Rules))]
pub struct RefreshBody {
    #[serde(default)]
    #[garde(dive)]
    refresh_token: Member<String>,
}

/// RFC 6749 section 5.1, and how long the refresh token lasts. Times in seconds.
#[derive(Serialize)]
pub struct TokensView {
    access_token: String,
    refresh_token: String,
    token_type: &'static str,
    expires_in: i64,
    refresh_expires_in: i64,
}

impl std::convert::From<TokenPair> for TokensView {
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

pub async fn login(app: Data<UseCases>, From(origin): From, Valid(body): Valid<LoginBody>) -> Result<HttpResponse, Problem> {
    let pair = app.login.execute(&body.email.take()?, body.password.take()?, &origin).await?;
    Ok(answer(StatusCode::OK, pair))
}

pub async fn refresh(
    app: Data<UseCases>,
    From(origin): From,
    Valid(body): Valid<RefreshBody>,
) -> Result<Json<TokensView>, Problem> {
    let pair = app.refresh.execute(&body.refresh_token.take()?, &origin).await?;
    Ok(Json(pair.into()))
}
