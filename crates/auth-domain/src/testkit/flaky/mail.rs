//! The ports of mails and proofs, on a fuse.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Flaky;
use crate::{
    identity::{
        email::Email,
        ids::{SessionId, UserId},
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountVersion, PendingEmail, User},
    },
    mail::{
        message::{MailId, Outgoing},
        outbox::{Backlog, Entry, Lease, MailState, Settled},
        ports::{Outbox, OutboxAdmin, ProofStore, Registration, Requested},
        proof::{Proof, ProofId, Purpose},
    },
    mailbox::ports::{Completed, Confirmed, MailboxStore, Undone},
};

#[async_trait]
impl<P: ProofStore> ProofStore for Flaky<P> {
    async fn request<'a>(&self, mail: &Outgoing, registration: Option<&'a Registration>) -> Result<Requested, PortError> {
        self.fuse.guard(self.port.request(mail, registration)).await
    }

    async fn find(&self, id: ProofId) -> Result<Option<Proof>, PortError> {
        self.fuse.guard(self.port.find(id)).await
    }

    async fn open(&self, user: UserId, now: DateTime<Utc>) -> Result<Vec<Proof>, PortError> {
        self.fuse.guard(self.port.open(user, now)).await
    }

    async fn try_code(
        &self,
        purpose: Purpose,
        address: &Email,
        user: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Proof>, PortError> {
        self.fuse.guard(self.port.try_code(purpose, address, user, now)).await
    }

    async fn take_back_try(&self, id: ProofId) -> Result<(), PortError> {
        self.fuse.guard(self.port.take_back_try(id)).await
    }

    async fn registration(&self, address: &Email) -> Result<Option<Registration>, PortError> {
        self.fuse.guard(self.port.registration(address)).await
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        self.fuse.guard(self.port.prune(cutoff, limit)).await
    }
}

#[async_trait]
impl<P: Outbox> Outbox for Flaky<P> {
    async fn lease(&self, lease: Lease, now: DateTime<Utc>, limit: u32) -> Result<Vec<Entry>, PortError> {
        self.fuse.guard(self.port.lease(lease, now, limit)).await
    }

    async fn settle(&self, id: MailId, owner: Uuid, outcome: &Settled, now: DateTime<Utc>) -> Result<bool, PortError> {
        self.fuse.guard(self.port.settle(id, owner, outcome, now)).await
    }

    async fn release(&self, owner: Uuid) -> Result<(), PortError> {
        self.fuse.guard(self.port.release(owner)).await
    }

    async fn backlog(&self) -> Result<Backlog, PortError> {
        self.fuse.guard(self.port.backlog()).await
    }
}

#[async_trait]
impl<P: OutboxAdmin> OutboxAdmin for Flaky<P> {
    async fn list(&self, state: Option<MailState>, after: Option<MailId>, limit: u32) -> Result<Vec<Entry>, PortError> {
        self.fuse.guard(self.port.list(state, after, limit)).await
    }

    async fn find(&self, id: MailId) -> Result<Option<Entry>, PortError> {
        self.fuse.guard(self.port.find(id)).await
    }

    async fn retry(&self, id: MailId, now: DateTime<Utc>) -> Result<bool, PortError> {
        self.fuse.guard(self.port.retry(id, now)).await
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        self.fuse.guard(self.port.prune(cutoff, limit)).await
    }
}

#[async_trait]
impl<P: MailboxStore> MailboxStore for Flaky<P> {
    async fn is_taken<'a>(&self, address: &Email, by_other_than: Option<UserId>, now: DateTime<Utc>) -> Result<bool, PortError> {
        self.fuse.guard(self.port.is_taken(address, by_other_than, now)).await
    }

    async fn verify(&self, proof: ProofId, user: UserId, now: DateTime<Utc>) -> Result<bool, PortError> {
        self.fuse.guard(self.port.verify(proof, user, now)).await
    }

    async fn complete_registration(&self, proof: ProofId, user: &User) -> Result<Completed, PortError> {
        self.fuse.guard(self.port.complete_registration(proof, user)).await
    }

    async fn reset<'a>(
        &self,
        proof: ProofId,
        user: UserId,
        proven: AccountVersion,
        new: &PasswordHash,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Option<Vec<SessionId>>, PortError> {
        self.fuse.guard(self.port.reset(proof, user, proven, new, now, notice)).await
    }

    async fn request_change<'a>(
        &self,
        user: UserId,
        pending: &PendingEmail,
        mail: &Outgoing,
        notice: Option<&'a Outgoing>,
    ) -> Result<Requested, PortError> {
        self.fuse.guard(self.port.request_change(user, pending, mail, notice)).await
    }

    async fn confirm_change<'a>(
        &self,
        proof: ProofId,
        user: UserId,
        proven: AccountVersion,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Confirmed, PortError> {
        self.fuse.guard(self.port.confirm_change(proof, user, proven, now, notice)).await
    }

    async fn undo(&self, proof: ProofId, now: DateTime<Utc>, reset: &Outgoing) -> Result<Option<Undone>, PortError> {
        self.fuse.guard(self.port.undo(proof, now, reset)).await
    }
}
