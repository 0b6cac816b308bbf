//! What administrators ask for.

use std::collections::BTreeMap;

use auth_domain::{
    admin::{
        create_user::{FirstPassword, NewAccount},
        patch::{Patch, PatchFault},
    },
    identity::{
        document::{Document, DocumentFault},
        editable::Member,
        email::Email,
        role::{Role, RoleFault, Roles},
    },
    passwords::policy::NewPassword,
};
use serde_json::Value;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    app::use_cases::UseCases,
    web::{
        json_body::{FromMembers, Members, Told},
        problem::{FaultCode, FieldError, Problem},
    },
};

/// A new account, and what it is to log in with.
pub(crate) struct CreateBody {
    account: NewAccount,
    hash: Option<Zeroizing<String>>,
}

/// How the document shows it.
#[derive(ToSchema)]
#[schema(as = CreateUserBody)]
#[expect(dead_code, reason = "only its shape matters")]
pub(crate) struct CreateSchema {
    #[schema(format = "email", max_length = 254, examples("ann@example.org"))]
    email: String,
    /// Or `password_hash`, or neither: then a mail invites its owner to choose one, where mails are sent.
    #[schema(required = false, format = "password", max_length = 128)]
    password: Option<String>,
    /// As another system stored it.
    #[schema(required = false, examples("$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"))]
    password_hash: Option<String>,
    #[schema(required = false, max_items = 32)]
    roles: Option<Vec<String>>,
    /// At most 4 KiB of compact JSON, five levels deep.
    #[schema(required = false, value_type = Option<Object>)]
    profile: Option<BTreeMap<String, Value>>,
    /// At most 4 KiB of compact JSON, five levels deep.
    #[schema(required = false, value_type = Option<Object>)]
    attributes: Option<BTreeMap<String, Value>>,
    #[schema(required = false)]
    email_verified: bool,
    #[schema(required = false)]
    disabled: bool,
}

/// How the document shows a patch.
#[derive(ToSchema)]
#[schema(as = UserPatch)]
#[expect(dead_code, reason = "only its shape matters")]
pub(crate) struct PatchSchema {
    #[schema(required = false, format = "email", max_length = 254)]
    email: String,
    /// All of them; `null` is none.
    #[schema(required = false, max_items = 32)]
    roles: Option<Vec<String>>,
    /// A merge patch (RFC 7396); `null` clears it.
    #[schema(required = false, value_type = Option<Object>)]
    profile: Option<BTreeMap<String, Value>>,
    /// A merge patch (RFC 7396); `null` clears it.
    #[schema(required = false, value_type = Option<Object>)]
    attributes: Option<BTreeMap<String, Value>>,
    #[schema(required = false)]
    email_verified: bool,
    #[schema(required = false)]
    disabled: bool,
}

impl FromMembers for CreateBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        let email = members.required::<Email>("email");
        if let Ok(email) = &email {
            members.owned_by(email);
        }
        if members.has("password") {
            members.refuse(&["password_hash"], "not_both", "cannot be given with a password");
        }
        let (password, hash) = (members.optional::<NewPassword>("password"), members.optional::<String>("password_hash"));
        let roles = roles(members);
        let (profile, attributes) = (document(members, "profile"), document(members, "attributes"));
        let (email_verified, disabled) = (members.boolean("email_verified"), members.boolean("disabled"));
        let password = password?.map_or(FirstPassword::Missing, FirstPassword::Chosen);
        Ok(Self {
            hash: hash?.map(Zeroizing::new),
            account: NewAccount {
                email: email?,
                password,
                roles: roles?.unwrap_or_default(),
                profile: profile?,
                attributes: attributes?,
                email_verified: email_verified?.unwrap_or(false),
                disabled: disabled?.unwrap_or(false),
            },
        })
    }
}

impl CreateBody {
    /// The account as it is to be: where nothing is given to log in with, a mail asks for it if this server sends any.
    ///
    /// # Errors
    /// `validation_failed`: this server could never verify the hash.
    pub(crate) fn account(self, app: &UseCases) -> Result<NewAccount, Problem> {
        let Self { mut account, hash } = self;
        match (hash, &account.password) {
            (Some(hash), _) => {
                let told = |fault| format!("must be a hash that this server can verify; this one is {fault}");
                let unreadable = |fault| Problem::parameter("password_hash", "unknown_format", &told(fault));
                account.password = app.admin.create.hashed(hash.to_string()).map_err(unreadable)?;
            }
            (None, FirstPassword::Missing) if app.mail.is_some() => account.password = FirstPassword::Invited,
            (None, FirstPassword::Missing | FirstPassword::Chosen(_) | FirstPassword::Hashed(_) | FirstPassword::Invited) => {}
        }
        Ok(account)
    }
}

/// A change of an account.
pub(crate) struct PatchBody(pub(crate) Patch);

impl FromMembers for PatchBody {
    fn from_members(members: &mut Members) -> Result<Self, Told> {
        // `null` would take it away, and there is no account without one.
        let email = match members.raw_is_null("email") {
            true => members.required("email").map(Some),
            false => members.optional("email"),
        };
        let roles = roles(members);
        let (email_verified, disabled) = (members.boolean("email_verified"), members.boolean("disabled"));
        let (profile, attributes) = (members.patch("profile"), members.patch("attributes"));
        members.refuse_others("is no member that can be changed");
        Ok(Self(Patch {
            email: email?,
            roles: roles?,
            profile: profile?,
            attributes: attributes?,
            email_verified: email_verified?,
            disabled: disabled?,
        }))
    }
}

/// The faults of the documents that a patch would make.
pub(crate) fn told(faults: &[PatchFault]) -> Problem {
    let told = |PatchFault { member, fault }: &PatchFault| FieldError::new(member.name(), fault.code(), fault);
    Problem::validation(faults.iter().map(told).collect())
}

pub(super) fn roles(members: &mut Members) -> Result<Option<Roles>, Told> {
    let Some(roles) = members.list::<Role>(Member::Roles.name())? else { return Ok(None) };
    Roles::of(roles).map(Some).map_err(|fault| members.fault(Member::Roles.name(), fault.code(), fault))
}

pub(super) fn document(members: &mut Members, name: &'static str) -> Result<Document, Told> {
    match members.raw(name) {
        None | Some(Value::Null) => Ok(Document::default()),
        Some(Value::Object(given)) => Document::of(given).map_err(|fault| members.fault(name, fault.code(), fault)),
        Some(_) => Err(members.fault(name, DocumentFault::NoObject.code(), DocumentFault::NoObject)),
    }
}

impl FaultCode for RoleFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Name => "invalid_role",
            Self::TooMany => "too_many",
        }
    }
}
