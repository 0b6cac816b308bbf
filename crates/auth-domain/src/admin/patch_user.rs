//! Changes what a patch says of an account.

use super::{
    AdminError,
    edit_user::EditUser,
    patch::{Patch, PatchFault},
};
use crate::{
    audit::initiator::Initiator,
    identity::{editable::Editable, ids::UserId, user::User},
};

/// What an account has to be like.
pub type Demanded<'a> = Option<&'a (dyn Fn(&Editable) -> bool + Sync)>;

#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// The account is not as it was demanded.
    #[error("the account is not the one that was read")]
    Precondition,
    #[error("the account would have a document that is none")]
    Faults(Vec<PatchFault>),
    #[error(transparent)]
    Admin(#[from] AdminError),
}

impl EditUser {
    /// The account as it is afterwards. A patch says what is to change and not from what, so it is applied anew where somebody else was
    /// faster, unless the account has to be as the caller has read it.
    ///
    /// # Errors
    /// [`PatchError`].
    pub async fn patch(&self, id: UserId, patch: &Patch, demanded: Demanded<'_>, by: &Initiator) -> Result<User, PatchError> {
        let user = self.users.find(id).await.map_err(AdminError::from)?.ok_or(AdminError::NoSuchUser)?;
        let apply = |from: Editable| patch.apply(&from).map_err(PatchError::Faults);
        let Some(is_met) = demanded else { return Ok(self.change(&user, apply, false, by).await?.user) };
        let from = Editable::from(&user);
        if !is_met(&from) {
            return Err(PatchError::Precondition);
        }
        self.execute(&user, apply(from)?, false, by).await.map_err(|error| match error {
            AdminError::ChangedMeanwhile => PatchError::Precondition,
            AdminError::EmailTaken | AdminError::NoSuchUser | AdminError::LastAdministrator | AdminError::Port(_) => error.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        accounts::ports::{Edited, MockUserAdminStore, UserStore},
        testing::{clock, no_mail},
        testkit::{
            MemoryAudit, MemoryStore,
            samples::{operator, user},
        },
    };

    /// A store that says so many times that somebody else was faster.
    async fn patched(faster: usize, demanded: Demanded<'_>) -> Result<User, PatchError> {
        let (store, ann) = (MemoryStore::default(), user("ann@example.org"));
        let _kept = store.insert(&ann, None, None).await.unwrap();
        let mut directory = MockUserAdminStore::new();
        directory.expect_edit().times(..=faster).returning(|_, _, _, _, _, _| Ok(Edited::ChangedMeanwhile));
        let after = User { roles: "staff".parse().unwrap(), ..ann.clone() };
        directory
            .expect_edit()
            .returning(move |_, _, _, _, _, _| Ok(Edited::Yes { user: Box::new(after.clone()), ended: Vec::new() }));
        let edit = EditUser {
            users: Arc::new(store),
            directory: Arc::new(directory),
            writer: no_mail(),
            audit: Arc::new(MemoryAudit::default()),
            clock: clock(),
            with_factor: false,
        };
        let patch = Patch { roles: Some("staff".parse().unwrap()), ..Patch::default() };
        edit.patch(ann.id, &patch, demanded, &operator()).await
    }

    #[tokio::test]
    async fn a_patch_is_applied_to_what_somebody_else_has_made_of_the_account() {
        assert!(patched(3, None).await.unwrap().roles.has("staff"));
        assert!(matches!(patched(100, None).await, Err(PatchError::Admin(AdminError::ChangedMeanwhile))));
    }

    #[tokio::test]
    async fn an_account_that_was_read_has_to_be_still_the_same() {
        assert!(patched(0, Some(&|_| true)).await.unwrap().roles.has("staff"));
        assert!(matches!(patched(0, Some(&|_| false)).await, Err(PatchError::Precondition)));
        assert!(matches!(patched(1, Some(&|_| true)).await, Err(PatchError::Precondition)));
    }
}
