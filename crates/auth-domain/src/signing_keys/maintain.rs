//! How a server looks after the keys that sign access tokens: at start as its configuration demands, later as the keys age. All
//! servers of one database do so; each step happens once.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    accounts::ports::UserAdminStore,
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext},
    signing_keys::{
        ports::{KeyCache, KeyMaker, KeyStore},
        ring::{AT_ONCE, KeyPolicy, KeyRing, MOMENT},
        writer::{event, report},
    },
};

pub struct KeepKeys {
    pub keys: Arc<dyn KeyStore>,
    pub maker: Arc<dyn KeyMaker>,
    pub known: Arc<dyn KeyCache>,
    pub users: Arc<dyn UserAdminStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// None where the shared secret signs.
    pub policy: Option<KeyPolicy>,
}

impl KeepKeys {
    /// Run before a server takes requests: the server that started last decides what signs. Returns when all servers will know of
    /// a change, or when somebody signs, if that is later than now.
    ///
    /// # Errors
    /// An outage, or a key that is needed and cannot be used.
    pub async fn settle(&self) -> Result<Option<DateTime<Utc>>, PortError> {
        let ring = self.ring().await?;
        let mut known_by = None;
        match self.policy {
            None => known_by = self.retire_all(&ring).await?,
            Some(policy) => {
                self.reencrypt(&ring).await?;
                let now = self.clock.now();
                let fits = ring.newest(now).is_some_and(|newest| newest.algorithm == policy.algorithm);
                if !fits || ring.silent_from(now).is_some() {
                    self.succeed(&ring, policy).await?;
                }
            }
        }
        let (keys, now) = (self.keys.all().await?, self.clock.now());
        let ring = KeyRing::of(keys.clone());
        self.known.update(keys, now)?;
        let nobody_signs = self.policy.is_some() && ring.signer(now).is_none() && ring.first_to_come(now).is_none();
        Ok(if nobody_signs { ring.next_start(now) } else { known_by })
    }

    /// Run periodically, more often than [`crate::signing_keys::ring::AT_ONCE`]: learns what other servers and operators did, makes the next
    /// key when it is due or when otherwise nobody would sign, and deletes those that are over.
    ///
    /// # Errors
    /// An outage, or a key that is needed and cannot be used.
    pub async fn attend(&self) -> Result<(), PortError> {
        let keys = self.keys.all().await?;
        let (ring, now) = (KeyRing::of(keys.clone()), self.clock.now());
        // First of all, whatever becomes of the rest; a key that cannot be used here keeps nobody from what is to be done.
        let learned = self.known.update(keys, now);
        let lacks_one = |policy: &KeyPolicy| policy.is_due(&ring, now) || ring.silent_from(now).is_some();
        match self.policy.filter(lacks_one) {
            // The keys have vanished: nothing is to be fetched before the first one signs, and the secret is not to sign again.
            Some(policy) if ring.is_empty() => self.add(&ring, policy, |_, now| now).await?,
            Some(policy) => self.succeed(&ring, policy).await?,
            None => {}
        }
        for timeline in ring.timelines().filter(|timeline| timeline.is_over(now)) {
            // Whoever comes second finds it gone: that is as well.
            let _forgotten = self.keys.forget(&timeline.key.id).await?;
        }
        learned
    }

    async fn ring(&self) -> Result<KeyRing, PortError> {
        Ok(KeyRing::of(self.keys.all().await?))
    }

    /// Makes the next key, unless another server was faster.
    async fn succeed(&self, ring: &KeyRing, policy: KeyPolicy) -> Result<(), PortError> {
        let is_new = self.is_new(ring).await?;
        self.add(ring, policy, |policy, now| if is_new { now } else { start(ring, policy, now) }).await
    }

    async fn add(
        &self,
        ring: &KeyRing,
        policy: KeyPolicy,
        start: impl FnOnce(KeyPolicy, DateTime<Utc>) -> DateTime<Utc> + Send,
    ) -> Result<(), PortError> {
        let fresh = self.maker.make(policy.algorithm).await?;
        let now = self.clock.now();
        let key = ring.next(fresh, start(policy, now), now);
        let created = || event(EventKind::KeyCreated, &key.id, &RequestContext::default(), now);
        if self.keys.insert(&key).await.or_unknown(&*self.audit, created)? {
            report(&*self.audit, EventKind::KeyCreated, &key.id, &RequestContext::default(), now);
        }
        Ok(())
    }

    /// Whether there are no keys and no accounts yet: then nobody has cached anything, and the first key may sign at once.
    async fn is_new(&self, ring: &KeyRing) -> Result<bool, PortError> {
        Ok(ring.is_empty() && self.users.list("", None, 1).await?.is_empty())
    }

    /// Lets the shared secret sign once all servers know. Tokens that keys have signed stay valid until they expire.
    async fn retire_all(&self, ring: &KeyRing) -> Result<Option<DateTime<Utc>>, PortError> {
        let now = self.clock.now();
        let end = now + AT_ONCE;
        let mut known_by = None;
        // Those as well that another has followed: without that one they would sign again.
        for timeline in ring.timelines().filter(|timeline| timeline.key.retired_at.is_none() && !timeline.is_over(now)) {
            let retired = || event(EventKind::KeyRetired, &timeline.key.id, &RequestContext::default(), now);
            if self.keys.retire(&timeline.key.id, end).await.or_unknown(&*self.audit, retired)? {
                report(&*self.audit, EventKind::KeyRetired, &timeline.key.id, &RequestContext::default(), now);
                known_by = Some(end);
            }
        }
        Ok(known_by)
    }

    /// Seals private halves with the newest encryption key. The old one can be removed once every server has the new one.
    async fn reencrypt(&self, ring: &KeyRing) -> Result<(), PortError> {
        let now = self.clock.now();
        for timeline in ring.timelines().filter(|timeline| timeline.is_in_use(now)) {
            if let Some(sealed) = self.maker.reencrypt(&timeline.key)? {
                // Another server may have done it.
                let _done = self.keys.reencrypt(&timeline.key.id, &timeline.key.private, &sealed).await?;
            }
        }
        Ok(())
    }
}

/// When the next key signs. Where nobody would sign, a server with HS256 may have taken the keys out of use: the moment in which
/// none signs lets what that one signs with the secret count here.
fn start(ring: &KeyRing, policy: KeyPolicy, now: DateTime<Utc>) -> DateTime<Utc> {
    let start = ring.start_of_next(policy.signs_from(now), now);
    if ring.silent_from(now) == Some(start) { start + MOMENT } else { start }
}

#[cfg(test)]
mod tests;
