//! What a server does with the keys that sign access tokens: at its start what its configuration asks for, and from
//! then on what their age does. All servers of one database do so, and each thing is done once.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    audit::EventKind,
    keys::{AT_ONCE, KeyPolicy, KeyRing},
    origin::Origin,
    ports::{AuditLog, Clock, KeyMaker, KeyStore, KnownKeys, PortError, UserDirectory},
    usecases::operate_keys::report,
};

pub struct KeepKeys {
    pub keys: Arc<dyn KeyStore>,
    pub maker: Arc<dyn KeyMaker>,
    pub known: Arc<dyn KnownKeys>,
    pub users: Arc<dyn UserDirectory>,
    pub audit: Arc<dyn AuditLog>,
    pub clock: Arc<dyn Clock>,
    /// None where the shared secret signs.
    pub policy: Option<KeyPolicy>,
}

impl KeepKeys {
    /// Before a server takes requests: the last one that starts decides what signs. When all servers can know of it, if that is later.
    ///
    /// # Errors
    /// An outage, or a key that has to be used and cannot.
    pub async fn settle(&self) -> Result<Option<DateTime<Utc>>, PortError> {
        let ring = self.ring().await?;
        let mut known_by = None;
        match self.policy {
            None => known_by = self.retire_all(&ring).await?,
            Some(policy) => {
                self.reseal(&ring).await?;
                let newest = ring.newest(self.clock.now());
                if newest.is_none_or(|newest| newest.algorithm != policy.algorithm) {
                    self.succeed(&ring, policy).await?;
                }
            }
        }
        self.known.learn(self.keys.all().await?, self.clock.now())?;
        Ok(known_by)
    }

    /// Now and then, more often than [`crate::keys::AT_ONCE`]: learns what other servers and operators did, makes the
    /// next key when it is time to, and forgets those that are over.
    ///
    /// # Errors
    /// An outage, or a key that has to be used and cannot.
    pub async fn attend(&self) -> Result<(), PortError> {
        let keys = self.keys.all().await?;
        let (ring, now) = (KeyRing::of(keys.clone()), self.clock.now());
        // First of all, whatever becomes of the rest; a key that cannot be used here keeps nobody from what is to be done.
        let learned = self.known.learn(keys, now);
        if let Some(policy) = self.policy.filter(|policy| policy.is_due(&ring, now)) {
            self.succeed(&ring, policy).await?;
        }
        for life in ring.lives().filter(|life| life.is_over(now)) {
            // Whoever comes second finds it gone: that is as well.
            let _forgotten = self.keys.forget(&life.key.id).await?;
        }
        learned
    }

    async fn ring(&self) -> Result<KeyRing, PortError> {
        Ok(KeyRing::of(self.keys.all().await?))
    }

    /// Makes the next key, unless another server was faster.
    async fn succeed(&self, ring: &KeyRing, policy: KeyPolicy) -> Result<(), PortError> {
        let fresh = self.maker.make(policy.algorithm).await?;
        let now = self.clock.now();
        let signs_from = if self.is_new(ring).await? { now } else { policy.signs_from(now) };
        let key = ring.next(fresh, signs_from, now);
        if self.keys.insert(&key).await? {
            report(&*self.audit, EventKind::KeyCreated, &key.id, &Origin::default(), now);
        }
        Ok(())
    }

    /// Where nobody has a token yet, no verifier waits for the key that signs the first.
    async fn is_new(&self, ring: &KeyRing) -> Result<bool, PortError> {
        Ok(ring.is_empty() && self.users.list("", None, 1).await?.is_empty())
    }

    /// The shared secret signs from now on; what keys have signed stays good as long as it would have.
    async fn retire_all(&self, ring: &KeyRing) -> Result<Option<DateTime<Utc>>, PortError> {
        let now = self.clock.now();
        let mut known_by = None;
        // Those as well that another has followed: without that one they would sign again.
        for life in ring.lives().filter(|life| life.key.retired_at.is_none() && !life.is_over(now)) {
            if self.keys.retire(&life.key.id, now).await? {
                report(&*self.audit, EventKind::KeyRetired, &life.key.id, &Origin::default(), now);
                known_by = Some(now + AT_ONCE);
            }
        }
        Ok(known_by)
    }

    /// So that an encryption key can be taken away once every server has one that came after it.
    async fn reseal(&self, ring: &KeyRing) -> Result<(), PortError> {
        let now = self.clock.now();
        for life in ring.lives().filter(|life| life.is_in_use(now)) {
            if let Some(sealed) = self.maker.reseal(&life.key)? {
                // Another server may have done it.
                let _done = self.keys.reseal(&life.key.id, &life.key.private, &sealed).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
