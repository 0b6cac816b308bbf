//! What is remembered of every authentication event: who, what, when, from where.

use chrono::{DateTime, Utc};

use crate::{email::Email, origin::Origin, session::SessionId, user::UserId};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    UserRegistered,
    RegistrationRefused,
    LoginSucceeded,
    LoginFailed,
    LoginThrottled,
    TokenRefreshed,
    RefreshRefused,
    TokenReused,
    LoggedOut,
    SessionEnded,
    PasswordChanged,
    PasswordChangeRefused,
    AccountDeleted,
    AccountDeletionRefused,
    AccountDisabled,
    AccountEnabled,
    RateLimited,
}

/// How it went for whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Failure,
}

/// One line of the audit trail. Never holds a password, a token, a hash or a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    pub at: DateTime<Utc>,
    pub kind: EventKind,
    /// Why, where the answer to the client does not say.
    pub reason: Option<&'static str>,
    pub user: Option<UserId>,
    pub session: Option<SessionId>,
    /// The address of the attempt, whether or not there is such an account.
    pub email: Option<Email>,
    pub origin: Origin,
}

impl AuditEvent {
    #[must_use]
    pub fn new(kind: EventKind, origin: &Origin, at: DateTime<Utc>) -> Self {
        Self { at, kind, reason: None, user: None, session: None, email: None, origin: origin.clone() }
    }

    #[must_use]
    pub fn because(self, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..self }
    }

    #[must_use]
    pub fn by(self, user: UserId, email: &Email) -> Self {
        Self { user: Some(user), email: Some(email.clone()), ..self }
    }

    #[must_use]
    pub fn attempted_as(self, email: &Email) -> Self {
        Self { email: Some(email.clone()), ..self }
    }

    #[must_use]
    pub fn in_session(self, session: SessionId) -> Self {
        Self { session: Some(session), ..self }
    }
}

impl EventKind {
    /// The name it has in logs and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UserRegistered => "user_registered",
            Self::RegistrationRefused => "registration_refused",
            Self::LoginSucceeded => "login_succeeded",
            Self::LoginFailed => "login_failed",
            Self::LoginThrottled => "login_throttled",
            Self::TokenRefreshed => "token_refreshed",
            Self::RefreshRefused => "refresh_refused",
            Self::TokenReused => "token_reused",
            Self::LoggedOut => "logged_out",
            Self::SessionEnded => "session_ended",
            Self::PasswordChanged => "password_changed",
            Self::PasswordChangeRefused => "password_change_refused",
            Self::AccountDeleted => "account_deleted",
            Self::AccountDeletionRefused => "account_deletion_refused",
            Self::AccountDisabled => "account_disabled",
            Self::AccountEnabled => "account_enabled",
            Self::RateLimited => "rate_limited",
        }
    }

    #[must_use]
    pub fn outcome(self) -> Outcome {
        match self {
            Self::UserRegistered
            | Self::LoginSucceeded
            | Self::TokenRefreshed
            | Self::LoggedOut
            | Self::SessionEnded
            | Self::PasswordChanged
            | Self::AccountDeleted
            | Self::AccountDisabled
            | Self::AccountEnabled => Outcome::Success,
            Self::RegistrationRefused
            | Self::LoginFailed
            | Self::LoginThrottled
            | Self::RefreshRefused
            | Self::TokenReused
            | Self::PasswordChangeRefused
            | Self::AccountDeletionRefused
            | Self::RateLimited => Outcome::Failure,
        }
    }
}

impl Outcome {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

#[cfg(test)]
mod tests;
