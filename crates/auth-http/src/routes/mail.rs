//! Proofs of a mailbox: asked for by an address, used by a token or a code from a mail. Only a server that sends mails has these.

mod bodies;

use actix_web::HttpResponse;
use auth_domain::{
    mailbox::{confirm_change::Confirmation, verify::Claim},
    sessions::authenticate::SignedIn,
};
use serde::Serialize;
use utoipa::ToSchema;

use self::bodies::{
    AddressBody, ChangeEmailBody, ConfirmBody, ConfirmSchema, ResetBody, ResetSchema, TokenBody, VerifyBody, VerifySchema,
};
use crate::web::{
    caller::{AnyCaller, CallerWith, Context, Fresh},
    json_body::JsonBody,
    problem::Problem,
    using::Mailing,
};

/// It says nothing of whether there is such an account, or whether a mail goes out.
#[derive(Serialize, ToSchema)]
#[schema(as = Accepted)]
pub struct AcceptedView {
    #[schema(pattern = "^(accepted|verification_sent)$", examples("accepted"))]
    status: &'static str,
}

/// The answer to whoever asks for a mail.
pub(super) fn accepted(status: &'static str) -> HttpResponse {
    HttpResponse::Accepted().json(AcceptedView { status })
}

/// Ask for a mail that verifies an address.
///
/// Always the same answer: it does not say whether the address has an account. An account or a registration whose address is not
/// verified yet gets a mail, at most one in a minute and five in an hour.
#[utoipa::path(
    post, path = "/auth/email/verification",
    request_body = AddressBody,
    responses((status = 202, description = "If there is something to verify, a mail is on its way.", body = AcceptedView)),
)]
pub async fn request_verification(
    mail: Mailing,
    Context(context): Context,
    JsonBody(body): JsonBody<AddressBody>,
) -> Result<HttpResponse, Problem> {
    mail.ask.verification(&body.email, &context).await?;
    Ok(accepted("accepted"))
}

/// Verify an address.
///
/// Takes the proof from a mail, and what shows that the account is the caller's: its password, or a bearer token of it. Of a
/// registration, which is no account yet, whoever proves the mailbox may choose the password.
#[utoipa::path(
    post, path = "/auth/email/verify", security((), ("bearer" = [])),
    request_body = VerifySchema,
    responses((status = 204, description = "The address is verified.")),
)]
pub async fn verify(
    mail: Mailing,
    Context(context): Context,
    AnyCaller(caller, body): AnyCaller<VerifyBody>,
) -> Result<HttpResponse, Problem> {
    let claim = caller.map(|caller| Claim::Bearer(Box::new(caller))).or(body.claim);
    let claim = claim.ok_or_else(|| Problem::parameter("password", "missing", "is required"))?;
    mail.verify.execute(&body.proof, claim, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Say that a password was forgotten.
///
/// Always the same answer: it does not say whether the address has an account. An active account gets a mail, at most one in a
/// minute and five in an hour.
#[utoipa::path(
    post, path = "/auth/password/forgot",
    request_body = AddressBody,
    responses((status = 202, description = "If there is an account, a mail is on its way.", body = AcceptedView)),
)]
pub async fn forgot(
    mail: Mailing,
    Context(context): Context,
    JsonBody(body): JsonBody<AddressBody>,
) -> Result<HttpResponse, Problem> {
    mail.ask.reset(&body.email, &context).await?;
    Ok(accepted("accepted"))
}

/// Choose another password, with the proof from a mail.
///
/// Ends every session of the account. A password that is refused does not use the proof up.
#[utoipa::path(
    post, path = "/auth/password/reset",
    request_body = ResetSchema,
    responses((status = 204, description = "The new password counts, and the address is verified.")),
)]
pub async fn reset(
    mail: Mailing,
    Context(context): Context,
    JsonBody(body): JsonBody<ResetBody>,
) -> Result<HttpResponse, Problem> {
    mail.reset.execute(&body.proof, body.new_password, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ask for another address.
///
/// A proof goes to the new address, a notice to the present one. The answer does not say whether the new address is taken. The
/// caller has to be fresh.
#[utoipa::path(
    post, path = "/auth/email", security(("bearer" = [])),
    request_body = ChangeEmailBody,
    responses((status = 202, description = "A mail is on its way.", body = AcceptedView)),
)]
pub async fn request_change(
    mail: Mailing,
    Context(context): Context,
    CallerWith(caller, body, ..): Fresh<ChangeEmailBody>,
) -> Result<HttpResponse, Problem> {
    mail.request_change.execute(&caller, body.new_email, &context).await?;
    Ok(accepted("accepted"))
}

/// Confirm another address.
///
/// By the token of the mail's link, or with a bearer token by its code. Sessions stay; the next refresh carries the new address.
#[utoipa::path(
    post, path = "/auth/email/confirm", security((), ("bearer" = [])),
    request_body = ConfirmSchema,
    responses((status = 204, description = "The account has the new address, and it is verified.")),
)]
pub async fn confirm_change(
    mail: Mailing,
    Context(context): Context,
    AnyCaller(caller, body): AnyCaller<ConfirmBody>,
) -> Result<HttpResponse, Problem> {
    mail.confirm_change.execute(confirmation(body, caller)?, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn confirmation(body: ConfirmBody, caller: Option<SignedIn>) -> Result<Confirmation, Problem> {
    let caller = caller.map(Box::new);
    Ok(match body {
        ConfirmBody::Token(token) => Confirmation::Token { token, caller },
        ConfirmBody::Code(code) => Confirmation::Code { code, caller: caller.ok_or_else(Problem::token_missing)? },
    })
}

/// Say "this was not me", with the token of a notice's link.
///
/// Every session ends, an address that was changed is put back, the password is void until a reset, and a mail for one goes out.
#[utoipa::path(
    post, path = "/auth/undo",
    request_body = TokenBody,
    responses((status = 204, description = "It is undone.")),
)]
pub async fn undo(
    mail: Mailing,
    Context(context): Context,
    JsonBody(body): JsonBody<TokenBody>,
) -> Result<HttpResponse, Problem> {
    mail.undo.execute(body.token, &context).await?;
    Ok(HttpResponse::NoContent().finish())
}
