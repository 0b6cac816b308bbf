//! Making a session's tokens: the last step of registration, login and refresh.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    identity::{clock::Ids, ids::SessionId, port_error::PortError, request_context::RequestContext, user::User},
    sessions::{
        ports::TokenCodec,
        session::Session,
        token::{Claims, Lifetimes, TokenId, TokenPair},
    },
};

/// Begins sessions and makes their tokens.
#[derive(Clone)]
pub struct Issuer {
    pub codec: Arc<dyn TokenCodec>,
    pub ids: Arc<dyn Ids>,
    pub lifetimes: Lifetimes,
}

impl Issuer {
    /// A new session of an account; nothing has been kept yet.
    #[must_use]
    pub fn session(&self, user: &User, context: &RequestContext, now: DateTime<Utc>) -> Session {
        Session::begin(SessionId(self.ids.next()), user.id, context.clone(), now, &self.lifetimes)
    }

    /// The tokens of a session as it stands: a fresh access token and the one refresh token of its generation.
    ///
    /// # Errors
    /// When a key cannot sign.
    pub fn pair(&self, session: &Session, user: &User, now: DateTime<Utc>) -> Result<TokenPair, PortError> {
        let access = Claims::access(TokenId(self.ids.next()), session, user, now, &self.lifetimes);
        let refresh = Claims::refresh(TokenId(self.ids.next()), session, user);
        Ok(TokenPair {
            access: self.codec.encode(&access)?,
            refresh: self.codec.encode(&refresh)?,
            access_expires_in: access.expires_at - now,
            refresh_expires_in: refresh.expires_at - now,
        })
    }
}

#[cfg(test)]
mod tests;
