//! Carries out what is planned for the keys, each change in the audit trail.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    audit::{
        event::{Actor, AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        unknown_outcome::Written,
    },
    identity::{clock::Clock, ids::KeyId, port_error::PortError, request_context::RequestContext},
    signing_keys::{
        key::FreshKey,
        plan::{KeyChange, KeyCommand, KeyRefusal, end_silence, plan},
        ports::{KeyMaker, KeyStore, UnusableKey},
        ring::{KeyPolicy, KeyRing, KeyTimeline},
    },
};

/// What changes keys needs, whoever it is: an operator or a server.
#[derive(Clone)]
pub struct KeyWriter {
    pub keys: Arc<dyn KeyStore>,
    pub maker: Arc<dyn KeyMaker>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// None where the shared secret signs.
    pub policy: Option<KeyPolicy>,
    /// Who makes the changes, as the trail tells it.
    pub actor: Actor,
}

/// A key that was changed, and when the change takes effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedKey {
    pub id: KeyId,
    pub from: DateTime<Utc>,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ChangeKeysError {
    #[error(transparent)]
    Refused(#[from] KeyRefusal),
    /// Somebody else changed the ring at the same moment.
    #[error("the keys were changed meanwhile; try again")]
    ChangedMeanwhile,
    #[error("the key {0}")]
    Unusable(#[from] UnusableKey),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// What is to be done, as of a time, and the key for it.
struct Planned {
    changes: Vec<KeyChange>,
    next: Option<FreshKey>,
    now: DateTime<Utc>,
}

impl KeyWriter {
    pub(super) async fn ring(&self) -> Result<KeyRing, PortError> {
        Ok(KeyRing::of(self.keys.all().await?))
    }

    /// Encrypts private halves with the newest encryption key. The old one can be removed once every server has the new one. Returns
    /// how many were encrypted otherwise before.
    pub(super) async fn reencrypt(&self, ring: &KeyRing) -> Result<usize, PortError> {
        let (now, mut changed) = (self.clock.now(), 0);
        for KeyTimeline { key, .. } in ring.timelines().filter(|timeline| timeline.is_in_use(now)) {
            if let Some(encrypted) = self.maker.reencrypt(key)? {
                // Another server may have done it.
                changed += usize::from(self.keys.reencrypt(&key.id, &key.private, &encrypted).await?);
            }
        }
        Ok(changed)
    }

    /// Carries out a command, and asks afterwards who signs. `next` is the key to add, if there is one already. Returns the key
    /// that the command is about: the plan ends with it.
    pub(super) async fn command(
        &self,
        command: KeyCommand<'_>,
        next: Option<FreshKey>,
        context: &RequestContext,
    ) -> Result<ChangedKey, ChangeKeysError> {
        let ring = self.ring().await?;
        let planned = self.planned(next, |now| plan(&ring, command, now, self.policy).map_err(ChangeKeysError::from)).await?;
        let mut changed = None;
        for change in &planned.changes {
            // What comes after it in the plan rests on it.
            changed = Some(self.apply(&ring, change, &planned, context).await?.ok_or(ChangeKeysError::ChangedMeanwhile)?);
        }
        self.leave_no_silence(context).await?;
        changed.ok_or(ChangeKeysError::ChangedMeanwhile)
    }

    /// Does what a server plans, but for what another server was faster to do. Returns what was done.
    pub(super) async fn carry_out(
        &self,
        ring: &KeyRing,
        context: &RequestContext,
        plan: impl Fn(DateTime<Utc>) -> Vec<KeyChange> + Send + Sync,
    ) -> Result<Vec<ChangedKey>, PortError> {
        let planned = self.planned(None, |now| Ok::<_, PortError>(plan(now))).await?;
        let mut done = Vec::new();
        for change in &planned.changes {
            done.extend(self.apply(ring, change, &planned, context).await?);
        }
        Ok(done)
    }

    /// Asks who signs after a change, since others may have made theirs at the same moment, and makes a key if nobody will.
    async fn leave_no_silence(&self, context: &RequestContext) -> Result<(), PortError> {
        let Some(policy) = self.policy else { return Ok(()) };
        let ring = self.ring().await?;
        // Whoever was faster made one that signs.
        self.carry_out(&ring, context, |now| end_silence(&ring, now, policy)).await.map(drop)
    }

    /// Plans, and makes the key that the plan needs. Making it takes a while: the plan is made again as of the time when it is there.
    async fn planned<E: From<PortError>>(
        &self,
        mut next: Option<FreshKey>,
        plan: impl Fn(DateTime<Utc>) -> Result<Vec<KeyChange>, E> + Send + Sync,
    ) -> Result<Planned, E> {
        loop {
            let now = self.clock.now();
            let changes = plan(now)?;
            let needs_one = next.is_none() && changes.iter().any(|change| matches!(change, KeyChange::Create { .. }));
            match self.policy.filter(|_| needs_one) {
                Some(policy) => next = Some(self.maker.make(policy.algorithm).await?),
                None => return Ok(Planned { changes, next, now }),
            }
        }
    }

    /// Makes one change, and records it. `None` where somebody else was faster.
    async fn apply(
        &self,
        ring: &KeyRing,
        change: &KeyChange,
        Planned { next, now, .. }: &Planned,
        context: &RequestContext,
    ) -> Result<Option<ChangedKey>, PortError> {
        let (outcome, kind, id, from) = match change {
            KeyChange::Create { signs_from } => {
                let Some(next) = next else { return Ok(None) };
                let key = ring.next(next.clone(), *signs_from, *now);
                (self.keys.insert(&key).await, Some(EventKind::KeyCreated), &next.id, *signs_from)
            }
            KeyChange::Retire { id, at } => (self.keys.retire(id, *at).await, Some(EventKind::KeyRetired), id, *at),
            KeyChange::Revoke { id, at } => (self.keys.revoke(id, *at).await, Some(EventKind::KeyRevoked), id, *at),
            // All that it signed has expired: nobody has to hear of it.
            KeyChange::Forget { id } => (self.keys.forget(id).await, None, id, *now),
        };
        let event = |kind| AuditEvent::new(kind, context, *now).by(self.actor).on(Target::Key(id.clone()));
        let done = match kind {
            Some(kind) => outcome.or_unknown(&*self.audit, || event(kind))?,
            None => outcome?,
        };
        if done {
            kind.into_iter().for_each(|kind| self.audit.record(event(kind)));
        }
        Ok(done.then(|| ChangedKey { id: id.clone(), from }))
    }
}

#[cfg(test)]
mod tests;
