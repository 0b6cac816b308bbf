//! Log out: of this session, of every other one, or of all.

use std::sync::Arc;

use crate::{
    audit::{event::AuditEvent, kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext},
    sessions::{authenticate::SignedIn, ports::SessionStore},
};

pub struct Logout {
    pub sessions: Arc<dyn SessionStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// Which sessions a logout ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogoutScope {
    /// The session that the request was made with.
    #[default]
    Local,
    /// All but that one.
    Others,
    All,
}

impl Logout {
    /// # Errors
    /// An outage; nothing has ended then, unless the outcome is unknown.
    pub async fn execute(&self, caller: &SignedIn, scope: LogoutScope, context: &RequestContext) -> Result<(), PortError> {
        let now = self.clock.now();
        let (user, own) = (&caller.user, caller.session.id);
        let outcome = match scope {
            LogoutScope::Local => self.sessions.end(own, now).await.map(|ended| ended.then_some(own).into_iter().collect()),
            LogoutScope::Others => self.sessions.end_all(user.id, Some(own), now).await,
            LogoutScope::All => self.sessions.end_all(user.id, None, now).await,
        };
        let event = |kind| AuditEvent::new(kind, context, now).because(Reason::Logout).by_owner(user.id, &user.email);
        let ended: Vec<_> = outcome.or_unknown(&*self.audit, || match scope {
            LogoutScope::Local | LogoutScope::All => event(EventKind::LoggedOut).in_session(own),
            // Which they are, nobody knows either.
            LogoutScope::Others => event(EventKind::SessionEnded),
        })?;
        for id in ended {
            let kind = if id == own { EventKind::LoggedOut } else { EventKind::SessionEnded };
            self.audit.record(event(kind).in_session(id));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
