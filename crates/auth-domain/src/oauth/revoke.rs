//! Revocation by the bearer of a token (RFC 7009): its session ends.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    audit::{event::AuditEvent, kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext},
    oauth::{authenticate_client_token::AuthenticateClientToken, either_kind::decode_either},
    sessions::{
        authenticate::AuthenticateError,
        ports::{SessionStore, TokenCodec},
        session::Generation,
        token::{Claims, TokenKind, TokenPurpose},
    },
};

pub struct Revoke {
    pub codec: Arc<dyn TokenCodec>,
    pub sessions: Arc<dyn SessionStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    pub clients: AuthenticateClientToken,
}

/// What came of a revocation.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// The token counts no longer, if it ever did.
    Done,
    /// It is a client's own and still counts: it ends with its time, with its client, or with another scope of it.
    NotOffered,
}

impl Revoke {
    /// Ends the session of an access or refresh token, even of a spent one, as presenting that for a refresh would. Anything that
    /// is not a token that counts is ignored, without an error (RFC 7009 section 2.2).
    ///
    /// # Errors
    /// An outage; whether the session has ended is unknown then.
    pub async fn execute(&self, token: &str, context: &RequestContext) -> Result<Revocation, PortError> {
        let now = self.clock.now();
        let order = [TokenKind::Refresh, TokenKind::Access];
        match decode_either(&*self.codec, order, token, now) {
            Ok(claims) => self.end_session(&claims, context, now).await.map(|()| Revocation::Done),
            // Whoever gave the token away must not believe that it is harmless now.
            Err(_no_session) => match self.clients.execute(token).await {
                Ok(_client) => Ok(Revocation::NotOffered),
                Err(AuthenticateError::Token(_)) => Ok(Revocation::Done),
                Err(AuthenticateError::Port(outage)) => Err(outage),
            },
        }
    }

    async fn end_session(&self, claims: &Claims, context: &RequestContext, now: DateTime<Utc>) -> Result<(), PortError> {
        let found = self.sessions.find(claims.session).await?;
        let issued = |generation: Generation| match claims.purpose {
            TokenPurpose::Access => true,
            // Not issued yet, as far as this database knows: a backup was restored, and the session is left alone.
            TokenPurpose::Refresh(presented) => presented <= generation,
        };
        let Some((session, user)) = found.filter(|(session, user)| user.id == claims.user && issued(session.generation)) else {
            return Ok(());
        };
        // What has expired is ended as well: a refresh on its way could draw it out.
        let event = || {
            let event = AuditEvent::new(EventKind::SessionEnded, context, now).because(Reason::TokenRevoked);
            event.by_owner(user.id, &user.email).in_session(session.id)
        };
        if session.ended_at.is_none() && self.sessions.end(session.id, now).await.or_unknown(&*self.audit, event)? {
            self.audit.record(event());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
