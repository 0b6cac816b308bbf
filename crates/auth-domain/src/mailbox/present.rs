//! Presents a proof of a mailbox: a token, or an address and a code. Whatever is wrong with it, the answer is the same.

use std::sync::Arc;

use crate::{
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
    },
    identity::{clock::Clock, email::Email, ids::UserId, port_error::PortError, request_context::RequestContext},
    mail::{
        ports::{ProofCodec, ProofStore},
        proof::{Proof, ProofFault, Purpose},
    },
};

/// A proof as a client has it.
#[derive(Clone)]
pub enum Presented {
    Token(String),
    /// Typed: that of the newest proof of an address and, where the proof is for one account alone, of that.
    Code {
        address: Email,
        account: Option<UserId>,
        code: String,
    },
}

/// Reads what is presented.
#[derive(Clone)]
pub struct PresentProof {
    pub proofs: Arc<dyn ProofStore>,
    pub codec: Arc<dyn ProofCodec>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum PresentError {
    /// Whatever is wrong with it.
    #[error("the proof is not good")]
    Refused,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl PresentProof {
    /// The proof, if it may be used for this. It is not spent.
    ///
    /// # Errors
    /// [`PresentError`].
    pub async fn execute(
        &self,
        purpose: Purpose,
        presented: &Presented,
        context: &RequestContext,
    ) -> Result<Proof, PresentError> {
        let found = match presented {
            Presented::Token(token) => self.by_token(token).await?,
            Presented::Code { address, account, code } => self.by_code(purpose, address, *account, code).await?,
        };
        let (proof, fault) = match found {
            Ok(proof) => (Some(proof.clone()), proof.check(purpose, self.clock.now()).err()),
            Err(fault) => (None, Some(fault)),
        };
        match (proof, fault) {
            (Some(proof), None) => Ok(proof),
            (proof, fault) => {
                let (email, user) = match presented {
                    Presented::Code { address, account, .. } => (Some(address.clone()), *account),
                    Presented::Token(_) => (proof.as_ref().map(|proof| proof.address.clone()), None),
                };
                let target = Target::Mailbox { purpose, email, user: proof.and_then(|proof| proof.user).or(user) };
                Err(self.refuse(target, fault.unwrap_or(ProofFault::Unknown), context))
            }
        }
    }

    /// Refuses a good proof, because it cannot be used for what it was presented for.
    #[must_use]
    pub fn refuse_good(&self, proof: &Proof, fault: ProofFault, context: &RequestContext) -> PresentError {
        let target = Target::Mailbox { purpose: proof.purpose, email: Some(proof.address.clone()), user: proof.user };
        self.refuse(target, fault, context)
    }

    async fn by_token(&self, token: &str) -> Result<Result<Proof, ProofFault>, PortError> {
        // Forged tokens cost no look at the database.
        let Some(id) = self.codec.open(token) else { return Ok(Err(ProofFault::Unknown)) };
        Ok(self.proofs.find(id).await?.ok_or(ProofFault::Unknown))
    }

    async fn by_code(
        &self,
        purpose: Purpose,
        address: &Email,
        account: Option<UserId>,
        code: &str,
    ) -> Result<Result<Proof, ProofFault>, PortError> {
        // The try is counted before the code is looked at, so that parallel guesses gain nothing.
        let Some(proof) = self.proofs.try_code(purpose, address, account, self.clock.now()).await? else {
            return Ok(Err(ProofFault::Unknown));
        };
        if !self.codec.is_code(proof.id, code) {
            return Ok(Err(ProofFault::WrongCode));
        }
        self.proofs.take_back_try(proof.id).await?;
        Ok(Ok(proof))
    }

    fn refuse(&self, target: Target, fault: ProofFault, context: &RequestContext) -> PresentError {
        let event = AuditEvent::new(EventKind::ProofRefused, context, self.clock.now()).on(target);
        self.audit.record(event.because(reason(fault)));
        PresentError::Refused
    }
}

fn reason(fault: ProofFault) -> Reason {
    match fault {
        ProofFault::Unknown => Reason::UnknownProof,
        ProofFault::OtherPurpose => Reason::OtherPurpose,
        ProofFault::Spent => Reason::ProofSpent,
        ProofFault::Voided => Reason::ProofVoided,
        ProofFault::Expired => Reason::Expired,
        ProofFault::WrongCode => Reason::WrongCode,
        ProofFault::NoAccount => Reason::NoAccount,
        ProofFault::OtherAccount => Reason::OtherAccount,
    }
}

#[cfg(test)]
mod tests;
