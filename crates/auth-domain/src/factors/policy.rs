//! Whether logins ask for a second factor.

use crate::identity::user::User;

/// What the operator decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MfaPolicy {
    /// Nobody is asked for one, whatever their account has.
    Off,
    /// Whoever has one is asked for it.
    #[default]
    Optional,
    /// Whoever has none may only enrol one.
    Required,
}

impl MfaPolicy {
    /// Whether the owner of an account has to show more than a password.
    #[must_use]
    pub fn asks(self, user: &User) -> bool {
        self != Self::Off && !user.second_factors.is_empty()
    }
}
