//! End one's own session by its id.

use std::sync::Arc;

use crate::{
    audit::{kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{clock::Clock, ids::SessionId, port_error::PortError, request_context::RequestContext},
    sessions::{authenticate::SignedIn, ports::SessionStore},
};

pub struct EndSession {
    pub sessions: Arc<dyn SessionStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    /// There is none, it is somebody else's, or it has ended: the caller cannot tell which.
    #[error("no such session")]
    NotFound,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl EndSession {
    /// # Errors
    /// [`EndSessionError`].
    pub async fn execute(&self, caller: &SignedIn, id: SessionId, context: &RequestContext) -> Result<(), EndSessionError> {
        let now = self.clock.now();
        // What has expired is ended as well: a refresh on its way could draw it out.
        let own = self
            .sessions
            .find(id)
            .await?
            .is_some_and(|(session, _)| session.user == caller.user.id && session.ended_at.is_none());
        let event = || caller.event(EventKind::SessionEnded, context, now).because(Reason::EndedByOwner).in_session(id);
        if !own || !self.sessions.end(id, now).await.or_unknown(&*self.audit, event)? {
            return Err(EndSessionError::NotFound);
        }
        self.audit.record(event());
        Ok(())
    }
}
