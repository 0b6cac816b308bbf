//! Token introspection for resource servers (RFC 7662): whether a token is active now. Asking changes nothing.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    factors::policy::MfaPolicy,
    identity::{clock::Clock, port_error::PortError},
    oauth::{authenticate_client_token::AuthenticateClientToken, client_token::ClientClaims, either_kind::decode_either},
    sessions::{
        authenticate::{AuthenticateError, SignedIn},
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
    pub clients: AuthenticateClientToken,
}

/// An active token, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Active {
    /// A person's.
    Session(Box<Alive>),
    /// A client's own.
    Client(ClientClaims),
}

/// An active token of a person, with its session and account as they are now.
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
    pub async fn execute(&self, token: &str) -> Result<Option<Active>, PortError> {
        let now = self.clock.now();
        let order = [TokenKind::Access, TokenKind::Refresh];
        match decode_either(&*self.codec, order, token, now) {
            Ok(claims) => Ok(self.of_session(claims, now).await?.map(Box::new).map(Active::Session)),
            Err(_no_session) => match self.clients.read(token).await {
                Ok((claims, _client)) => Ok(Some(Active::Client(claims))),
                Err(AuthenticateError::Token(_)) => Ok(None),
                Err(AuthenticateError::Port(outage)) => Err(outage),
            },
        }
    }

    async fn of_session(&self, claims: Claims, now: DateTime<Utc>) -> Result<Option<Alive>, PortError> {
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
