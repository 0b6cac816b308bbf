//! Who administers accounts, and that somebody stays who can.

use crate::identity::user::User;

/// Whether a change may leave nobody who could administer accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastAdministrator {
    /// Of the administrators who could act, one has to stay.
    Stays {
        /// Whether one without a second factor could not act.
        with_factor: bool,
    },
    /// Whoever changes it knows what they do.
    MayGo,
}

/// Another administrator who could act, and has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Another {
    pub with_factor: bool,
}

impl LastAdministrator {
    /// Stays, unless it is forced.
    #[must_use]
    pub fn unless(force: bool, with_factor: bool) -> Self {
        if force { Self::MayGo } else { Self::Stays { with_factor } }
    }

    /// Who has to be there besides an account for a change of it, by which it becomes `after`, or goes. `None` where nobody has to:
    /// the change takes away no administrator.
    #[must_use]
    pub fn needs(self, before: &User, after: Option<&User>) -> Option<Another> {
        match self {
            Self::MayGo => None,
            Self::Stays { with_factor } => {
                let could = before.could_administer(with_factor);
                let can = after.is_some_and(|after| after.could_administer(with_factor));
                (could && !can).then_some(Another { with_factor })
            }
        }
    }
}

#[cfg(test)]
mod tests;
