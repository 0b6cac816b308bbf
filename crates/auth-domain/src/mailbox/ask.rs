//! Asks for a proof of a mailbox: a mail, for whoever reads the mails of an address. Whether the address has an account makes no
//! difference here: what the mail says, if anything, is decided when it is sent.

use std::sync::Arc;

use crate::{
    audit::{
        event::{AuditEvent, Target},
        initiator::Initiator,
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

    /// The same of an account, by somebody who administers it: in its owner's language.
    ///
    /// # Errors
    /// An outage.
    pub async fn reset_for(&self, user: &User, by: &Initiator) -> Result<(), PortError> {
        let now = self.clock.now();
        let context = RequestContext { language: user.language.or(by.context.language), ..by.context.clone() };
        let mail = self.writer.reset(&user.email, &context, now);
        let event = |kind| by.event(kind, user, now);
        self.request(&mail, None, event(EventKind::ResetRequested), event(EventKind::MailSuppressed)).await
    }

    async fn ask(
        &self,
        mail: &Outgoing,
        registration: Option<&Registration>,
        kind: EventKind,
        context: &RequestContext,
    ) -> Result<(), PortError> {
        let asked = AuditEvent::new(kind, context, mail.created_at).on(Target::Address(mail.to.clone()));
        self.request(mail, registration, asked, suppressed(mail, context)).await
    }

    async fn request(
        &self,
        mail: &Outgoing,
        registration: Option<&Registration>,
        asked: AuditEvent,
        suppressed: AuditEvent,
    ) -> Result<(), PortError> {
        let requested = self.proofs.request(mail, registration).await.or_unknown(&*self.audit, || asked.clone())?;
        self.audit.record(match requested {
            Requested::Queued => asked,
            Requested::Suppressed => suppressed,
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
