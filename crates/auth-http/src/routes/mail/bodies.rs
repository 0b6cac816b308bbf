//! What the endpoints of mail take. A proof is one of several things, and so is what comes with it.

use auth_domain::{
    identity::email::Email,
    mailbox::{present::Presented, verify::Claim},
    passwords::policy::{ChosenPassword, PasswordAttempt},
};
use utoipa::ToSchema;

use crate::web::json_body::{FromMembers, Members, Told};

#[derive(ToSchema)]
pub struct AddressBody {
    #[schema(value_type = String, format = "email", max_length = 254, examples("ann@example.org"))]
    pub(super) email: Email,
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
    pub(super) proof: Presented,
    pub(super) claim: Option<Claim>,
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
    pub(super) new_password: String,
}

pub struct ResetBody {
    pub(super) proof: Presented,
    pub(super) new_password: ChosenPassword,
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
    pub(super) new_email: Email,
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
    pub(super) token: String,
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
