//! Asks for a proof of a mailbox: a mail, for whoever reads the mails of an address. Whether the address has an account makes no
//! difference here: what the mail says, if anything, is decided when it is sent.

use std::sync::Arc;

use crate::{
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
        unknown_outcome::Written,
    },
    identity::{clock::Clock, email::Email, method::Method, port_error::PortError, request_context::RequestContext, user::User},
    mail::{
        message::{Occasion, Outgoing},
        ports::{ProofStore, Registration, Requested},
        writer::MailWriter,
    },
};

/// Asks for proofs.
#[derive(Clone)]
pub struct AskForProof {
    pub proofs: Arc<dyn ProofStore>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl AskForProof {
    /// Of an address that is to be verified.
    ///
    /// # Errors
    /// An outage.
    pub async fn verification(&self, email: &Email, context: &RequestContext) -> Result<(), PortError> {
        let mail = self.writer.verification(Occasion::Verification, email, context, self.clock.now());
        self.ask(&mail, None, EventKind::VerificationSent, context).await
    }

    /// Of the address of an account that showed all it takes to log in, which it cannot before its address is verified.
    ///
    /// # Errors
    /// An outage.
    pub async fn refuse_login(&self, user: &User, methods: &[Method], context: &RequestContext) -> Result<(), PortError> {
        self.verification(&user.email, context).await?;
        let event = AuditEvent::new(EventKind::LoginFailed, context, self.clock.now()).on(Target::account(user));
        self.audit.record(event.by_methods(methods.iter().copied()).because(Reason::EmailUnverified));
        Ok(())
    }

    /// Of an address that somebody registered, where there is no account before it is proven.
    ///
    /// # Errors
    /// An outage.
    pub async fn registration(&self, registration: &Registration, context: &RequestContext) -> Result<(), PortError> {
        let mail = self.writer.verification(Occasion::Registration, &registration.address, context, registration.created_at);
        self.ask(&mail, Some(registration), EventKind::VerificationSent, context).await
    }

    /// Of an address whose password was forgotten.
    ///
    /// # Errors
    /// An outage.
    pub async fn reset(&self, email: &Email, context: &RequestContext) -> Result<(), PortError> {
        let mail = self.writer.reset(email, context, self.clock.now());
        self.ask(&mail, None, EventKind::ResetRequested, context).await
    }

    async fn ask(
        &self,
        mail: &Outgoing,
        registration: Option<&Registration>,
        kind: EventKind,
        context: &RequestContext,
    ) -> Result<(), PortError> {
        let event = |kind| AuditEvent::new(kind, context, mail.created_at);
        let asked = || event(kind).on(Target::Address(mail.to.clone()));
        self.audit.record(match self.proofs.request(mail, registration).await.or_unknown(&*self.audit, asked)? {
            Requested::Queued => asked(),
            Requested::Suppressed => suppressed(mail, context),
        });
        Ok(())
    }
}

/// That an address got no mail, because it has had its allowance.
pub(crate) fn suppressed(mail: &Outgoing, context: &RequestContext) -> AuditEvent {
    let event = AuditEvent::new(EventKind::MailSuppressed, context, mail.created_at);
    match &mail.proof {
        Some(proof) => event.on(Target::Mailbox { purpose: proof.purpose, email: Some(mail.to.clone()), user: proof.user }),
        None => event.on(Target::Address(mail.to.clone())),
    }
}

#[cfg(test)]
mod tests;
