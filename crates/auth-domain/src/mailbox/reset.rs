//! Replaces a forgotten password: whoever reads the mails of an account's address may choose another. It verifies the address too.

use std::sync::Arc;

use crate::{
    accounts::ports::UserStore,
    audit::{event::AuditEvent, kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{clock::Clock, request_context::RequestContext, user::User},
    mail::{
        message::Occasion,
        proof::{ProofFault, Purpose},
        writer::MailWriter,
    },
    mailbox::{
        ports::MailboxStore,
        present::{PresentError, PresentProof, Presented},
    },
    passwords::{policy::NewPassword, ports::PasswordHasher},
};

pub struct ResetPassword {
    pub present: PresentProof,
    pub users: Arc<dyn UserStore>,
    pub mailbox: Arc<dyn MailboxStore>,
    pub hasher: Arc<dyn PasswordHasher>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl ResetPassword {
    /// # Errors
    /// [`PresentError`]; the proof is as good as before, unless the outcome is unknown.
    pub async fn execute(&self, presented: &Presented, new: NewPassword, context: &RequestContext) -> Result<(), PresentError> {
        let place = self.hasher.admit()?;
        let proof = self.present.execute(Purpose::Reset, presented, context).await?;
        let Some(user) = self.users.find_by_email(&proof.address).await?.filter(User::is_active) else {
            return Err(self.present.refuse_good(&proof, ProofFault::NoAccount, context));
        };
        let hash = self.hasher.hash(place, new).await?;
        let now = self.clock.now();
        let event = |kind| AuditEvent::new(kind, context, now).by_owner(user.id, &user.email);
        let reset = || event(EventKind::PasswordReset);
        let notice = self.writer.notice(Occasion::PasswordChanged, &user, context, now);
        let outcome = self.mailbox.reset(proof.id, user.id, user.version(), &hash, now, notice.as_ref()).await;
        let Some(ended) = outcome.or_unknown(&*self.audit, reset)? else {
            return Err(self.present.refuse_good(&proof, ProofFault::Spent, context));
        };
        self.audit.record(reset());
        for id in ended {
            self.audit.record(event(EventKind::SessionEnded).because(Reason::PasswordReset).in_session(id));
        }
        Ok(())
    }
}
