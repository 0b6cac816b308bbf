//! Authenticates an access token: finds its session and account, as they are now.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    audit::{event::AuditEvent, kind::EventKind, reason::Reason},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext, user::User},
    sessions::{
        ports::{SessionStore, TokenCodec},
        session::Session,
        token::{Claims, InvalidToken, TokenKind},
    },
};

pub struct Authenticate {
    pub codec: Arc<dyn TokenCodec>,
    pub sessions: Arc<dyn SessionStore>,
    pub clock: Arc<dyn Clock>,
}

/// A signed-in caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub user: User,
    pub session: Session,
}

impl SignedIn {
    /// The caller with these claims, given the session and account that were found; `None` unless they belong together and are
    /// alive.
    pub(crate) fn by(claims: &Claims, (session, user): (Session, User), now: DateTime<Utc>) -> Option<Self> {
        let alive = user.id == claims.user && user.is_active() && session.is_live(now);
        alive.then_some(Self { user, session })
    }

    /// An event of this caller's own, in the session they came with.
    #[must_use]
    pub fn event(&self, kind: EventKind, context: &RequestContext, at: DateTime<Utc>) -> AuditEvent {
        AuditEvent::new(kind, context, at).by_owner(self.user.id, &self.user.email).in_session(self.session.id)
    }

    /// A wrong password counts as a failed login, wherever it was tried.
    #[must_use]
    pub fn failed_login(&self, context: &RequestContext, at: DateTime<Utc>) -> AuditEvent {
        self.event(EventKind::LoginFailed, context, at).because(Reason::WrongCurrentPassword)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    #[error(transparent)]
    Token(#[from] InvalidToken),
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Authenticate {
    /// # Errors
    /// [`AuthenticateError`].
    pub async fn execute(&self, token: &str) -> Result<SignedIn, AuthenticateError> {
        let now = self.clock.now();
        let claims = self.codec.decode(TokenKind::Access, token, now)?;
        // Read every time: an ended session or a disabled account is refused at once.
        let found = self.sessions.find(claims.session).await?;
        found.and_then(|found| SignedIn::by(&claims, found, now)).ok_or_else(|| InvalidToken::Invalid.into())
    }
}

#[cfg(test)]
mod tests;
