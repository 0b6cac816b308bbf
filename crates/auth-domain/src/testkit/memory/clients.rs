//! Clients in memory.

use async_trait::async_trait;

use super::{MemoryStore, count};
use crate::{
    identity::{ids::ClientId, port_error::PortError},
    oauth::{
        client::{Client, SecretHash},
        ports::ClientStore,
    },
};

#[async_trait]
impl ClientStore for MemoryStore {
    async fn find(&self, id: ClientId) -> Result<Option<Client>, PortError> {
        Ok(self.open()?.clients.get(&id).cloned())
    }

    async fn insert(&self, client: &Client) -> Result<(), PortError> {
        let mut state = self.open()?;
        if state.clients.contains_key(&client.id) {
            return Err(PortError::Corrupt(format!("there is a client {} already", client.id)));
        }
        state.clients.insert(client.id, client.clone());
        Ok(())
    }

    async fn list(&self, after: Option<ClientId>, limit: u32) -> Result<Vec<Client>, PortError> {
        let state = self.open()?;
        let behind = state.clients.values().filter(|client| after.is_none_or(|after| client.id > after));
        Ok(behind.take(count(limit)).cloned().collect())
    }

    async fn rotate(&self, next: &Client, from: &SecretHash) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let Some(client) = state.clients.get_mut(&next.id).filter(|client| client.secret == *from) else { return Ok(false) };
        client.secret = next.secret.clone();
        client.former = next.former.clone();
        client.rotated_at = next.rotated_at;
        Ok(true)
    }

    async fn set_scopes(&self, next: &Client, from: i64) -> Result<bool, PortError> {
        let mut state = self.open()?;
        let Some(client) = state.clients.get_mut(&next.id).filter(|client| client.scopes_version == from) else {
            return Ok(false);
        };
        client.scopes = next.scopes.clone();
        client.scopes_version = next.scopes_version;
        Ok(true)
    }

    async fn remove(&self, id: ClientId) -> Result<bool, PortError> {
        Ok(self.open()?.clients.remove(&id).is_some())
    }
}
