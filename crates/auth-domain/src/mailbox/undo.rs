//! "This was not me": whoever reads the mails of the address that a notice went to takes the account back.

use std::sync::Arc;

use crate::{
    accounts::ports::UserStore,
    audit::{event::AuditEvent, kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{clock::Clock, request_context::RequestContext},
    mail::{
        message::Outgoing,
        proof::{ProofFault, Purpose},
        writer::MailWriter,
    },
    mailbox::{
        ports::MailboxStore,
        present::{PresentError, PresentProof, Presented},
    },
};

pub struct Undo {
    pub present: PresentProof,
    pub users: Arc<dyn UserStore>,
    pub mailbox: Arc<dyn MailboxStore>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl Undo {
    /// Ends every session, puts the address back, takes the password away, and sends a proof for a new one.
    ///
    /// # Errors
    /// [`PresentError`]; the proof is as good as before, unless the outcome is unknown.
    pub async fn execute(&self, token: String, context: &RequestContext) -> Result<(), PresentError> {
        let proof = self.present.execute(Purpose::Undo, &Presented::Token(token), context).await?;
        let user = match proof.user {
            Some(id) => self.users.find(id).await?,
            None => None,
        };
        let Some(user) = user else { return Err(self.present.refuse_good(&proof, ProofFault::NoAccount, context)) };
        let now = self.clock.now();
        let event = |kind| AuditEvent::new(kind, context, now).by_owner(user.id, &proof.address);
        let undone = || event(EventKind::Undone);
        let reset = self.writer.reset(&proof.address, context, now);
        let reset = Outgoing { language: reset.language.or(user.language), ..reset };
        let Some(outcome) = self.mailbox.undo(proof.id, now, &reset).await.or_unknown(&*self.audit, undone)? else {
            return Err(self.present.refuse_good(&proof, ProofFault::Spent, context));
        };
        self.audit.record(undone());
        for id in outcome.ended {
            self.audit.record(event(EventKind::SessionEnded).because(Reason::Undone).in_session(id));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
