//! Whether a token counts now, for a resource server that asks (RFC 7662). Asking changes nothing.

use std::sync::Arc;

use crate::{
    ports::{Clock, PortError, SessionStore, TokenCodec},
    token::{Claims, Grant, TokenKind},
    usecases::{authenticate::SignedIn, either_kind::decode_either},
};

pub struct Introspect {
    pub codec: Arc<dyn TokenCodec>,
    pub sessions: Arc<dyn SessionStore>,
    pub clock: Arc<dyn Clock>,
}

/// A token that counts, and whom it stands for, as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alive {
    pub claims: Claims,
    pub owner: SignedIn,
}

impl Introspect {
    /// `None` for whatever does not count: why is not for the asker to know (RFC 7662 section 2.2).
    ///
    /// # Errors
    /// An outage; whether the token counts is unknown then.
    pub async fn execute(&self, token: &str) -> Result<Option<Alive>, PortError> {
        let now = self.clock.now();
        let order = [TokenKind::Access, TokenKind::Refresh];
        let Ok(claims) = decode_either(&*self.codec, order, token, now) else { return Ok(None) };
        let owner = self.sessions.find(claims.session).await?.and_then(|found| SignedIn::by(&claims, found, now));
        // Of refresh tokens the current one: the others are spent, though the one just before may get its successor again.
        let unspent = |owner: &SignedIn| match claims.grant {
            Grant::Access => true,
            Grant::Refresh(presented) => presented == owner.session.generation,
        };
        Ok(owner.filter(unspent).map(|owner| Alive { claims, owner }))
    }
}

#[cfg(test)]
mod tests;
