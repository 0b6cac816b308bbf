//! Ends all sessions of an account, which can log in again.

use std::sync::Arc;

use super::{by_operator, record_ended};
use crate::{
    audit::{kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext, user::User},
    sessions::ports::SessionStore,
};

pub struct EndSessions {
    pub sessions: Arc<dyn SessionStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl EndSessions {
    /// How many sessions ended.
    ///
    /// # Errors
    /// An outage.
    pub async fn execute(&self, user: &User, context: &RequestContext) -> Result<usize, PortError> {
        let now = self.clock.now();
        // Which they are, nobody knows either.
        let attempted = || by_operator(EventKind::SessionEnded, user, context, now);
        let ended = self.sessions.end_all(user.id, None, now).await.or_unknown(&*self.audit, attempted)?;
        record_ended(&*self.audit, user, &ended, context, now);
        Ok(ended.len())
    }
}
