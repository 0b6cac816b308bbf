//! Where resource servers are registered.

use async_trait::async_trait;

use crate::{
    identity::{ids::ClientId, port_error::PortError},
    oauth::client::{Client, ClientSecret, SecretHash},
};

/// Where resource servers are registered. Every method is atomic.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
#[async_trait]
pub trait ClientStore: Send + Sync {
    async fn find(&self, id: ClientId) -> Result<Option<Client>, PortError>;

    /// Stores a new client, whose id must be new.
    async fn insert(&self, client: &Client) -> Result<(), PortError>;

    /// At most `limit` clients whose id comes after `after`, ordered by id and so by age.
    async fn list(&self, after: Option<ClientId>, limit: u32) -> Result<Vec<Client>, PortError>;

    /// Replaces the secrets of a client with those of `next`. `false` when the client is gone or `from` is no longer its secret:
    /// of callers that rotate at once, in whatever process, exactly one gets `true`.
    async fn rotate(&self, next: &Client, from: &SecretHash) -> Result<bool, PortError>;

    /// Deletes a client. `false` when there is none.
    async fn remove(&self, id: ClientId) -> Result<bool, PortError>;
}

/// Makes and verifies the secrets of resource servers.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait ClientSecrets: Send + Sync {
    /// A new random secret, and its hash.
    fn make(&self) -> (ClientSecret, SecretHash);

    /// Whether the presented secret is the one of this hash. The time it takes reveals nothing about the secret.
    fn matches(&self, presented: &ClientSecret, kept: &SecretHash) -> bool;
}
