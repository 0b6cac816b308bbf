//! Tokens for clients that act for themselves (RFC 6749 section 4.4): without a session, and without a refresh token.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::{
    audit::{
        event::{Actor, AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
    },
    identity::{
        clock::{Clock, Ids},
        port_error::PortError,
        request_context::RequestContext,
    },
    oauth::{
        client::Client,
        client_token::{ClientClaims, ClientToken},
        ports::ClientTokenCodec,
        scope::Scopes,
    },
    sessions::token::TokenId,
};

pub struct IssueClientToken {
    pub codec: Arc<dyn ClientTokenCodec>,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// How long access tokens last.
    pub life: TimeDelta,
}

#[derive(Debug, thiserror::Error)]
pub enum IssueClientTokenError {
    #[error("the client may not do all of that")]
    NotGranted,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl IssueClientToken {
    /// A token of a client that has proved who it is, for what it asks; without asking, for all that it may do.
    ///
    /// # Errors
    /// [`IssueClientTokenError`].
    pub async fn execute(
        &self,
        client: &Client,
        asked: Option<Scopes>,
        context: &RequestContext,
    ) -> Result<ClientToken, IssueClientTokenError> {
        let scopes = asked.unwrap_or_else(|| client.scopes.clone());
        if !scopes.are_among(&client.scopes) {
            return Err(IssueClientTokenError::NotGranted);
        }
        let claims = ClientClaims::of(client, TokenId(self.ids.next()), scopes, self.clock.now(), self.life);
        let token = self.codec.encode(&claims)?;
        let issued = AuditEvent::new(EventKind::ClientTokenIssued, context, claims.issued_at);
        let issued = issued.by(Actor::Client(client.id)).on(Target::Client(client.id));
        self.audit.record(issued.of_scopes(claims.scopes.names()));
        Ok(ClientToken { token, expires_in: claims.expires_at - claims.issued_at, scopes: claims.scopes })
    }
}

#[cfg(test)]
mod tests;
