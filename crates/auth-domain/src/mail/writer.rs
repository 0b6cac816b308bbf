//! Writes mails: what is asked for, and notices, which tell the owner of an account what happened to it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    message::{MailId, Occasion, Outgoing},
    origin::Origin,
    proof::{Proof, ProofId, Purpose, UNDO_LIFE},
    retry::NOTICE_LIFE,
};
use crate::identity::{clock::Ids, email::Email, request_context::RequestContext, user::User};

/// Which notices are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticePolicy {
    /// None: this server sends no mail.
    Off,
    /// Those of a changed address alone.
    AddressOnly,
    All,
}

/// Writes mails.
#[derive(Clone)]
pub struct MailWriter {
    pub ids: Arc<dyn Ids>,
    pub notices: NoticePolicy,
    /// How long a proof of an address, and an invitation, works.
    pub verify_life: TimeDelta,
    /// How long a proof for a new password works.
    pub reset_life: TimeDelta,
}

impl MailWriter {
    /// A proof of an address. The occasion is [`Occasion::Registration`] or [`Occasion::Verification`].
    #[must_use]
    pub fn verification(&self, occasion: Occasion, to: &Email, context: &RequestContext, now: DateTime<Utc>) -> Outgoing {
        self.asked(occasion, to, context, self.proof(Purpose::Verify, to, now, self.verify_life))
    }

    /// A proof for a new password.
    #[must_use]
    pub fn reset(&self, to: &Email, context: &RequestContext, now: DateTime<Utc>) -> Outgoing {
        self.asked(Occasion::Reset, to, context, self.proof(Purpose::Reset, to, now, self.reset_life))
    }

    /// A proof for the first password of an account that an operator made.
    #[must_use]
    pub fn invitation(&self, to: &Email, context: &RequestContext, now: DateTime<Utc>) -> Outgoing {
        self.asked(Occasion::Invitation, to, context, self.proof(Purpose::Reset, to, now, self.verify_life))
    }

    /// A proof of the address that an account is to have.
    #[must_use]
    pub fn change(&self, user: &User, to: &Email, context: &RequestContext, now: DateTime<Utc>) -> Outgoing {
        let proof = self.proof(Purpose::Change, to, now, self.verify_life).of(user.id);
        Outgoing { other_address: Some(user.email.clone()), ..self.asked(Occasion::Change, to, context, proof) }
    }

    /// The notice of something that happened to an account, to its address as `user` has it, with an undo link unless the account
    /// is gone. `None` if it is not to be written.
    #[must_use]
    pub fn notice(&self, occasion: Occasion, user: &User, context: &RequestContext, now: DateTime<Utc>) -> Option<Outgoing> {
        let is_due = match self.notices {
            NoticePolicy::Off => false,
            NoticePolicy::AddressOnly => matches!(occasion, Occasion::EmailChanged | Occasion::EmailChangeRequested),
            NoticePolicy::All => true,
        };
        let undo = || self.proof(Purpose::Undo, &user.email, now, UNDO_LIFE).of(user.id);
        is_due.then(|| Outgoing {
            id: MailId(self.ids.next()),
            occasion,
            to: user.email.clone(),
            language: user.language,
            origin: Origin::of(context),
            other_address: None,
            proof: (occasion != Occasion::AccountDeleted).then(undo),
            created_at: now,
            expires_at: now + NOTICE_LIFE,
        })
    }

    fn proof(&self, purpose: Purpose, address: &Email, now: DateTime<Utc>, life: TimeDelta) -> Proof {
        Proof::new(ProofId(self.ids.next()), purpose, address.clone(), now, life)
    }

    /// A mail that somebody asked for, in the language of the request.
    fn asked(&self, occasion: Occasion, to: &Email, context: &RequestContext, proof: Proof) -> Outgoing {
        Outgoing {
            id: MailId(self.ids.next()),
            occasion,
            to: to.clone(),
            language: context.language,
            origin: Origin::of(context),
            other_address: None,
            created_at: proof.created_at,
            expires_at: proof.expires_at,
            proof: Some(proof),
        }
    }
}

#[cfg(test)]
mod tests;
