//! The owner of an account changes what they say of themselves, by a merge patch (RFC 7396).

use std::sync::Arc;

use serde_json::Value;

use crate::{
    accounts::ports::{Edited, UserAdminStore, UserStore},
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{
        administrator::LastAdministrator,
        clock::Clock,
        document::DocumentFault,
        editable::{Editable, Member},
        port_error::PortError,
        request_context::RequestContext,
        user::User,
    },
    sessions::authenticate::SignedIn,
};

/// How often a change is tried while others change the account.
const TRIES: usize = 8;

pub struct ChangeProfile {
    pub users: Arc<dyn UserStore>,
    pub directory: Arc<dyn UserAdminStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeProfileError {
    #[error("the profile {0}")]
    Document(#[from] DocumentFault),
    /// The account was deleted or disabled meanwhile.
    #[error("the token is not valid")]
    Gone,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl ChangeProfile {
    /// The account afterwards. The patch is applied to the profile as it is by now: whoever changes the account at the same time loses
    /// nothing by it. Where nothing differs, nothing is done.
    ///
    /// # Errors
    /// [`ChangeProfileError`].
    pub async fn execute(&self, caller: &SignedIn, patch: &Value, context: &RequestContext) -> Result<User, ChangeProfileError> {
        let mut user = caller.user.clone();
        for _try in 0..TRIES {
            let (from, profile) = (Editable::from(&user), user.profile.patched(patch)?);
            if profile == user.profile {
                return Ok(user);
            }
            let (to, now) = (Editable { profile, ..from.clone() }, self.clock.now());
            let changed = || caller.event(EventKind::UserUpdated, context, now).of_members([Member::Profile]);
            let outcome = self.directory.edit(user.id, &from, &to, LastAdministrator::MayGo, now, None).await;
            match outcome.or_unknown(&*self.audit, changed)? {
                Edited::Yes { user, .. } => {
                    self.audit.record(changed());
                    return Ok(*user);
                }
                Edited::NoSuchUser => return Err(ChangeProfileError::Gone),
                // The other two cannot be: it keeps its address, and its roles.
                Edited::ChangedMeanwhile | Edited::EmailTaken | Edited::LastAdministrator => {}
            }
            let found = self.users.find(user.id).await?;
            user = found.filter(User::is_active).ok_or(ChangeProfileError::Gone)?;
        }
        Err(PortError::Unavailable("others change the account again and again".into()).into())
    }
}

#[cfg(test)]
mod tests;
