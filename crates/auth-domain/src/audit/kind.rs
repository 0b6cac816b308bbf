//! The kinds of events, and their names: logs and databases hold them for years.

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
    /// A resource server may ask about tokens from now on.
    ClientAdded,
    ClientSecretRotated,
    ClientRemoved,
    /// Somebody presented wrong client credentials.
    ClientRefused,
    RateLimited,
    KeyCreated,
    KeyRetired,
    KeyRevoked,
}

/// The outcome for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Failure,
    /// The database gave no answer: it may have happened, or may happen yet.
    Unknown,
}

impl EventKind {
    pub const ALL: [Self; 24] = [
        Self::UserRegistered,
        Self::RegistrationRefused,
        Self::LoginSucceeded,
        Self::LoginFailed,
        Self::LoginThrottled,
        Self::TokenRefreshed,
        Self::RefreshRefused,
        Self::TokenReused,
        Self::LoggedOut,
        Self::SessionEnded,
        Self::PasswordChanged,
        Self::PasswordChangeRefused,
        Self::AccountDeleted,
        Self::AccountDeletionRefused,
        Self::AccountDisabled,
        Self::AccountEnabled,
        Self::ClientAdded,
        Self::ClientSecretRotated,
        Self::ClientRemoved,
        Self::ClientRefused,
        Self::RateLimited,
        Self::KeyCreated,
        Self::KeyRetired,
        Self::KeyRevoked,
    ];

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
            Self::ClientAdded => "client_added",
            Self::ClientSecretRotated => "client_secret_rotated",
            Self::ClientRemoved => "client_removed",
            Self::ClientRefused => "client_refused",
            Self::RateLimited => "rate_limited",
            Self::KeyCreated => "key_created",
            Self::KeyRetired => "key_retired",
            Self::KeyRevoked => "key_revoked",
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
            | Self::AccountEnabled
            | Self::KeyCreated
            | Self::KeyRetired
            | Self::KeyRevoked
            | Self::ClientAdded
            | Self::ClientSecretRotated
            | Self::ClientRemoved => Outcome::Success,
            Self::RegistrationRefused
            | Self::LoginFailed
            | Self::LoginThrottled
            | Self::RefreshRefused
            | Self::TokenReused
            | Self::PasswordChangeRefused
            | Self::AccountDeletionRefused
            | Self::ClientRefused
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
            Self::Unknown => "unknown",
        }
    }
}
