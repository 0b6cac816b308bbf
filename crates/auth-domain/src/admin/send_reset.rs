//! Sends the owner of an account a mail by which they choose another password.

use std::sync::Arc;

use crate::{
    audit::{initiator::Initiator, kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext, user::User},
    mail::{
        ports::{ProofStore, Requested},
        writer::MailWriter,
    },
};

pub struct SendReset {
    pub proofs: Arc<dyn ProofStore>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl SendReset {
    /// The usual mail, in the owner's language, if the address may get another.
    ///
    /// # Errors
    /// An outage.
    pub async fn execute(&self, user: &User, by: &Initiator) -> Result<(), PortError> {
        let now = self.clock.now();
        let context = RequestContext { language: user.language.or(by.context.language), ..by.context.clone() };
        let mail = self.writer.reset(&user.email, &context, now);
        let asked = || by.event(EventKind::ResetRequested, user, now);
        self.audit.record(match self.proofs.request(&mail, None).await.or_unknown(&*self.audit, asked)? {
            Requested::Queued => asked(),
            Requested::Suppressed => by.event(EventKind::MailSuppressed, user, now),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::event::Actor,
        mail::ports::MockProofStore,
        testing::{clock, down, no_mail},
        testkit::{
            MemoryAudit,
            samples::{operator, user},
        },
    };

    async fn send(outcome: fn() -> Result<Requested, PortError>) -> (Result<(), PortError>, Vec<(EventKind, Actor)>) {
        let (mut proofs, audit) = (MockProofStore::new(), MemoryAudit::default());
        proofs.expect_request().once().returning(move |_, _| outcome());
        let send = SendReset { proofs: Arc::new(proofs), writer: no_mail(), audit: Arc::new(audit.clone()), clock: clock() };
        let outcome = send.execute(&user("ann@example.org"), &operator()).await;
        (outcome, audit.events().iter().map(|event| (event.kind, event.actor)).collect())
    }

    #[tokio::test]
    async fn the_trail_says_who_asked_and_whether_a_mail_goes_out() {
        let outcomes: [fn() -> Result<Requested, PortError>; 2] = [|| Ok(Requested::Queued), || Ok(Requested::Suppressed)];
        for (requested, kind) in outcomes.into_iter().zip([EventKind::ResetRequested, EventKind::MailSuppressed]) {
            let (outcome, events) = send(requested).await;
            assert!(outcome.is_ok());
            assert_eq!(events, [(kind, Actor::Operator)]);
        }
    }

    #[tokio::test]
    async fn an_outage_stays_an_outage() {
        let (outcome, events) = send(down).await;
        assert!(matches!(outcome, Err(PortError::Unavailable(_))) && events.is_empty());
    }
}
