//! A server that starts brings the keys to what its configuration demands. All servers of one database do so; each step happens
//! once.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    accounts::ports::UserAdminStore,
    identity::{port_error::PortError, request_context::RequestContext},
    signing_keys::{plan::reconcile, ports::KeyCache, ring::KeyRing, writer::KeyWriter},
};

pub struct ReconcileKeys {
    pub writer: KeyWriter,
    pub cache: Arc<dyn KeyCache>,
    pub users: Arc<dyn UserAdminStore>,
}

impl ReconcileKeys {
    /// Run before a server takes requests: the server that started last decides what signs. Returns when all servers will know of
    /// a change, or when somebody signs, if that is later than now.
    ///
    /// # Errors
    /// An outage, or a key that is needed and cannot be used.
    pub async fn execute(&self) -> Result<Option<DateTime<Utc>>, PortError> {
        let (writer, ring) = (&self.writer, self.writer.ring().await?);
        let signs_with_keys = writer.policy.is_some();
        if signs_with_keys {
            writer.reencrypt(&ring).await?;
        }
        let is_new = signs_with_keys && self.is_new(&ring).await?;
        let done =
            writer.carry_out(&ring, &RequestContext::default(), |now| reconcile(&ring, is_new, now, writer.policy)).await?;
        let (keys, now) = (writer.keys.all().await?, writer.clock.now());
        let ring = KeyRing::of(keys.clone());
        self.cache.update(keys, now)?;
        let nobody_signs = signs_with_keys && ring.signer(now).is_none() && ring.first_to_come(now).is_none();
        // Keys are published before they sign; only the secret has to wait until all servers know.
        let known_by = done.last().filter(|_| !signs_with_keys).map(|retired| retired.from);
        Ok(if nobody_signs { ring.next_start(now) } else { known_by })
    }

    /// Whether there are no keys and no accounts yet: then nobody has cached anything.
    async fn is_new(&self, ring: &KeyRing) -> Result<bool, PortError> {
        Ok(ring.is_empty() && self.users.list("", None, 1).await?.is_empty())
    }
}
