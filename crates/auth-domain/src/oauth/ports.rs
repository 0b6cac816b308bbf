//! Where resource servers are registered, and what signs their own tokens.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{
    identity::{ids::ClientId, port_error::PortError},
    oauth::{
        client::{Client, ClientSecret, SecretHash},
        client_token::ClientClaims,
    },
    sessions::token::InvalidToken,
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

    /// Replaces the scopes of a client with those of `next`, and their version. `false` when the client is gone or `from` is no
    /// longer the version: of callers that change them at once, exactly one gets `true`. Its secrets stay as they are.
    async fn set_scopes(&self, next: &Client, from: i64) -> Result<bool, PortError>;

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

/// Signs the claims of clients into tokens of their own and reads them back, with the keys of access tokens. Pure but for its keys.
#[cfg_attr(any(test, feature = "testkit"), mockall::automock)]
pub trait ClientTokenCodec: Send + Sync {
    /// The token of these claims.
    ///
    /// # Errors
    /// When the key cannot sign.
    fn encode(&self, claims: &ClientClaims) -> Result<String, PortError>;

    /// The claims of a client's own token, never of a person's: its signature verified, every claim there and of its type, its
    /// times checked with [`ClientClaims::check_times`].
    ///
    /// # Errors
    /// The token is refused.
    fn decode(&self, token: &str, now: DateTime<Utc>) -> Result<ClientClaims, InvalidToken>;
}
