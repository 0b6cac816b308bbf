//! A server looks after the keys as they age. All servers of one database do so; each step happens once.

use std::sync::Arc;

use crate::{
    identity::{port_error::PortError, request_context::RequestContext},
    signing_keys::{plan::maintain, ports::KeyCache, ring::KeyRing, writer::KeyWriter},
};

pub struct MaintainKeys {
    pub writer: KeyWriter,
    pub cache: Arc<dyn KeyCache>,
}

impl MaintainKeys {
    /// Run periodically, more often than [`crate::signing_keys::ring::AT_ONCE`]: takes over what other servers and operators did,
    /// makes the next key when it is due or when otherwise nobody would sign, and deletes those that are over.
    ///
    /// # Errors
    /// An outage, or a key that is needed and cannot be used.
    pub async fn execute(&self) -> Result<(), PortError> {
        let (writer, keys) = (&self.writer, self.writer.keys.all().await?);
        let ring = KeyRing::of(keys.clone());
        // Updated before all else, whatever becomes of the rest; a key that cannot be used here keeps nobody from what is to be done.
        let updated = self.cache.update(keys, writer.clock.now());
        writer.carry_out(&ring, &RequestContext::default(), |now| maintain(&ring, now, writer.policy)).await?;
        updated
    }
}

#[cfg(test)]
mod tests;
