//! Signing keys in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, State};
use crate::{
    identity::{encrypted::Encrypted, ids::KeyId, port_error::PortError},
    signing_keys::{key::SigningKey, ports::KeyStore},
};

impl State {
    /// Does it to a key that meets the condition. Whether there was one.
    fn change_key(&mut self, id: &KeyId, condition: impl Fn(&SigningKey) -> bool, change: impl FnOnce(&mut SigningKey)) -> bool {
        self.keys.iter_mut().find(|key| key.id == *id && condition(key)).map(change).is_some()
    }
}

#[async_trait]
impl KeyStore for MemoryStore {
    async fn all(&self) -> Result<Vec<SigningKey>, PortError> {
        Ok(self.open()?.keys.clone())
    }

    async fn insert(&self, key: &SigningKey) -> Result<bool, PortError> {
        let mut state = self.open()?;
        if state.keys.iter().any(|other| other.id == key.id || other.number == key.number) {
            return Ok(false);
        }
        state.keys.push(key.clone());
        state.keys.sort_by_key(|key| key.number);
        Ok(true)
    }

    async fn retire(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError> {
        Ok(self.open()?.change_key(id, |key| key.retired_at.is_none(), |key| key.retired_at = Some(at)))
    }

    async fn revoke(&self, id: &KeyId, at: DateTime<Utc>) -> Result<bool, PortError> {
        Ok(self.open()?.change_key(id, |key| key.revoked_at.is_none(), |key| key.revoked_at = Some(at)))
    }

    async fn reencrypt(&self, id: &KeyId, from: &Encrypted, to: &Encrypted) -> Result<bool, PortError> {
        Ok(self.open()?.change_key(id, |key| key.private == *from, |key| key.private = to.clone()))
    }

    async fn forget(&self, id: &KeyId) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let before = state.keys.len();
        state.keys.retain(|key| key.id != *id);
        Ok(state.keys.len() < before)
    }
}
