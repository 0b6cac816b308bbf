//! What an operator does to the keys that sign access tokens, each step in the audit trail.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    audit::{
        event::{AuditEvent, Subject},
        kind::EventKind,
        ports::AuditSink,
        unknown_outcome::Written,
    },
    identity::{clock::Clock, ids::KeyId, port_error::PortError, request_context::RequestContext},
    signing_keys::{
        key::{FreshKey, SigningKey},
        ports::{KeyMaker, KeyStore, UnusableKey},
        ring::{AT_ONCE, KeyPolicy, KeyRing, KeyState},
    },
};

pub struct OperateKeys {
    pub keys: Arc<dyn KeyStore>,
    pub maker: Arc<dyn KeyMaker>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// None where the shared secret signs.
    pub policy: Option<KeyPolicy>,
}

/// When the next key starts to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Once verifiers have fetched it.
    Published,
    /// As soon as all servers know it. Verifiers that do not refetch for an unknown `kid` refuse its tokens for a while.
    AtOnce,
}

/// What happens to a key's tokens when it is taken out of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// They stay valid until they expire.
    Orderly,
    /// They are refused: somebody else may have the key.
    Compromised,
}

#[derive(Debug, thiserror::Error)]
pub enum OperateKeysError {
    #[error("the shared secret signs (JWT_ALGORITHM is HS256): there is no key to follow another")]
    NoKeys,
    #[error("there is no such key")]
    NoSuchKey,
    #[error("the key is there already")]
    KnownKey,
    #[error("the key signs no more, and its tokens count until they expire; --compromised has them refused")]
    OutOfUse,
    #[error("the key is revoked already")]
    Revoked,
    /// Somebody else made the next key at the same moment.
    #[error("the keys were changed meanwhile; try again")]
    ChangedMeanwhile,
    #[error("the key {0}")]
    Unusable(#[from] UnusableKey),
    #[error(transparent)]
    Port(#[from] PortError),
}

impl OperateKeys {
    /// # Errors
    /// An outage.
    pub async fn ring(&self) -> Result<KeyRing, PortError> {
        Ok(KeyRing::of(self.keys.all().await?))
    }

    /// Makes the next key.
    ///
    /// # Errors
    /// [`OperateKeysError`].
    pub async fn rotate(&self, when: When, context: &RequestContext) -> Result<SigningKey, OperateKeysError> {
        let policy = self.policy.ok_or(OperateKeysError::NoKeys)?;
        self.make(&self.ring().await?, policy, when, context).await
    }

    /// Imports a key as the next one.
    ///
    /// # Errors
    /// [`OperateKeysError`].
    pub async fn import(&self, pem: &str, when: When, context: &RequestContext) -> Result<SigningKey, OperateKeysError> {
        let policy = self.policy.ok_or(OperateKeysError::NoKeys)?;
        let fresh = self.maker.import(pem).await??;
        if fresh.algorithm != policy.algorithm {
            let (its, ours) = (fresh.algorithm.name(), policy.algorithm.name());
            return Err(UnusableKey(format!("is for {its}, and JWT_ALGORITHM is {ours}")).into());
        }
        let ring = self.ring().await?;
        if ring.find(&fresh.id).is_some() {
            return Err(OperateKeysError::KnownKey);
        }
        self.add(&ring, fresh, policy, when, context).await
    }

    /// Takes a key out of use once another one signs, and returns that moment. For a compromised key, that is as soon as all servers
    /// know the other key; otherwise, once verifiers can know it. At no time afterwards does nobody sign.
    ///
    /// # Errors
    /// [`OperateKeysError`].
    pub async fn revoke(&self, id: &KeyId, how: Revocation, context: &RequestContext) -> Result<DateTime<Utc>, OperateKeysError> {
        let ring = self.ring().await?;
        let now = self.clock.now();
        let timeline = ring.find(id).ok_or(OperateKeysError::NoSuchKey)?;
        let in_use = match timeline.state(now) {
            KeyState::Pending | KeyState::Active => true,
            KeyState::Retiring if how == Revocation::Compromised => false,
            KeyState::Retiring | KeyState::Gone => return Err(OperateKeysError::OutOfUse),
            KeyState::Revoked => return Err(OperateKeysError::Revoked),
        };
        let from = if in_use { self.follow(&ring, id, how, context).await? } else { now + AT_ONCE };
        let (outcome, kind) = match how {
            Revocation::Orderly => (self.keys.retire(id, from).await, EventKind::KeyRetired),
            Revocation::Compromised => (self.keys.revoke(id, from).await, EventKind::KeyRevoked),
        };
        if !outcome.or_unknown(&*self.audit, || event(kind, id, context, now))? {
            return Err(OperateKeysError::ChangedMeanwhile);
        }
        report(&*self.audit, kind, id, context, now);
        self.leave_no_silence(context).await?;
        Ok(from)
    }

    /// Makes sure that another key signs when a key in use ends, and returns when it may end.
    async fn follow(
        &self,
        ring: &KeyRing,
        id: &KeyId,
        how: Revocation,
        context: &RequestContext,
    ) -> Result<DateTime<Utc>, OperateKeysError> {
        // With other settings than the servers', no key would follow.
        let policy = self.policy.ok_or(OperateKeysError::NoKeys)?;
        // Taken out in order, it goes on signing until whoever verifies can know another.
        let may_go_on = how == Revocation::Orderly;
        if let Some(end) = ring.earliest_end(id, may_go_on, self.clock.now()) {
            return Ok(end);
        }
        if may_go_on {
            return Ok(self.make(ring, policy, When::Published, context).await?.signs_from);
        }
        let fresh = self.maker.make(policy.algorithm).await?;
        let now = self.clock.now();
        let end = now + AT_ONCE;
        let signs_from = ring.without(id, end).start_without_silence(policy.signs_from(now), now);
        self.keep(&ring.next(fresh, signs_from, now), context).await?;
        Ok(end)
    }

    /// Asks who signs after a change, since others may have made theirs at the same moment, and makes a key if nobody will.
    async fn leave_no_silence(&self, context: &RequestContext) -> Result<(), OperateKeysError> {
        let Some(policy) = self.policy else { return Ok(()) };
        let ring = self.ring().await?;
        if ring.silent_from(self.clock.now()).is_none() {
            return Ok(());
        }
        match self.make(&ring, policy, When::Published, context).await {
            // Whoever was faster made one that signs.
            Ok(_) | Err(OperateKeysError::ChangedMeanwhile) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn make(
        &self,
        ring: &KeyRing,
        policy: KeyPolicy,
        when: When,
        context: &RequestContext,
    ) -> Result<SigningKey, OperateKeysError> {
        let fresh = self.maker.make(policy.algorithm).await?;
        self.add(ring, fresh, policy, when, context).await
    }

    async fn add(
        &self,
        ring: &KeyRing,
        fresh: FreshKey,
        policy: KeyPolicy,
        when: When,
        context: &RequestContext,
    ) -> Result<SigningKey, OperateKeysError> {
        let now = self.clock.now();
        let wanted = match when {
            When::Published => policy.signs_from(now),
            When::AtOnce => now + AT_ONCE,
        };
        let key = ring.next(fresh, ring.start_of_next(wanted, now), now);
        self.keep(&key, context).await?;
        Ok(key)
    }

    async fn keep(&self, key: &SigningKey, context: &RequestContext) -> Result<(), OperateKeysError> {
        let created = || event(EventKind::KeyCreated, &key.id, context, key.created_at);
        if !self.keys.insert(key).await.or_unknown(&*self.audit, created)? {
            return Err(OperateKeysError::ChangedMeanwhile);
        }
        report(&*self.audit, EventKind::KeyCreated, &key.id, context, key.created_at);
        Ok(())
    }
}

/// Records what happened to a key.
pub(crate) fn report(audit: &dyn AuditSink, kind: EventKind, key: &KeyId, context: &RequestContext, now: DateTime<Utc>) {
    audit.record(event(kind, key, context, now));
}

pub(crate) fn event(kind: EventKind, key: &KeyId, context: &RequestContext, now: DateTime<Utc>) -> AuditEvent {
    AuditEvent::new(kind, context, now).about(Subject::Key(key.clone()))
}

#[cfg(test)]
mod tests;
