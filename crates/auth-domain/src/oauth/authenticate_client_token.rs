//! Authenticates a client's own token: finds the client, as it is now.

use std::sync::Arc;

use crate::{
    identity::clock::Clock,
    oauth::{
        client::Client,
        client_token::ClientClaims,
        ports::{ClientStore, ClientTokenCodec},
        scope::Scopes,
    },
    sessions::{authenticate::AuthenticateError, token::InvalidToken},
};

#[derive(Clone)]
pub struct AuthenticateClientToken {
    pub codec: Arc<dyn ClientTokenCodec>,
    pub clients: Arc<dyn ClientStore>,
    pub clock: Arc<dyn Clock>,
}

/// A client that calls for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedClient {
    pub client: Client,
    /// What its token is good for, which may be less than what the client may do.
    pub scopes: Scopes,
}

impl AuthenticateClientToken {
    /// # Errors
    /// [`AuthenticateError`].
    pub async fn execute(&self, token: &str) -> Result<AuthorizedClient, AuthenticateError> {
        let (claims, client) = self.read(token).await?;
        Ok(AuthorizedClient { client, scopes: claims.scopes })
    }

    /// The same, with all that the token says.
    pub(super) async fn read(&self, token: &str) -> Result<(ClientClaims, Client), AuthenticateError> {
        let claims = self.codec.decode(token, self.clock.now())?;
        // Read every time: a client that was removed, or whose scopes were changed, is refused at once.
        let client = self.clients.find(claims.client).await?.filter(|client| claims.count_for(client));
        let client = client.ok_or(InvalidToken::Invalid)?;
        Ok((claims, client))
    }
}

#[cfg(test)]
mod tests;
