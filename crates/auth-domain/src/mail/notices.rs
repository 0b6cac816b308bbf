//! Notices: mails that tell the owner of an account what happened to it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    message::{MailId, Occasion, Outgoing},
    origin::Origin,
    proof::{Proof, ProofId, Purpose, UNDO_LIFE},
    retry::NOTICE_LIFE,
};
use crate::identity::{clock::Ids, request_context::RequestContext, user::User};

/// Which notices are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticePolicy {
    /// None: this server sends no mail.
    Off,
    /// That of a changed address alone.
    AddressOnly,
    All,
}

/// Writes notices.
#[derive(Clone)]
pub struct Notices {
    pub policy: NoticePolicy,
    pub ids: Arc<dyn Ids>,
}

impl Notices {
    /// The notice of something that happened to an account, to its address as `user` has it, with an undo link unless the account is gone. `None` if it is
    /// not to be written.
    #[must_use]
    pub fn write(&self, occasion: Occasion, user: &User, context: &RequestContext, now: DateTime<Utc>) -> Option<Outgoing> {
        let is_due = match self.policy {
            NoticePolicy::Off => false,
            NoticePolicy::AddressOnly => matches!(occasion, Occasion::EmailChanged | Occasion::EmailChangeRequested),
            NoticePolicy::All => true,
        };
        is_due.then(|| {
            let undo = || Proof::new(ProofId(self.ids.next()), Purpose::Undo, user.email.clone(), now, UNDO_LIFE).of(user.id);
            Outgoing {
                id: MailId(self.ids.next()),
                occasion,
                to: user.email.clone(),
                language: user.language,
                origin: Origin::of(context),
                other_address: None,
                proof: (occasion != Occasion::AccountDeleted).then(undo),
                created_at: now,
                expires_at: now + NOTICE_LIFE,
            }
        })
    }
}
