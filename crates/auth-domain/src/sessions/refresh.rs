//! Refresh: the next pair of tokens for a refresh token, rotating by generation.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    audit::{
        event::{AuditEvent, Target},
        kind::EventKind,
        ports::AuditSink,
        unknown_outcome::Written,
    },
    identity::{clock::Clock, port_error::PortError, request_context::RequestContext, user::User},
    sessions::{
        issue::Issuer,
        ports::SessionStore,
        session::{Generation, Session, TokenUse},
        token::{InvalidToken, TokenKind, TokenPair, TokenPurpose},
    },
};

pub struct Refresh {
    pub sessions: Arc<dyn SessionStore>,
    pub issuer: Issuer,
    pub audit: Arc<dyn AuditSink>,
    pub clock: Arc<dyn Clock>,
    /// How long the previous token, presented again, still gets the same successor.
    pub reuse_window: TimeDelta,
}

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    #[error(transparent)]
    Token(#[from] InvalidToken),
    /// The token was spent long ago; its session has ended.
    #[error("the refresh token was already used")]
    Reused,
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Who loses the race to move the session looks again and finds a later generation, or that it has ended; who then loses the race
/// to end it finds that. Neither is ever undone.
const LOOKS: usize = 3;

/// What came of one look at the session.
enum Step {
    Answer(TokenPair),
    /// A spent token ended the session.
    Reuse,
    Refuse,
    /// Somebody else moved or ended the session between the look and the step.
    LookAgain,
}

impl Refresh {
    /// # Errors
    /// [`RefreshError`].
    pub async fn execute(&self, token: &str, context: &RequestContext) -> Result<TokenPair, RefreshError> {
        let now = self.clock.now();
        let claims = match self.issuer.codec.decode(TokenKind::Refresh, token, now) {
            Ok(claims) => claims,
            Err(fault) => return self.refuse(Target::Nothing, fault, context, now),
        };
        let of_session = Target::Session(claims.session);
        let TokenPurpose::Refresh(generation) = claims.purpose else {
            return self.refuse(of_session, InvalidToken::Invalid, context, now);
        };
        for _look in 0..LOOKS {
            let found = self.sessions.find(claims.session).await?.filter(|(_, user)| user.id == claims.user);
            let Some((session, user)) = found else {
                return self.refuse(of_session, InvalidToken::Invalid, context, now);
            };
            match self.step(&session, &user, generation, context, now).await? {
                Step::Answer(pair) => {
                    self.audit.record(refreshed(&session, &user, context, now));
                    return Ok(pair);
                }
                Step::Reuse => return Err(RefreshError::Reused),
                Step::Refuse => {
                    let target = Target::account(&user).in_session(session.id);
                    return self.refuse(target, InvalidToken::Invalid, context, now);
                }
                Step::LookAgain => {}
            }
        }
        Err(PortError::Corrupt(format!("session {} neither moves nor ends", claims.session)).into())
    }

    async fn step(
        &self,
        session: &Session,
        user: &User,
        presented: Generation,
        context: &RequestContext,
        now: DateTime<Utc>,
    ) -> Result<Step, PortError> {
        if !session.is_live(now) || !user.is_active() {
            return Ok(Step::Refuse);
        }
        Ok(match session.classify(presented, now, self.reuse_window) {
            TokenUse::Current => {
                let successor = session.successor(context.clone(), now, &self.issuer.lifetimes);
                // Signed first: a session that has moved with nothing to hand out would make its owner look like a thief.
                let pair = self.issuer.pair(&successor, user, now)?;
                let event = || refreshed(session, user, context, now);
                let moved = self.sessions.rotate(&successor).await.or_unknown(&*self.audit, event)?;
                if moved { Step::Answer(pair) } else { Step::LookAgain }
            }
            // The same successor again, so the chain cannot fork.
            TokenUse::Repeat => Step::Answer(self.issuer.pair(session, user, now)?),
            TokenUse::Reuse => self.end(session, user, context, now).await?,
            TokenUse::FromTheFuture => Step::Refuse,
        })
    }

    /// Owner and thief look alike here, so the whole session ends. Of requests that present spent tokens of it at once, the one
    /// that ends it reports the theft.
    async fn end(&self, session: &Session, user: &User, context: &RequestContext, now: DateTime<Utc>) -> Result<Step, PortError> {
        let target = Target::account(user).in_session(session.id);
        let reused = || AuditEvent::new(EventKind::TokenReused, context, now).on(target.clone());
        match self.sessions.end(session.id, now).await.or_unknown(&*self.audit, reused) {
            Ok(true) => {
                self.audit.record(reused());
                Ok(Step::Reuse)
            }
            Ok(false) => Ok(Step::LookAgain),
            Err(error) => {
                // The theft is a fact, whatever becomes of the session.
                if !matches!(error, PortError::Unknown(_)) {
                    self.audit.record(reused());
                }
                Err(error)
            }
        }
    }

    fn refuse(
        &self,
        target: Target,
        fault: InvalidToken,
        context: &RequestContext,
        now: DateTime<Utc>,
    ) -> Result<TokenPair, RefreshError> {
        self.audit.record(AuditEvent::new(EventKind::RefreshRefused, context, now).on(target));
        Err(fault.into())
    }
}

fn refreshed(session: &Session, user: &User, context: &RequestContext, now: DateTime<Utc>) -> AuditEvent {
    AuditEvent::new(EventKind::TokenRefreshed, context, now).by_owner(user.id, &user.email).in_session(session.id)
}

#[cfg(test)]
mod tests;
