//! Who am I: an access token for the account and the session it stands for, as they are now.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    audit::{AuditEvent, EventKind},
    origin::Origin,
    ports::{Clock, PortError, SessionStore, TokenCodec},
    session::Session,
    token::{InvalidToken, TokenKind},
    user::User,
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
    /// An event of this caller's own, in the session they came with.
    #[must_use]
    pub fn event(&self, kind: EventKind, origin: &Origin, at: DateTime<Utc>) -> AuditEvent {
        AuditEvent::new(kind, origin, at).by(self.user.id, &self.user.email).in_session(self.session.id)
    }

    /// A wrong password counts as a failed login, wherever it was tried.
    #[must_use]
    pub fn failed_login(&self, origin: &Origin, at: DateTime<Utc>) -> AuditEvent {
        self.event(EventKind::LoginFailed, origin, at).because("wrong_current_password")
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
        match self.sessions.find(claims.session).await? {
            Some((session, user)) if user.id == claims.user && user.is_active() && session.is_live(now) => {
                Ok(SignedIn { user, session })
            }
            Some(_) | None => Err(InvalidToken::Invalid.into()),
        }
    }
}

#[cfg(test)]
mod tests;
