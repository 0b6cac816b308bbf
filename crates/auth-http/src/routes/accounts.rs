//! One's account: make it, see it, change its password, leave.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use auth_domain::{
    email::Email,
    password::{NewPassword, PasswordAttempt},
};
use garde::Validate;
use serde::Deserialize;

use super::tokens::answer;
use crate::{
    app::UseCases,
    body::{Member, Rules, Valid},
    extract::{CurrentUser, From, Signed},
    problem::Problem,
    view::UserView,
};

#[derive(Deserialize, Validate)]
#[garde(context(Rules as rules))]
pub struct RegisterBody {
    #[serde(default)]
    #[garde(dive)]
    email: Member<Email>,
    #[serde(default)]
    #[garde(dive(rules.for_account_of(self.email.parsed())))]
    password: Member<NewPassword>,
}

#[derive(Deserialize, Validate)]
#[garde(context(Rules))]
pub struct ChangePasswordBody {
    #[serde(default)]
    #[garde(dive)]
    current_password: Member<PasswordAttempt>,
    #[serde(default)]
    #[garde(dive)]
    new_password: Member<NewPassword>,
}

#[derive(Deserialize, Validate)]
#[garde(context(Rules))]
pub struct DeleteAccountBody {
    #[serde(default)]
    #[garde(dive)]
    password: Member<PasswordAttempt>,
}

pub async fn register(
    app: Data<UseCases>,
    From(origin): From,
    Valid(body): Valid<RegisterBody>,
) -> Result<HttpResponse, Problem> {
    let pair = app.register.execute(body.email.take()?, body.password.take()?, &origin).await?;
    Ok(answer(StatusCode::CREATED, pair))
}

pub async fn me(CurrentUser(caller): CurrentUser) -> Json<UserView> {
    Json(UserView::from(&caller.user))
}

pub async fn change_password(
    app: Data<UseCases>,
    From(origin): From,
    Signed(caller, body): Signed<ChangePasswordBody>,
) -> Result<HttpResponse, Problem> {
    let (current, new) = (body.current_password.take()?, body.new_password.take()?);
    app.change_password.execute(&caller, current, new, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn delete(
    app: Data<UseCases>,
    From(origin): From,
    Signed(caller, body): Signed<DeleteAccountBody>,
) -> Result<HttpResponse, Problem> {
    app.delete_account.execute(&caller, body.password.take()?, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
