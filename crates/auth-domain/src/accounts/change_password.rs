//! Changes the password: the caller proves the current one, and every other session ends.

use std::{sync::Arc, time::Duration};

use crate::{
    accounts::ports::UserStore,
    audit::{event::AuditEvent, kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{clock::Clock, password_hash::PasswordHash, port_error::PortError, request_context::RequestContext},
    mail::{message::Occasion, writer::MailWriter},
    passwords::{
        policy::{NewPassword, PasswordAttempt},
        ports::PasswordHasher,
        verify::{PasswordVerifier, Verdict},
    },
    sessions::authenticate::SignedIn,
};

pub struct ChangePassword {
    pub users: Arc<dyn UserStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub proof: PasswordVerifier,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("the current password is wrong")]
    Mismatch,
    #[error("the new password is the current one")]
    Unchanged,
    #[error("too many attempts")]
    TooManyAttempts { retry_after: Duration },
    #[error(transparent)]
    Port(#[from] PortError),
}

impl ChangePassword {
    /// # Errors
    /// [`ChangePasswordError`]; the password and the sessions are then as they were, unless the outcome is unknown.
    pub async fn execute(
        &self,
        caller: &SignedIn,
        current: PasswordAttempt,
        new: NewPassword,
        context: &RequestContext,
    ) -> Result<(), ChangePasswordError> {
        let user = &caller.user;
        let unchanged = current.expose() == new.expose();
        let place = self.hasher.admit()?;
        match self.proof.verify(place, &user.email, Some(user), current, context).await? {
            Verdict::Right => {}
            Verdict::Wrong => {
                self.audit.record(caller.failed_login(context, self.clock.now()));
                return Err(self.refuse(caller, Reason::WrongPassword, context, ChangePasswordError::Mismatch));
            }
            Verdict::Throttled { retry_after } => return Err(ChangePasswordError::TooManyAttempts { retry_after }),
        }
        if unchanged {
            return Err(self.refuse(caller, Reason::Unchanged, context, ChangePasswordError::Unchanged));
        }
        let hash = match self.hashed(new).await {
            Ok(hash) => hash,
            // Recorded, since the caller now knows that the current password is right.
            Err(fault) => return Err(self.refuse(caller, Reason::NotHashed, context, fault.into())),
        };
        let now = self.clock.now();
        let own = caller.session.id;
        let event = |kind| AuditEvent::new(kind, context, now).by_owner(user.id, &user.email);
        let changed = || event(EventKind::PasswordChanged).in_session(own);
        let notice = self.writer.notice(Occasion::PasswordChanged, user, context, now);
        let proven = user.version();
        let outcome = self.users.change_password(user.id, proven, &hash, Some(own), now, notice.as_ref()).await;
        // Another change won the race: what was proven is no longer so.
        let Some(ended) = outcome.or_unknown(&*self.audit, changed)? else {
            return Err(self.refuse(caller, Reason::ChangedMeanwhile, context, ChangePasswordError::Mismatch));
        };
        self.audit.record(changed());
        for id in ended {
            self.audit.record(event(EventKind::SessionEnded).because(Reason::PasswordChanged).in_session(id));
        }
        Ok(())
    }

    async fn hashed(&self, new: NewPassword) -> Result<PasswordHash, PortError> {
        let place = self.hasher.admit()?;
        self.hasher.hash(place, new).await
    }

    fn refuse(
        &self,
        caller: &SignedIn,
        why: Reason,
        context: &RequestContext,
        error: ChangePasswordError,
    ) -> ChangePasswordError {
        self.audit.record(caller.event(EventKind::PasswordChangeRefused, context, self.clock.now()).because(why));
        error
    }
}

#[cfg(test)]
mod tests;
