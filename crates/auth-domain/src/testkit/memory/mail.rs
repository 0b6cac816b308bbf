//! Proofs, allowances and mails in memory.

use chrono::{DateTime, Utc};

use super::{MemoryStore, State};
use crate::{
    identity::{email::Email, ids::UserId},
    mail::{
        message::Outgoing,
        outbox::{Entry, MailState},
        ports::Requested,
        proof::{Proof, Purpose},
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

    /// Voids every proof of an account but undo links.
    pub(super) fn void_all_of(&mut self, id: UserId, now: DateTime<Utc>) {
        let spellings = self.users.get(&id).map(|user| user.email.every_spelling()).unwrap_or_default();
        self.void(now, |proof| {
            let is_its = match proof.user {
                Some(user) => user == id,
                None => spellings.iter().any(|spelling| spelling == proof.address.as_str()),
            };
            is_its && proof.purpose != Purpose::Undo
        });
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
