//! The ports for clients on a fuse.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Flaky;
use crate::{
    identity::{ids::ClientId, port_error::PortError},
    oauth::{
        client::{Client, SecretHash},
        client_token::ClientClaims,
        ports::{ClientStore, ClientTokenCodec},
    },
    sessions::token::InvalidToken,
};

#[async_trait]
impl<P: ClientStore> ClientStore for Flaky<P> {
    async fn find(&self, id: ClientId) -> Result<Option<Client>, PortError> {
        self.fuse.guard(self.port.find(id)).await
    }

    async fn insert(&self, client: &Client) -> Result<(), PortError> {
        self.fuse.guard(self.port.insert(client)).await
    }

    async fn list(&self, after: Option<ClientId>, limit: u32) -> Result<Vec<Client>, PortError> {
        self.fuse.guard(self.port.list(after, limit)).await
    }

    async fn rotate(&self, next: &Client, from: &SecretHash) -> Result<bool, PortError> {
        self.fuse.guard(self.port.rotate(next, from)).await
    }

    async fn set_scopes(&self, next: &Client, from: i64) -> Result<bool, PortError> {
        self.fuse.guard(self.port.set_scopes(next, from)).await
    }

    async fn remove(&self, id: ClientId) -> Result<bool, PortError> {
        self.fuse.guard(self.port.remove(id)).await
    }
}

impl<P: ClientTokenCodec> ClientTokenCodec for Flaky<P> {
    fn encode(&self, claims: &ClientClaims) -> Result<String, PortError> {
        self.fuse.guard_at_once(|| self.port.encode(claims))
    }

    /// No outage can come of this: it asks nobody.
    fn decode(&self, token: &str, now: DateTime<Utc>) -> Result<ClientClaims, InvalidToken> {
        self.port.decode(token, now)
    }
}
