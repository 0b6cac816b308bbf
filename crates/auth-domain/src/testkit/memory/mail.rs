//! Proofs, allowances and mails in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, State, count};
use crate::{
    identity::{email::Email, ids::UserId, port_error::PortError},
    mail::{
        allowance::Allowance,
        message::Outgoing,
        outbox::{Entry, MailState},
        ports::{ProofStore, Registration, Requested},
        proof::{CODE_TRIES, Proof, ProofId, Purpose},
    },
};

fn is_open(proof: &Proof) -> bool {
    proof.spent_at.is_none() && proof.voided_at.is_none()
}

impl MemoryStore {
    /// Every mail so far, in order.
    #[must_use]
    pub fn mails(&self) -> Vec<Entry> {
        self.lock().outbox.values().cloned().collect()
    }
}

impl State {
    /// Whether another account has an address, or an undo link that would put it back.
    pub(super) fn is_taken(&self, address: &Email, by_other_than: Option<UserId>, now: DateTime<Utc>) -> bool {
        let spellings: Vec<_> = address.spellings().collect();
        let has = |other: &Email| spellings.iter().any(|spelling| spelling == other.as_str());
        let others = self.users.values().filter(|user| Some(user.id) != by_other_than);
        let links = self.proofs.values().filter(|proof| proof.user.is_some() && proof.user != by_other_than);
        others.into_iter().any(|user| has(&user.email))
            || links.into_iter().any(|proof| proof.check(Purpose::Undo, now).is_ok() && has(&proof.address))
    }

    pub(super) fn void(&mut self, now: DateTime<Utc>, which: impl Fn(&Proof) -> bool) {
        for proof in self.proofs.values_mut().filter(|proof| is_open(proof) && which(proof)) {
            proof.voided_at = Some(now);
        }
    }

    /// Voids every proof of an account but undo links, so that no address is pending.
    pub(super) fn void_all_of(&mut self, id: UserId, now: DateTime<Utc>) {
        let spellings = self.users.get(&id).map(|user| user.email.every_spelling()).unwrap_or_default();
        self.void(now, |proof| {
            let is_its = match proof.user {
                Some(user) => user == id,
                None => spellings.iter().any(|spelling| spelling == proof.address.as_str()),
            };
            is_its && proof.purpose != Purpose::Undo
        });
        if let Some(user) = self.users.get_mut(&id) {
            user.pending_email = None;
        }
    }

    /// Stores a mail and its proof, in the place of open proofs like it, if the address may get another.
    pub(super) fn request(&mut self, mail: &Outgoing) -> Requested {
        if let Some(proof) = &mail.proof {
            if !self.claim(&proof.address, proof.purpose, mail.created_at) {
                return Requested::Suppressed;
            }
            let spellings = proof.address.every_spelling();
            self.void(mail.created_at, |old| {
                old.purpose == proof.purpose && spellings.iter().any(|spelling| spelling == old.address.as_str())
            });
        }
        self.post(Some(mail));
        Requested::Queued
    }

    pub(super) fn claim(&mut self, address: &Email, purpose: Purpose, now: DateTime<Utc>) -> bool {
        let key = (address.every_spelling().swap_remove(0), purpose);
        let claimed = self.allowances.get(&key).copied().unwrap_or_default().claim(now);
        claimed.map(|allowance| self.allowances.insert(key, allowance)).is_some()
    }

    pub(super) fn post(&mut self, mail: Option<&Outgoing>) {
        let Some(mail) = mail else { return };
        if let Some(proof) = &mail.proof {
            self.proofs.insert(proof.id, proof.clone());
        }
        let entry = Entry {
            mail: mail.clone(),
            state: MailState::Waiting,
            attempts: 0,
            next_attempt_at: mail.created_at,
            last_error: None,
            done_at: None,
        };
        self.outbox.insert(mail.id, entry);
    }
}

#[async_trait]
impl ProofStore for MemoryStore {
    async fn request<'a>(&self, mail: &Outgoing, registration: Option<&'a Registration>) -> Result<Requested, PortError> {
        let mut state = self.open()?;
        let requested = state.request(mail);
        let proof = mail.proof.as_ref().filter(|_| requested == Requested::Queued);
        match (proof, registration) {
            (Some(proof), Some(new)) => {
                state.registrations.insert(new.address.clone(), (new.clone(), proof.expires_at));
            }
            (Some(proof), None) if proof.purpose == Purpose::Verify => {
                state.registrations.entry(mail.to.clone()).and_modify(|(_, until)| *until = proof.expires_at);
            }
            (Some(_), None) | (None, _) => {}
        }
        Ok(requested)
    }

    async fn find(&self, id: ProofId) -> Result<Option<Proof>, PortError> {
        Ok(self.open()?.proofs.get(&id).cloned())
    }

    async fn open(&self, user: UserId, now: DateTime<Utc>) -> Result<Vec<Proof>, PortError> {
        let state = self.open()?;
        let is_open = |proof: &&Proof| proof.user == Some(user) && proof.check(proof.purpose, now).is_ok();
        let mut open: Vec<_> = state.proofs.values().filter(is_open).cloned().collect();
        open.sort_by_key(|proof| (proof.created_at, proof.id));
        Ok(open)
    }

    async fn try_code(
        &self,
        purpose: Purpose,
        address: &Email,
        user: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Option<Proof>, PortError> {
        let mut state = self.open()?;
        let spellings = address.every_spelling();
        let is_theirs = |proof: &&mut Proof| {
            let is_of_user = user.is_none() || proof.user == user;
            is_of_user && spellings.iter().any(|spelling| spelling == proof.address.as_str())
        };
        let good = state.proofs.values_mut().filter(|proof| proof.check(purpose, now).is_ok()).filter(is_theirs);
        let newest = good.max_by_key(|proof| (proof.created_at, proof.id)).filter(|proof| proof.tries < CODE_TRIES);
        Ok(newest.map(|proof| {
            proof.tries += 1;
            proof.clone()
        }))
    }

    async fn take_back_try(&self, id: ProofId) -> Result<(), PortError> {
        self.open()?.proofs.entry(id).and_modify(|proof| proof.tries = (proof.tries - 1).max(0));
        Ok(())
    }

    async fn registration(&self, address: &Email) -> Result<Option<Registration>, PortError> {
        Ok(self.open()?.registrations.get(address).map(|(registration, _)| registration.clone()))
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let mut state = self.open()?;
        let proofs = state.proofs.values().filter(|proof| proof.expires_at < cutoff).map(|proof| proof.id);
        let proofs: Vec<_> = proofs.take(count(limit)).collect();
        let registrations = state.registrations.iter().filter(|(_, (_, until))| *until < cutoff).map(|(key, _)| key.clone());
        let registrations: Vec<_> = registrations.take(count(limit)).collect();
        let is_over = |allowance: &Allowance| allowance.0.iter().flatten().all(|sent| *sent < cutoff);
        let allowances = state.allowances.iter().filter(|(_, allowance)| is_over(allowance)).map(|(key, _)| key.clone());
        let allowances: Vec<_> = allowances.take(count(limit)).collect();
        let gone = proofs.iter().filter(|id| state.proofs.remove(id).is_some()).count()
            + registrations.iter().filter(|key| state.registrations.remove(key).is_some()).count();
        Ok(gone + allowances.iter().filter(|key| state.allowances.remove(key).is_some()).count())
    }
}
