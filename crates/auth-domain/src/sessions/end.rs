//! End a session by its id: one's own, or one of another's account.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    audit::{event::AuditEvent, kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{
        clock::Clock,
        ids::{SessionId, UserId},
        port_error::PortError,
        request_context::RequestContext,
    },
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
        let event = || caller.event(EventKind::SessionEnded, context, now).because(Reason::EndedByOwner).in_session(id);
        let ended = end_of(&*self.sessions, &*self.audit, caller.user.id, id, now, event).await?;
        if ended { Ok(()) } else { Err(EndSessionError::NotFound) }
    }
}

/// Ends a session of an account, and records it. `false` when there is none, it is another account's, or it has ended.
///
/// # Errors
/// An outage.
pub(crate) async fn end_of(
    sessions: &dyn SessionStore,
    audit: &dyn AuditSink,
    user: UserId,
    id: SessionId,
    now: DateTime<Utc>,
    event: impl Fn() -> AuditEvent,
) -> Result<bool, PortError> {
    // What has expired is ended as well: a refresh on its way could draw it out.
    let is_its = sessions.find(id).await?.is_some_and(|(session, _)| session.user == user && session.ended_at.is_none());
    if !is_its || !sessions.end(id, now).await.or_unknown(audit, &event)? {
        return Ok(false);
    }
    audit.record(event());
    Ok(true)
}
