//! Making a session's tokens: the last step of registration, login and refresh.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Map;

use crate::{
    factors::policy::MfaPolicy,
    identity::{clock::Ids, ids::SessionId, port_error::PortError, request_context::RequestContext, user::User},
    sessions::{
        authentication::{Authentication, is_for_enrolment},
        ports::{TokenCodec, TokenNotes},
        session::Session,
        token::{AccessToken, Claims, Lifetimes, Scope, TokenId, TokenPair},
        token_claims::TokenClaims,
    },
};

/// Begins sessions and makes their tokens.
#[derive(Clone)]
pub struct Issuer {
    pub codec: Arc<dyn TokenCodec>,
    pub ids: Arc<dyn Ids>,
    pub lifetimes: Lifetimes,
    /// Which attributes access tokens say.
    pub claims: TokenClaims,
    pub notes: Arc<dyn TokenNotes>,
    /// Whether a session without a second factor may do no more than enrol one.
    pub mfa: MfaPolicy,
}

impl Issuer {
    /// A new session of an account whose owner has just been authenticated; nothing has been kept yet.
    #[must_use]
    pub fn session(&self, user: &User, authentication: Authentication, context: &RequestContext, now: DateTime<Utc>) -> Session {
        Session::begin(SessionId(self.ids.next()), user.id, authentication, context.clone(), now, &self.lifetimes)
    }

    /// An access token of a session as it stands.
    ///
    /// # Errors
    /// When a key cannot sign.
    pub fn access(&self, session: &Session, user: &User, now: DateTime<Utc>) -> Result<AccessToken, PortError> {
        let claims = Claims::access(TokenId(self.ids.next()), session, user, now, &self.lifetimes);
        let scope = is_for_enrolment(session, self.mfa).then_some(Scope::Enrol);
        let attributes = self.claims.of(&user.attributes).unwrap_or_else(|_too_much| {
            self.notes.left_out(user.id);
            Map::new()
        });
        let claims = Claims { attributes, scope, ..claims };
        Ok(AccessToken { token: self.codec.encode(&claims)?, expires_in: claims.expires_at - now })
    }

    /// The tokens of a session as it stands: a fresh access token and the one refresh token of its generation.
    ///
    /// # Errors
    /// When a key cannot sign.
    pub fn pair(&self, session: &Session, user: &User, now: DateTime<Utc>) -> Result<TokenPair, PortError> {
        let access = self.access(session, user, now)?;
        let refresh = Claims::refresh(TokenId(self.ids.next()), session, user);
        Ok(TokenPair {
            access: access.token,
            refresh: self.codec.encode(&refresh)?,
            access_expires_in: access.expires_in,
            refresh_expires_in: refresh.expires_at - now,
        })
    }
}

#[cfg(test)]
mod tests;
