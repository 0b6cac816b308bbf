//! Gives an account the address that its owner asked for and has proven. Its sessions stay.

use std::sync::Arc;

use crate::{
    accounts::ports::UserStore,
    audit::{event::AuditEvent, kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext, user::User},
    mail::{
        message::{Occasion, Outgoing},
        proof::{Proof, ProofFault, Purpose},
        writer::MailWriter,
    },
    mailbox::{
        ports::{Confirmed, MailboxStore},
        present::{PresentError, PresentProof, Presented},
    },
    sessions::authenticate::SignedIn,
};

pub struct ConfirmEmailChange {
    pub present: PresentProof,
    pub users: Arc<dyn UserStore>,
    pub mailbox: Arc<dyn MailboxStore>,
    pub writer: MailWriter,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// How the proof came.
pub enum Confirmation {
    /// By its link, with or without a bearer token.
    Token { token: String, caller: Option<Box<SignedIn>> },
    /// Typed, by the owner of the account.
    Code { code: String, caller: Box<SignedIn> },
}

#[derive(Debug, thiserror::Error)]
pub enum ConfirmEmailChangeError {
    #[error("the proof is not good")]
    Proof,
    #[error("somebody else has the address by now")]
    EmailTaken,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<PresentError> for ConfirmEmailChangeError {
    fn from(error: PresentError) -> Self {
        match error {
            PresentError::Refused => Self::Proof,
            PresentError::Port(error) => Self::Port(error),
        }
    }
}

impl ConfirmEmailChange {
    /// # Errors
    /// [`ConfirmEmailChangeError`]; the proof is as good as before, unless the outcome is unknown.
    pub async fn execute(&self, confirmation: Confirmation, context: &RequestContext) -> Result<(), ConfirmEmailChangeError> {
        let (presented, caller) = match confirmation {
            Confirmation::Token { token, caller } => (Presented::Token(token), caller),
            Confirmation::Code { code, caller } => (typed(code, &caller.user), Some(caller)),
        };
        let proof = self.present.execute(Purpose::Change, &presented, context).await?;
        let refused = |fault| Err(self.present.refuse_good(&proof, fault, context).into());
        if caller.is_some_and(|caller| Some(caller.user.id) != proof.user) {
            return refused(ProofFault::OtherAccount);
        }
        let user = match proof.user {
            Some(id) => self.users.find(id).await?.filter(User::is_active),
            None => None,
        };
        let Some(user) = user else { return refused(ProofFault::NoAccount) };
        self.confirm(&proof, &user, context).await
    }

    async fn confirm(&self, proof: &Proof, user: &User, context: &RequestContext) -> Result<(), ConfirmEmailChangeError> {
        let now = self.clock.now();
        let changed = || AuditEvent::new(EventKind::EmailChanged, context, now).by_owner(user.id, &proof.address);
        let notice = self.writer.notice(Occasion::EmailChanged, user, context, now);
        let notice = notice.map(|notice| Outgoing { other_address: Some(proof.address.clone()), ..notice });
        let outcome = self.mailbox.confirm_change(proof.id, user.id, user.version(), now, notice.as_ref()).await;
        match outcome.or_unknown(&*self.audit, changed)? {
            Confirmed::Yes => {
                self.audit.record(changed());
                Ok(())
            }
            Confirmed::ProofGone => Err(self.present.refuse_good(proof, ProofFault::Spent, context).into()),
            Confirmed::EmailTaken => Err(ConfirmEmailChangeError::EmailTaken),
        }
    }
}

/// The code of the address that an account is waiting for. Without one, no proof is found for its present address either.
fn typed(code: String, user: &User) -> Presented {
    let address = user.pending_email.as_ref().map_or(&user.email, |pending| &pending.address).clone();
    Presented::Code { address, account: Some(user.id), code }
}

#[cfg(test)]
mod tests;
