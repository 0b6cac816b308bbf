//! Replaces a forgotten password: whoever reads the mails of an account's address may choose another. It verifies the address too.

use std::sync::Arc;

use crate::{
    accounts::ports::UserStore,
    audit::{event::AuditEvent, kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext, user::User},
    mail::{
        message::Occasion,
        proof::{ProofFault, Purpose},
        writer::MailWriter,
    },
    mailbox::{
        ports::MailboxStore,
        present::{PresentError, PresentProof, Presented},
    },
    passwords::{
        policy::{ChosenPassword, PasswordFault, PasswordPolicy},
        ports::PasswordHasher,
    },
};

pub struct ResetPassword {
    pub present: PresentProof,
    pub users: Arc<dyn UserStore>,
    pub mailbox: Arc<dyn MailboxStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    /// What a password may be. Asked once the proof is good: whoever has none learns nothing of it.
    pub policy: PasswordPolicy,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    #[error("the proof is not good")]
    Proof,
    #[error("the password is not one for an account of this address")]
    Password(Vec<PasswordFault>),
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<PresentError> for ResetPasswordError {
    fn from(error: PresentError) -> Self {
        match error {
            PresentError::Refused => Self::Proof,
            PresentError::Port(error) => Self::Port(error),
        }
    }
}

impl ResetPassword {
    /// # Errors
    /// [`ResetPasswordError`]; the proof is as good as before, unless the outcome is unknown.
    pub async fn execute(
        &self,
        presented: &Presented,
        new: ChosenPassword,
        context: &RequestContext,
    ) -> Result<(), ResetPasswordError> {
        let place = self.hasher.admit()?;
        let proof = self.present.execute(Purpose::Reset, presented, context).await?;
        let Some(user) = self.users.find_by_email(&proof.address).await?.filter(User::is_active) else {
            return Err(self.present.refuse_good(&proof, ProofFault::NoAccount, context).into());
        };
        let new = self.policy.accept(new.expose(), Some(&user.email)).map_err(ResetPasswordError::Password)?;
        let hash = self.hasher.hash(place, new).await?;
        let now = self.clock.now();
        let event = |kind| AuditEvent::new(kind, context, now).by_owner(user.id, &user.email);
        let reset = || event(EventKind::PasswordReset);
        let notice = self.writer.notice(Occasion::PasswordChanged, &user, context, now);
        let outcome = self.mailbox.reset(proof.id, user.id, user.version(), &hash, now, notice.as_ref()).await;
        let Some(ended) = outcome.or_unknown(&*self.audit, reset)? else {
            return Err(self.present.refuse_good(&proof, ProofFault::Spent, context).into());
        };
        self.audit.record(reset());
        for id in ended {
            self.audit.record(event(EventKind::SessionEnded).because(Reason::PasswordReset).in_session(id));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
