//! The outbox in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{MemoryStore, State, count};
use crate::{
    identity::port_error::PortError,
    mail::{
        message::{MailId, Outgoing},
        outbox::{Backlog, Entry, Lease, MailState, Settled, kept_words},
        ports::{Outbox, OutboxAdmin},
    },
};

impl State {
    /// A mail with its proof as it is now.
    fn as_it_is(&self, entry: &Entry) -> Entry {
        let proof = entry.mail.proof.as_ref().and_then(|proof| self.proofs.get(&proof.id)).cloned();
        Entry { mail: Outgoing { proof, ..entry.mail.clone() }, ..entry.clone() }
    }
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn lease(&self, lease: Lease, now: DateTime<Utc>, limit: u32) -> Result<Vec<Entry>, PortError> {
        let mut state = self.open()?;
        let is_free = |id: &MailId| state.leases.get(id).is_none_or(|held| held.until <= now);
        let is_due = |entry: &&Entry| entry.state == MailState::Waiting && entry.next_attempt_at <= now;
        let mut due: Vec<_> = state.outbox.values().filter(is_due).filter(|entry| is_free(&entry.mail.id)).collect();
        due.sort_by_key(|entry| (entry.next_attempt_at, entry.mail.id));
        let taken: Vec<_> = due.into_iter().take(count(limit)).map(|entry| state.as_it_is(entry)).collect();
        state.leases.extend(taken.iter().map(|entry| (entry.mail.id, lease)));
        Ok(taken)
    }

    async fn settle(&self, id: MailId, owner: Uuid, outcome: &Settled, now: DateTime<Utc>) -> Result<bool, PortError> {
        let mut state = self.open()?;
        if state.leases.get(&id).is_none_or(|held| held.owner != owner) {
            return Ok(false);
        }
        state.leases.remove(&id);
        let Some(entry) = state.outbox.get_mut(&id) else { return Ok(false) };
        entry.attempts += i64::from(*outcome != Settled::Dropped);
        entry.done_at = Some(now);
        (entry.state, entry.last_error) = match outcome {
            Settled::Sent => (MailState::Sent, None),
            Settled::Dropped => (MailState::Dropped, None),
            Settled::Dead { why } => (MailState::Dead, Some(kept_words(why))),
            Settled::Again { at, why } => {
                (entry.next_attempt_at, entry.done_at) = (*at, None);
                (MailState::Waiting, Some(kept_words(why)))
            }
        };
        Ok(true)
    }

    async fn release(&self, owner: Uuid) -> Result<(), PortError> {
        self.open()?.leases.retain(|_, held| held.owner != owner);
        Ok(())
    }

    async fn backlog(&self) -> Result<Backlog, PortError> {
        let state = self.open()?;
        let of = |wanted: MailState| state.outbox.values().filter(move |entry| entry.state == wanted);
        let count = |wanted: MailState| u64::try_from(of(wanted).count()).unwrap_or(u64::MAX);
        let oldest = of(MailState::Waiting).next().map(|entry| entry.mail.created_at);
        Ok(Backlog { waiting: count(MailState::Waiting), dead: count(MailState::Dead), oldest })
    }
}

#[async_trait]
impl OutboxAdmin for MemoryStore {
    async fn list(&self, wanted: Option<MailState>, after: Option<MailId>, limit: u32) -> Result<Vec<Entry>, PortError> {
        let state = self.open()?;
        let newest_first = state.outbox.values().rev();
        let found = newest_first
            .filter(|entry| wanted.is_none_or(|wanted| entry.state == wanted))
            .filter(|entry| after.is_none_or(|after| entry.mail.id < after));
        Ok(found.take(count(limit)).map(|entry| state.as_it_is(entry)).collect())
    }

    async fn find(&self, id: MailId) -> Result<Option<Entry>, PortError> {
        let state = self.open()?;
        Ok(state.outbox.get(&id).map(|entry| state.as_it_is(entry)))
    }

    async fn retry(&self, id: MailId, now: DateTime<Utc>) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let unsent = [MailState::Waiting, MailState::Dead];
        let Some(entry) = state.outbox.get_mut(&id).filter(|entry| unsent.contains(&entry.state)) else { return Ok(false) };
        (entry.state, entry.next_attempt_at, entry.done_at) = (MailState::Waiting, now, None);
        Ok(true)
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let mut state = self.open()?;
        let is_over = |entry: &&Entry| entry.done_at.is_some_and(|at| at < cutoff);
        let over: Vec<_> = state.outbox.values().filter(is_over).map(|entry| entry.mail.id).take(count(limit)).collect();
        Ok(over.iter().filter(|id| state.outbox.remove(id).is_some()).count())
    }
}
