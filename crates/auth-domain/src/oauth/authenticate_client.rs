//! Authenticates a resource server by its id and secret (RFC 6749 section 2.3).

use std::sync::Arc;

use crate::{
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        reason::Reason,
    },
    identity::{clock::Clock, ids::ClientId, port_error::PortError, request_context::RequestContext},
    oauth::{
        client::{Client, ClientSecret},
        ports::{ClientSecrets, ClientStore},
    },
};

/// Guessing is not slowed down as it is for passwords: a secret has 256 random bits, and clients share addresses.
pub struct AuthenticateClient {
    pub clients: Arc<dyn ClientStore>,
    pub secrets: Arc<dyn ClientSecrets>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// What a client presents.
#[derive(Debug)]
pub struct Credentials {
    pub id: String,
    pub secret: ClientSecret,
}

#[derive(Debug, thiserror::Error)]
pub enum AuthenticateClientError {
    /// There is no such client, or that is not its secret: the caller cannot tell which.
    #[error("the client is unknown, or the secret is not its own")]
    Refused,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl AuthenticateClient {
    /// # Errors
    /// [`AuthenticateClientError`].
    pub async fn execute(&self, presented: &Credentials, context: &RequestContext) -> Result<Client, AuthenticateClientError> {
        // What is no id is nobody's. It is not repeated either: whoever asks chose it.
        let Ok(id) = presented.id.parse::<ClientId>() else { return self.refuse(None, Reason::UnknownClient, context) };
        // Read every time: a client that was removed is refused at once.
        let Some(client) = self.clients.find(id).await? else { return self.refuse(Some(id), Reason::UnknownClient, context) };
        let now = self.clock.now();
        let right = client.good_at(now).any(|kept| self.secrets.matches(&presented.secret, kept));
        if right { Ok(client) } else { self.refuse(Some(id), Reason::WrongSecret, context) }
    }

    fn refuse(&self, id: Option<ClientId>, why: Reason, context: &RequestContext) -> Result<Client, AuthenticateClientError> {
        let event = AuditEvent::new(EventKind::ClientRefused, context, self.clock.now()).because(why);
        self.audit.record(event.on(id.map_or(Target::Nothing, Target::Client)));
        Err(AuthenticateClientError::Refused)
    }
}

#[cfg(test)]
mod tests;
