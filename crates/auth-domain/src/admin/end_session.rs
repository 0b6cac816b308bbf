//! Ends one session of an account.

use std::sync::Arc;

use super::AdminError;
use crate::{
    audit::{initiator::Initiator, kind::EventKind, ports::AuditSink},
    identity::{clock::Clock, ids::SessionId, user::User},
    sessions::{end::end_of, ports::SessionStore},
};

pub struct EndOneSession {
    pub sessions: Arc<dyn SessionStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

/// Whether a session ended.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    Ended,
    /// There is none, it is another account's, or it has ended already.
    NoSuchSession,
}

impl EndOneSession {
    /// # Errors
    /// An outage.
    pub async fn execute(&self, user: &User, id: SessionId, by: &Initiator) -> Result<SessionEnd, AdminError> {
        let now = self.clock.now();
        let event = || by.event(EventKind::SessionEnded, user, now).in_session(id);
        let ended = end_of(&*self.sessions, &*self.audit, user.id, id, now, event).await?;
        Ok(if ended { SessionEnd::Ended } else { SessionEnd::NoSuchSession })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        identity::port_error::PortError,
        sessions::{ports::MockSessionStore, session::Session},
        testing::{clock, down},
        testkit::{
            MemoryAudit,
            samples::{after, operator, session_of, user},
        },
    };

    async fn end(owner: &User, session: Option<Session>, ends: bool) -> (SessionEnd, usize) {
        let (mut sessions, audit) = (MockSessionStore::new(), MemoryAudit::default());
        let found = session.map(|session| (session, owner.clone()));
        sessions.expect_find().returning(move |_| Ok(found.clone()));
        sessions.expect_end().returning(move |_, _| Ok(ends));
        let end = EndOneSession { sessions: Arc::new(sessions), audit: Arc::new(audit.clone()), clock: clock() };
        let outcome = end.execute(owner, session_of(owner).id, &operator()).await.unwrap();
        (outcome, audit.events().len())
    }

    #[tokio::test]
    async fn only_a_session_of_the_account_that_goes_on_can_end() {
        let (ann, ben) = (user("ann@example.org"), user("ben@example.org"));
        let over = Session { ended_at: Some(after(0)), ..session_of(&ann) };
        for (session, ends, expected) in [
            (Some(session_of(&ann)), true, (SessionEnd::Ended, 1)),
            (Some(session_of(&ann)), false, (SessionEnd::NoSuchSession, 0)),
            (Some(session_of(&ben)), true, (SessionEnd::NoSuchSession, 0)),
            (Some(over), true, (SessionEnd::NoSuchSession, 0)),
            (None, true, (SessionEnd::NoSuchSession, 0)),
        ] {
            assert_eq!(end(&ann, session, ends).await, expected);
        }
    }

    #[tokio::test]
    async fn an_outage_stays_an_outage() {
        let (mut sessions, ann) = (MockSessionStore::new(), user("ann@example.org"));
        sessions.expect_find().returning(|_| down());
        let end = EndOneSession { sessions: Arc::new(sessions), audit: Arc::new(MemoryAudit::default()), clock: clock() };
        let outcome = end.execute(&ann, session_of(&ann).id, &operator()).await;
        assert!(matches!(outcome, Err(AdminError::Port(PortError::Unavailable(_)))));
    }
}
