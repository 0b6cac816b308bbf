//! What factors look like from outside, and what is asked of them.

use auth_domain::{
    factors::{
        factor::{Factor, FactorName},
        recovery_code::{RecoveryCode, RecoveryCodes},
    },
    mfa::{add::FactorAdded, enrol_totp::Enrolment, ports::FactorList},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    routes::{sign_in::AccessTokenView, views::timestamp},
    web::json_body::{FromMembers, Members, Told},
};

/// A name is optional.
#[derive(ToSchema)]
pub struct NameBody {
    /// 1 to 64 characters without controls.
    #[schema(value_type = Option<String>, required = false, max_length = 64, examples("Ann's phone"))]
    pub name: Option<FactorName>,
}

impl FromMembers for NameBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        Ok(Self { name: members.optional("name")? })
    }
}

#[derive(ToSchema)]
pub struct RenameBody {
    /// 1 to 64 characters without controls.
    #[schema(value_type = String, max_length = 64, examples("Ann's phone"))]
    pub name: FactorName,
}

impl FromMembers for RenameBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        Ok(Self { name: members.required("name")? })
    }
}

#[derive(ToSchema)]
pub struct CodeBody {
    /// Six digits, as the app shows them.
    #[schema(examples("287082"))]
    pub code: String,
}

impl FromMembers for CodeBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        Ok(Self { code: members.required("code")? })
    }
}

/// A factor as its owner sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Factor)]
pub struct FactorView {
    #[schema(format = "uuid", examples("01890a5d-ac96-774b-bcce-b302099a8057"))]
    id: String,
    #[schema(pattern = "^(totp|passkey)$", examples("totp"))]
    r#type: &'static str,
    #[schema(examples("Authenticator app"))]
    name: String,
    #[schema(format = "date-time", examples("2026-03-01T12:00:00.000000Z"))]
    created_at: String,
    #[schema(required, format = "date-time")]
    last_used_at: Option<String>,
}

impl From<&Factor> for FactorView {
    fn from(factor: &Factor) -> Self {
        Self {
            id: factor.id.to_string(),
            r#type: factor.method.name(),
            name: factor.name.to_string(),
            created_at: timestamp(factor.created_at),
            last_used_at: factor.last_used_at.map(timestamp),
        }
    }
}

impl FactorView {
    /// For the command line.
    pub(crate) fn in_one_line(&self) -> String {
        let Self { id, r#type, name, created_at, last_used_at } = self;
        let used = last_used_at.as_deref().unwrap_or("never");
        format!("factor      {id}  {type}  created {created_at}  last used {used}  {name}")
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Factors)]
pub struct FactorsView {
    factors: Vec<FactorView>,
    #[schema(examples(10))]
    recovery_codes_left: usize,
}

impl From<FactorList> for FactorsView {
    fn from(list: FactorList) -> Self {
        Self { factors: list.factors.iter().map(FactorView::from).collect(), recovery_codes_left: list.recovery_codes_left }
    }
}

/// An authenticator app that waits for its first code.
#[derive(Serialize, ToSchema)]
#[schema(as = TotpEnrolment)]
pub struct EnrolmentView {
    #[schema(format = "uuid", examples("01890a5d-ac96-774b-bcce-b302099a8057"))]
    id: String,
    /// Base32, for typing.
    #[schema(examples("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))]
    secret: String,
    /// For a link on a phone.
    #[schema(format = "uri", examples("otpauth://totp/Example:ann%40example.org?secret=GEZDGNBVGY3TQOJQ"))]
    uri: String,
    /// The URI as a QR code: an SVG image.
    qr: String,
}

impl From<Enrolment> for EnrolmentView {
    fn from(Enrolment { id, secret }: Enrolment) -> Self {
        Self { id: id.to_string(), secret: secret.secret, uri: secret.uri, qr: secret.qr }
    }
}

/// A factor was added.
#[derive(Serialize, ToSchema)]
#[schema(as = FactorConfirmed)]
pub struct ConfirmedView {
    /// Ten with the first factor of an account, otherwise none.
    recovery_codes: Vec<String>,
    #[serde(flatten)]
    token: AccessTokenView,
}

impl From<FactorAdded> for ConfirmedView {
    fn from(FactorAdded { recovery_codes, token }: FactorAdded) -> Self {
        Self { recovery_codes: plain(recovery_codes), token: token.into() }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub struct RecoveryCodesView {
    recovery_codes: Vec<String>,
}

impl From<RecoveryCodes> for RecoveryCodesView {
    fn from(codes: RecoveryCodes) -> Self {
        Self { recovery_codes: plain(codes.plain) }
    }
}

pub(crate) fn plain(codes: Vec<RecoveryCode>) -> Vec<String> {
    codes.into_iter().map(|RecoveryCode(code)| code).collect()
}
