//! Revocation by the bearer of a token (RFC 7009): its session ends.

use std::sync::Arc;

use crate::{
    audit::{event::AuditEvent, kind::EventKind, ports::AuditSink, reason::Reason, unknown_outcome::Written},
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext},
    oauth::either_kind::decode_either,
    sessions::{
        ports::{SessionStore, TokenCodec},
        session::Generation,
        token::{TokenKind, TokenPurpose},
    },
};

pub struct Revoke {
    pub codec: Arc<dyn TokenCodec>,
    pub sessions: Arc<dyn SessionStore>,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
}

impl Revoke {
    /// Ends the session of an access or refresh token, even of a spent one, as presenting that for a refresh would. Anything that
    /// is not a token of a live session is ignored, without an error (RFC 7009 section 2.2).
    ///
    /// # Errors
    /// An outage; whether the session has ended is unknown then.
    pub async fn execute(&self, token: &str, context: &RequestContext) -> Result<(), PortError> {
        let now = self.clock.now();
        let order = [TokenKind::Refresh, TokenKind::Access];
        let Ok(claims) = decode_either(&*self.codec, order, token, now) else { return Ok(()) };
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
