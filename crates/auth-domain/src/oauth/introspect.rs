//! Token introspection for resource servers (RFC 7662): whether a token is active now. Asking changes nothing.

use std::sync::Arc;

use crate::{
    factors::policy::MfaPolicy,
    identity::{clock::Clock, port_error::PortError},
    oauth::either_kind::decode_either,
    sessions::{
        authenticate::SignedIn,
        authentication::is_for_enrolment,
        ports::{SessionStore, TokenCodec},
        token::{Claims, TokenKind, TokenPurpose},
    },
};

pub struct Introspect {
    pub codec: Arc<dyn TokenCodec>,
    pub sessions: Arc<dyn SessionStore>,
    pub clock: Arc<dyn Clock>,
    pub mfa: MfaPolicy,
}

/// An active token, with its session and account as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alive {
    pub claims: Claims,
    pub owner: SignedIn,
}

impl Introspect {
    /// `None` for any token that is not active, without the reason (RFC 7662 section 2.2).
    ///
    /// # Errors
    /// An outage; whether the token is active is unknown then.
    pub async fn execute(&self, token: &str) -> Result<Option<Alive>, PortError> {
        let now = self.clock.now();
        let order = [TokenKind::Access, TokenKind::Refresh];
        let Ok(claims) = decode_either(&*self.codec, order, token, now) else { return Ok(None) };
        let owner = self.sessions.find(claims.session).await?.and_then(|found| SignedIn::by(&claims, found, now));
        // Of refresh tokens the current one: the others are spent, though the one just before may get its successor again.
        let unspent = |owner: &SignedIn| match claims.purpose {
            TokenPurpose::Access => true,
            TokenPurpose::Refresh(presented) => presented == owner.session.generation,
        };
        // What may only enrol a second factor is no login to any service.
        let is_full = |owner: &SignedIn| claims.scope.is_none() && !is_for_enrolment(&owner.session, self.mfa);
        Ok(owner.filter(unspent).filter(is_full).map(|owner| Alive { claims, owner }))
    }
}

#[cfg(test)]
mod tests;
