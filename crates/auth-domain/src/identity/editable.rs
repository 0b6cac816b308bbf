//! What an administrator may change of an account by saying how it is to be.

use crate::identity::{document::Document, email::Email, named::named, role::Roles, user::User};

named! {
    /// A member of an account that can be changed.
    Member {
        Email = "email",
        Roles = "roles",
        Profile = "profile",
        Attributes = "attributes",
        EmailVerified = "email_verified",
        Disabled = "disabled",
    }
}

/// What can be changed of an account, as it is or is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editable {
    pub email: Email,
    pub roles: Roles,
    pub profile: Document,
    pub attributes: Document,
    pub email_verified: bool,
    pub disabled: bool,
}

impl From<&User> for Editable {
    fn from(user: &User) -> Self {
        Self {
            email: user.email.clone(),
            roles: user.roles.clone(),
            profile: user.profile.clone(),
            attributes: user.attributes.clone(),
            email_verified: user.email_verified_at.is_some(),
            disabled: !user.is_active(),
        }
    }
}

impl Editable {
    /// In what this and another differ.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Member> {
        let differs = |member: &Member| match member {
            Member::Email => self.email != other.email,
            Member::Roles => self.roles != other.roles,
            Member::Profile => self.profile != other.profile,
            Member::Attributes => self.attributes != other.attributes,
            Member::EmailVerified => self.email_verified != other.email_verified,
            Member::Disabled => self.disabled != other.disabled,
        };
        Member::ALL.into_iter().filter(differs).collect()
    }
}
