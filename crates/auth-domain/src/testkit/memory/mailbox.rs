//! What the proof of a mailbox changes, in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, State, changed};
use crate::{
    identity::{
        email::Email,
        ids::{SessionId, UserId},
        password_hash::PasswordHash,
        port_error::PortError,
        user::{AccountVersion, PendingEmail, User},
    },
    mail::{
        message::Outgoing,
        ports::Requested,
        proof::{Proof, ProofId, Purpose},
    },
    mailbox::ports::{Completed, Confirmed, MailboxStore, Undone},
};

impl State {
    fn good(&self, proof: ProofId, purpose: Purpose, now: DateTime<Utc>) -> Option<&Proof> {
        self.proofs.get(&proof).filter(|proof| proof.check(purpose, now).is_ok())
    }

    fn is_good_for(&self, proof: ProofId, purpose: Purpose, user: &User, now: DateTime<Utc>) -> bool {
        self.good(proof, purpose, now).is_some_and(|proof| {
            proof.user.is_none_or(|other| other == user.id)
                && proof.address.every_spelling().iter().any(|spelling| spelling == user.email.as_str())
        })
    }

    fn spend(&mut self, proof: ProofId, now: DateTime<Utc>) {
        self.proofs.entry(proof).and_modify(|proof| proof.spent_at = Some(now));
    }

    /// Changes an account that is there, and voids its proofs: those of its address before and after.
    fn change(&mut self, id: UserId, now: DateTime<Utc>, change: impl FnOnce(&mut User)) {
        self.void_all_of(id, now);
        if let Some(user) = self.users.get_mut(&id) {
            change(user);
            changed(user, now);
        }
        self.void_all_of(id, now);
    }
}

#[async_trait]
impl MailboxStore for MemoryStore {
    async fn is_taken<'a>(&self, address: &Email, by_other_than: Option<UserId>, now: DateTime<Utc>) -> Result<bool, PortError> {
        Ok(self.open()?.is_taken(address, by_other_than, now))
    }

    async fn verify(&self, proof: ProofId, user: UserId, now: DateTime<Utc>) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let Some(account) = state.users.get(&user).filter(|user| user.is_active()) else { return Ok(false) };
        if !state.is_good_for(proof, Purpose::Verify, account, now) {
            return Ok(false);
        }
        state.spend(proof, now);
        if let Some(user) = state.users.get_mut(&user) {
            user.email_verified_at = user.email_verified_at.or(Some(now));
            changed(user, now);
        }
        Ok(true)
    }

    async fn complete_registration(&self, proof: ProofId, user: &User) -> Result<Completed, PortError> {
        let mut state = self.open()?;
        let now = user.updated_at;
        if !state.is_good_for(proof, Purpose::Verify, user, now) {
            return Ok(Completed::ProofGone);
        }
        if state.is_taken(&user.email, None, now) {
            return Ok(Completed::EmailTaken);
        }
        if state.registrations.remove(&user.email).is_none() {
            return Ok(Completed::ProofGone);
        }
        state.spend(proof, now);
        state.users.insert(user.id, user.clone());
        state.void_all_of(user.id, now);
        Ok(Completed::Yes)
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
        let mut state = self.open()?;
        let account = state.user_of(user, proven).filter(|user| user.is_active()).cloned();
        let Some(account) = account.filter(|account| state.is_good_for(proof, Purpose::Reset, account, now)) else {
            return Ok(None);
        };
        state.spend(proof, now);
        if account.email_verified_at.is_none() {
            state.networks.retain(|(other, _), _| *other != user);
            state.remove_factors(user);
        }
        state.change(user, now, |user| {
            user.password = Some(new.clone());
            user.email_verified_at = user.email_verified_at.or(Some(now));
        });
        state.post(notice);
        Ok(Some(state.end_all(user, None, now)))
    }

    async fn request_change<'a>(
        &self,
        user: UserId,
        pending: &PendingEmail,
        mail: &Outgoing,
        notice: Option<&'a Outgoing>,
    ) -> Result<Requested, PortError> {
        let mut state = self.open()?;
        let now = mail.created_at;
        let is_active = state.users.get(&user).is_some_and(User::is_active);
        if !is_active || !state.claim(&pending.address, Purpose::Change, now) {
            return Ok(Requested::Suppressed);
        }
        state.void(now, |proof| proof.user == Some(user) && proof.purpose == Purpose::Change);
        state.post(Some(mail));
        if let Some(user) = state.users.get_mut(&user) {
            user.pending_email = Some(pending.clone());
            changed(user, now);
        }
        state.post(notice);
        Ok(Requested::Queued)
    }

    async fn confirm_change<'a>(
        &self,
        proof: ProofId,
        user: UserId,
        proven: AccountVersion,
        now: DateTime<Utc>,
        notice: Option<&'a Outgoing>,
    ) -> Result<Confirmed, PortError> {
        let mut state = self.open()?;
        let is_same = state.user_of(user, proven).is_some_and(|user| user.is_active());
        let good = state.good(proof, Purpose::Change, now).filter(|proof| is_same && proof.user == Some(user));
        let Some(address) = good.map(|proof| proof.address.clone()) else { return Ok(Confirmed::ProofGone) };
        if state.is_taken(&address, Some(user), now) {
            return Ok(Confirmed::EmailTaken);
        }
        state.spend(proof, now);
        state.change(user, now, |user| {
            user.email = address;
            user.email_verified_at = Some(now);
        });
        state.post(notice);
        Ok(Confirmed::Yes)
    }

    async fn undo(&self, proof: ProofId, now: DateTime<Utc>, reset: &Outgoing) -> Result<Option<Undone>, PortError> {
        let mut state = self.open()?;
        let Some(link) = state.good(proof, Purpose::Undo, now).cloned() else { return Ok(None) };
        let Some(user) = link.user.filter(|user| state.users.contains_key(user)) else { return Ok(None) };
        state.spend(proof, now);
        state.change(user, now, |user| {
            if user.email != link.address {
                (user.email, user.email_verified_at) = (link.address.clone(), Some(now));
            }
            user.password = None;
        });
        state.remove_factors_since(user, link.created_at);
        let place = |proof: &Proof| (proof.created_at, proof.id);
        state.void(now, |other| other.user == Some(user) && other.purpose == Purpose::Undo && place(other) > place(&link));
        let ended = state.end_all(user, None, now);
        state.post(Some(reset));
        Ok(state.users.get(&user).cloned().map(|user| Undone { user, ended }))
    }
}
