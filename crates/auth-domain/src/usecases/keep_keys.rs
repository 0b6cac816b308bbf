//! How a server looks after the keys that sign access tokens: at start as its configuration demands, later as the keys age. All
//! servers of one database do so; each step happens once.

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
    /// Run before a server takes requests: the server that started last decides what signs. Returns when all servers will know of
    /// a change, if that is later than now.
    ///
    /// # Errors
    /// An outage, or a key that is needed and cannot be used.
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

    /// Run periodically, more often than [`crate::keys::AT_ONCE`]: learns what other servers and operators did, makes the next
    /// key when it is due, and deletes those that are over.
    ///
    /// # Errors
    /// An outage, or a key that is needed and cannot be used.
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

    /// Whether there are no keys and no accounts yet: then nobody has cached anything, and the first key may sign at once.
    async fn is_new(&self, ring: &KeyRing) -> Result<bool, PortError> {
        Ok(ring.is_empty() && self.users.list("", None, 1).await?.is_empty())
    }

    /// Lets the shared secret sign from now on. Tokens that keys have signed stay valid until they expire.
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

    /// Seals private halves with the newest encryption key. The old one can be removed once every server has the new one.
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
