//! Ends all sessions of an account, which can log in again.

use std::sync::Arc;

use crate::{
    audit::{initiator::Initiator, kind::EventKind, ports::AuditSink, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, user::User},
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
    pub async fn execute(&self, user: &User, by: &Initiator) -> Result<usize, PortError> {
        let now = self.clock.now();
        // Which they are, nobody knows either.
        let attempted = || by.event(EventKind::SessionEnded, user, now);
        let ended = self.sessions.end_all(user.id, None, now).await.or_unknown(&*self.audit, attempted)?;
        by.record_ended(&*self.audit, user, &ended, None, now);
        Ok(ended.len())
    }
}
