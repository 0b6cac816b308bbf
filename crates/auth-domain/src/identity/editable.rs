//! What an administrator may change of an account by saying how it is to be.

use chrono::{DateTime, Utc};

use crate::identity::{
    document::Document,
    email::Email,
    named::named,
    role::Roles,
    user::{AccountState, User},
};

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
    /// With another address, which nobody has proven.
    #[must_use]
    pub fn moved_to(self, email: Email) -> Self {
        let email_verified = self.email_verified && self.email == email;
        Self { email, email_verified, ..self }
    }

    /// The account once it is as this says.
    #[must_use]
    pub fn applied_to(&self, user: &User, now: DateTime<Utc>) -> User {
        let members = Self::from(user).differences(self);
        let changes = |member| members.contains(&member);
        let its_state = changes(Member::Email) || changes(Member::EmailVerified) || changes(Member::Disabled);
        let is_described = changes(Member::Roles) || changes(Member::Profile) || changes(Member::Attributes);
        // Another address is verified by the word of whoever gives it.
        let verified_before = user.email_verified_at.filter(|_at| !changes(Member::Email));
        let state = if self.disabled { AccountState::Disabled { since: now } } else { AccountState::Active };
        User {
            email: self.email.clone(),
            email_verified_at: self.email_verified.then(|| verified_before.unwrap_or(now)),
            state: if changes(Member::Disabled) { state } else { user.state },
            pending_email: user.pending_email.clone().filter(|_pending| !voids_proofs(&members, self)),
            version: if its_state { user.version + 1 } else { user.version },
            updated_at: if its_state { now } else { user.updated_at },
            roles: self.roles.clone(),
            profile: self.profile.clone(),
            attributes: self.attributes.clone(),
            described_at: if is_described { Some(now) } else { user.described_at },
            ..user.clone()
        }
    }

    /// Whether a change to this voids the open proofs of an account and drops its pending address: they were for another address, or
    /// for somebody who may not come in any more.
    #[must_use]
    pub fn voids_proofs_of(&self, user: &User) -> bool {
        voids_proofs(&Self::from(user).differences(self), self)
    }

    /// Whether a change to this ends the sessions of an account.
    #[must_use]
    pub fn ends_sessions_of(&self, user: &User) -> bool {
        self.disabled && user.is_active()
    }
}

fn voids_proofs(changes: &[Member], to: &Editable) -> bool {
    changes.contains(&Member::Email) || (changes.contains(&Member::Disabled) && to.disabled)
}

#[cfg(test)]
mod tests;
