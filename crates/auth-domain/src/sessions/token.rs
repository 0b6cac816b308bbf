//! Tokens: their claims, their lives, and when they count.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::{
    identity::{
        email::Email,
        ids::{SessionId, UserId, id},
        password_hash::redacted,
        role::Roles,
        user::User,
    },
    sessions::{
        authentication::Authentication,
        session::{Generation, Session},
    },
};

/// How far the clocks of issuer and verifier may be apart, in seconds.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(10);

id! {
    /// Identifies one token: its `jti` claim.
    TokenId
}

/// The longest life that an access token may be given, in minutes. Keys stay published for as long.
pub const ACCESS_MAX_MINUTES: i64 = 60;

/// How long tokens and sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// An access token.
    pub access: TimeDelta,
    /// A refresh token, and so a session that is not refreshed.
    pub refresh: TimeDelta,
    /// A session in all, however often it is refreshed.
    pub session: TimeDelta,
}

/// Which of the two tokens is meant: each has its own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    Access,
    Refresh,
}

/// What a token lets its bearer do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPurpose {
    Access,
    Refresh(Generation),
}

/// What an access token is good for (RFC 6749 section 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Enrolling a second factor: no service takes it for a login.
    Enrol,
}

/// What a token says (RFC 7519 section 4), every claim present and of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    pub id: TokenId,
    pub purpose: TokenPurpose,
    pub user: UserId,
    pub email: Email,
    /// Of an access token: whether the address is verified. Earlier releases did not always say it.
    pub email_verified: Option<bool>,
    pub session: SessionId,
    /// Of an access token: what it is good for, where that is not everything.
    pub scope: Option<Scope>,
    /// Of an access token: how and when its bearer was authenticated, for other services; this one goes by the session. Earlier
    /// releases did not say it.
    pub authentication: Option<Authentication>,
    /// Of an access token: what its owner is allowed, for other services; this one goes by the account.
    pub roles: Roles,
    /// Of an access token: what its owner's attributes are, as far as tokens say it, for other services.
    pub attributes: Map<String, Value>,
    pub issued_at: DateTime<Utc>,
    pub not_before: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// Valid in every respect, but expired.
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid")]
    Invalid,
}

/// An access token, and how long it lasts.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub token: String,
    pub expires_in: TimeDelta,
}

/// What a login or a refresh hands out (RFC 6749 section 5.1).
#[derive(Clone, PartialEq, Eq)]
pub struct TokenPair {
    pub access: String,
    pub refresh: String,
    /// Until the access token expires.
    pub access_expires_in: TimeDelta,
    /// Until the refresh token expires.
    pub refresh_expires_in: TimeDelta,
}

redacted!(AccessToken, TokenPair);

impl TokenPurpose {
    #[must_use]
    pub fn kind(self) -> TokenKind {
        match self {
            Self::Access => TokenKind::Access,
            Self::Refresh(_) => TokenKind::Refresh,
        }
    }
}

impl Claims {
    /// An access token for a session, from now on.
    #[must_use]
    pub fn access(id: TokenId, session: &Session, user: &User, now: DateTime<Utc>, lifetimes: &Lifetimes) -> Self {
        let authentication = Some(session.authentication.clone());
        let (email_verified, roles) = (Some(user.email_verified_at.is_some()), user.roles.clone());
        Self {
            authentication,
            email_verified,
            roles,
            ..Self::new(id, TokenPurpose::Access, session, user, now, now + lifetimes.access)
        }
    }

    /// The refresh token of a session's current generation; made again, it has the same times.
    #[must_use]
    pub fn refresh(id: TokenId, session: &Session, user: &User) -> Self {
        Self::new(id, TokenPurpose::Refresh(session.generation), session, user, session.last_used_at, session.expires_at)
    }

    fn new(
        id: TokenId,
        purpose: TokenPurpose,
        session: &Session,
        user: &User,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            purpose,
            user: user.id,
            email: user.email.clone(),
            email_verified: None,
            scope: None,
            session: session.id,
            authentication: None,
            roles: Roles::default(),
            attributes: Map::new(),
            issued_at: from,
            not_before: from,
            expires_at: until,
        }
    }

    /// Judges the times.
    ///
    /// # Errors
    /// [`InvalidToken::Expired`] when only its age is wrong.
    pub fn check_times(&self, now: DateTime<Utc>) -> Result<(), InvalidToken> {
        check_period(self.issued_at.max(self.not_before), self.expires_at, now)
    }
}

/// Whether a token counts at a time that begins and ends with these. RFC 7519 section 4.1.4: "on or after" `exp` is too late.
///
/// # Errors
/// [`InvalidToken::Expired`] when only its age is wrong.
pub(crate) fn check_period(from: DateTime<Utc>, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), InvalidToken> {
    if from > now + CLOCK_SKEW {
        return Err(InvalidToken::Invalid);
    }
    if now - CLOCK_SKEW >= until { Err(InvalidToken::Expired) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
