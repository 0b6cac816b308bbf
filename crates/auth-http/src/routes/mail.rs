//! Proofs of a mailbox: asked for by an address, used by a token or a code from a mail. Only a server that sends mails has these.

use actix_web::HttpResponse;
use auth_domain::{
    identity::email::Email,
    mailbox::{confirm_change::Confirmation, present::Presented, verify::Claim},
    passwords::policy::{ChosenPassword, PasswordAttempt},
    sessions::authenticate::SignedIn,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::{
    caller::{AnyCaller, Context, Fresh},
    json_body::{FromMembers, JsonBody, Members, Told},
    mailing::Mailing,
    problem::Problem,
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

#[derive(ToSchema)]
pub struct AddressBody {
    #[schema(value_type = String, format = "email", max_length = 254, examples("ann@example.org"))]
    email: Email,
}

impl FromMembers for AddressBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        Ok(Self { email: members.required("email")? })
    }
}

/// A proof of a mailbox: `token`, from the link of a mail, or `email` and the `code` of the newest mail to it. With it `password`,
/// that of the account or registration, or `new_password`, for a registration, or a bearer token of the account.
#[derive(ToSchema)]
#[schema(as = VerifyBody)]
#[expect(dead_code, reason = "for the API document: bodies are one of several")]
pub(crate) struct VerifySchema {
    token: Option<String>,
    #[schema(format = "email", max_length = 254)]
    email: Option<String>,
    #[schema(examples("04839217"))]
    code: Option<String>,
    #[schema(format = "password")]
    password: Option<String>,
    #[schema(format = "password", min_length = 8, max_length = 128)]
    new_password: Option<String>,
}

pub struct VerifyBody {
    proof: Presented,
    claim: Option<Claim>,
}

impl FromMembers for VerifyBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (proof, claim) = (presented(members), claim(members));
        Ok(Self { proof: proof?, claim: claim? })
    }
}

/// A proof of a mailbox: `token`, from the link of a mail, or `email` and the `code` of the newest mail to it.
#[derive(ToSchema)]
#[schema(as = ResetPasswordBody)]
#[expect(dead_code, reason = "for the API document: bodies are one of several")]
pub(crate) struct ResetSchema {
    token: Option<String>,
    #[schema(format = "email", max_length = 254)]
    email: Option<String>,
    #[schema(examples("04839217"))]
    code: Option<String>,
    #[schema(format = "password", min_length = 8, max_length = 128, examples("Another-Horse-8-Staple"))]
    new_password: String,
}

pub struct ResetBody {
    proof: Presented,
    new_password: ChosenPassword,
}

impl FromMembers for ResetBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let (proof, new_password) = (presented(members), members.required("new_password"));
        Ok(Self { proof: proof?, new_password: new_password? })
    }
}

#[derive(ToSchema)]
pub struct ChangeEmailBody {
    #[schema(value_type = String, format = "email", max_length = 254, examples("ann@new.example"))]
    new_email: Email,
}

impl FromMembers for ChangeEmailBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        Ok(Self { new_email: members.required("new_email")? })
    }
}

/// `token`, from the link of a mail, or with a bearer token the `code` of the mail.
#[derive(ToSchema)]
#[schema(as = ConfirmEmailBody)]
#[expect(dead_code, reason = "for the API document: bodies are one of several")]
pub(crate) struct ConfirmSchema {
    token: Option<String>,
    #[schema(examples("04839217"))]
    code: Option<String>,
}

pub enum ConfirmBody {
    Token(String),
    Code(String),
}

impl FromMembers for ConfirmBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        match (members.has("token"), members.has("code")) {
            (false, true) => Ok(Self::Code(members.required("code")?)),
            (true, true) => Err(both(members)),
            (_, false) => Ok(Self::Token(members.required("token")?)),
        }
    }
}

#[derive(ToSchema)]
pub struct TokenBody {
    token: String,
}

impl FromMembers for TokenBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        Ok(Self { token: members.required("token")? })
    }
}

/// A token, or an address and a code.
fn presented(members: &mut Members) -> Result<Presented, Told> {
    let is_typed = members.has("email") || members.has("code");
    match (members.has("token"), is_typed) {
        (true, true) => Err(both(members)),
        (false, true) => {
            let (address, code) = (members.required("email"), members.required("code"));
            Ok(Presented::Code { address: address?, account: None, code: code? })
        }
        (_, false) => Ok(Presented::Token(members.required("token")?)),
    }
}

fn both(members: &mut Members) -> Told {
    members.fault("token", "exclusive", "must not come with a code: send one of them")
}

fn claim(members: &mut Members) -> Result<Option<Claim>, Told> {
    Ok(match (members.has("password"), members.has("new_password")) {
        (true, true) => {
            return Err(members.fault("password", "exclusive", "must not come with a new password: send one of them"));
        }
        (true, false) => Some(Claim::Password(members.required::<PasswordAttempt>("password")?)),
        (false, true) => Some(Claim::NewPassword(members.required("new_password")?)),
        (false, false) => None,
    })
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
    Fresh(caller, body): Fresh<ChangeEmailBody>,
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
