//! What an operator does to resource servers from the command line, each step in the audit trail.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    audit::{
        event::{Actor, AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        unknown_outcome::Written,
    },
    identity::{
        clock::{Clock, Ids},
        ids::ClientId,
        port_error::PortError,
        request_context::RequestContext,
    },
    oauth::{
        client::{Client, ClientName, ClientSecret},
        ports::{ClientSecrets, ClientStore},
        scope::Scopes,
    },
};

/// Makes a client and its secret.
pub struct AddClient {
    pub clients: Arc<dyn ClientStore>,
    pub secrets: Arc<dyn ClientSecrets>,
    pub ids: Arc<dyn Ids>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// Gives a client another secret.
pub struct RotateClientSecret {
    pub clients: Arc<dyn ClientStore>,
    pub secrets: Arc<dyn ClientSecrets>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// Says what a client may do.
pub struct SetClientScopes {
    pub clients: Arc<dyn ClientStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// Takes a client's access away.
pub struct RemoveClient {
    pub clients: Arc<dyn ClientStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// A client with its secret, which is shown only now: only its hash is kept.
#[derive(Debug)]
pub struct Issued {
    pub client: Client,
    pub secret: ClientSecret,
}

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("there is no such client")]
    NoSuchClient,
    /// Somebody else changed or removed it at the same moment.
    #[error("the client was changed meanwhile; try again")]
    ChangedMeanwhile,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl AddClient {
    /// # Errors
    /// An outage. If only the answer was lost, there is now a client whose secret nobody knows.
    pub async fn execute(&self, name: ClientName, scopes: Scopes, context: &RequestContext) -> Result<Issued, PortError> {
        let (secret, hash) = self.secrets.make();
        let client = Client { scopes, ..Client::new(ClientId(self.ids.next()), name, hash, self.clock.now()) };
        let added =
            || by_operator(EventKind::ClientAdded, client.id, context, client.created_at).of_scopes(client.scopes.names());
        self.clients.insert(&client).await.or_unknown(&*self.audit, added)?;
        self.audit.record(added());
        Ok(Issued { client, secret })
    }
}

impl RotateClientSecret {
    /// The current secret stays valid for `overlap`.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn execute(&self, id: ClientId, overlap: TimeDelta, context: &RequestContext) -> Result<Issued, ClientError> {
        let before = self.clients.find(id).await?.ok_or(ClientError::NoSuchClient)?;
        let (secret, hash) = self.secrets.make();
        let now = self.clock.now();
        let client = before.rotated(hash, overlap, now);
        let rotated = || by_operator(EventKind::ClientSecretRotated, id, context, now);
        if !self.clients.rotate(&client, &before.secret).await.or_unknown(&*self.audit, rotated)? {
            return Err(ClientError::ChangedMeanwhile);
        }
        self.audit.record(rotated());
        Ok(Issued { client, secret })
    }
}

impl SetClientScopes {
    /// The client may do this from now on, and nothing else; its tokens end. With the scopes that it has, nothing happens.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn execute(&self, id: ClientId, scopes: Scopes, context: &RequestContext) -> Result<Client, ClientError> {
        let before = self.clients.find(id).await?.ok_or(ClientError::NoSuchClient)?;
        let Some(client) = before.rescoped(scopes) else { return Ok(before) };
        let now = self.clock.now();
        let changed = || by_operator(EventKind::ClientScopesChanged, id, context, now).of_scopes(client.scopes.names());
        if !self.clients.set_scopes(&client, before.scopes_version).await.or_unknown(&*self.audit, changed)? {
            return Err(ClientError::ChangedMeanwhile);
        }
        self.audit.record(changed());
        Ok(client)
    }
}

impl RemoveClient {
    /// # Errors
    /// [`ClientError::NoSuchClient`], or an outage.
    pub async fn execute(&self, id: ClientId, context: &RequestContext) -> Result<(), ClientError> {
        let removed = || by_operator(EventKind::ClientRemoved, id, context, self.clock.now());
        if !self.clients.remove(id).await.or_unknown(&*self.audit, removed)? {
            return Err(ClientError::NoSuchClient);
        }
        self.audit.record(removed());
        Ok(())
    }
}

fn by_operator(kind: EventKind, client: ClientId, context: &RequestContext, now: DateTime<Utc>) -> AuditEvent {
    AuditEvent::new(kind, context, now).by(Actor::Operator).on(Target::Client(client))
}

#[cfg(test)]
mod tests;
