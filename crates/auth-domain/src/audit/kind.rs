//! The one list of events: a new event is one line of `events!`. Logs and databases hold the names for years.

/// The outcome for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Failure,
    /// The database gave no answer: it may have happened, or may happen yet.
    Unknown,
}

/// What an event adds to the counters of operators, beside the one that counts every event by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// A password was presented, with this outcome.
    Login(&'static str),
    /// A session began, by this.
    SessionBegun(&'static str),
    /// A session ended, for this reason.
    SessionEnded(&'static str),
    /// A session ended, for the reason of the event.
    SessionEndedAsTold,
    /// A spent refresh token was presented.
    SessionReused,
    /// A second factor was shown, with this outcome, by the methods of the event.
    SecondFactor(&'static str),
    /// A rate limit refused a request.
    RateLimited,
}

/// What is to be known of a kind of event.
struct Facts {
    name: &'static str,
    outcome: Outcome,
    tallies: &'static [Tally],
    description: &'static str,
}

macro_rules! events {
    ($($kind:ident, $name:literal, $outcome:ident, [$($tally:expr),*], $description:literal;)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $(#[doc = $description] $kind,)+
        }

        impl EventKind {
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$kind),+];

            fn facts(self) -> Facts {
                use Tally::*;
                match self {
                    $(Self::$kind => Facts {
                        name: $name,
                        outcome: Outcome::$outcome,
                        tallies: &[$($tally),*],
                        description: $description,
                    },)+
                }
            }
        }
    };
}

#[rustfmt::skip] // One line for each event: its name, its outcome, what it counts as, what happened.
events! {
    UserRegistered, "user_registered", Success, [SessionBegun("register")], "an account was made";
    RegistrationRefused, "registration_refused", Failure, [], "no account was made";
    LoginSucceeded, "login_succeeded", Success, [Login("succeeded"), SessionBegun("login"), SecondFactor("succeeded")], "a login began a session";
    LoginFailed, "login_failed", Failure, [Login("failed")], "a login was refused, or a change or deletion came with a wrong password";
    LoginThrottled, "login_throttled", Failure, [Login("throttled")], "a password was not tried: its client has to wait";
    SecondFactorRequired, "second_factor_required", Success, [Login("second_factor_required")], "a password was right, and the account's second factor was asked for";
    SecondFactorRefused, "second_factor_refused", Failure, [SecondFactor("refused")], "a second step was refused";
    SecondFactorThrottled, "second_factor_throttled", Failure, [SecondFactor("throttled")], "a code was not tried: the account has had too many wrong ones";
    TokenRefreshed, "token_refreshed", Success, [], "a refresh token got the next pair of tokens";
    RefreshRefused, "refresh_refused", Failure, [], "a refresh token got nothing";
    TokenReused, "token_reused", Failure, [SessionReused, SessionEnded("reuse")], "a spent refresh token was presented, and its session ended";
    LoggedOut, "logged_out", Success, [SessionEndedAsTold], "a session ended at its own request";
    SessionEnded, "session_ended", Success, [SessionEndedAsTold], "a session ended for another reason";
    PasswordChanged, "password_changed", Success, [], "an account has another password";
    PasswordChangeRefused, "password_change_refused", Failure, [], "an account keeps its password";
    AccountDeleted, "account_deleted", Success, [], "an account was deleted";
    AccountDeletionRefused, "account_deletion_refused", Failure, [], "an account was not deleted";
    AccountDisabled, "account_disabled", Success, [], "an account cannot log in any more";
    AccountEnabled, "account_enabled", Success, [], "an account can log in again";
    UserCreated, "user_created", Success, [], "an administrator made an account";
    UserUpdated, "user_updated", Success, [], "an administrator, or its owner, changed what is kept of an account";
    UserDeleted, "user_deleted", Success, [], "an administrator deleted an account";
    UsersImported, "users_imported", Success, [], "accounts of another system were imported";
    UsersExported, "users_exported", Success, [], "accounts were exported, with their password hashes";
    AccountExported, "account_exported", Success, [], "somebody got everything that is stored of their account";
    AdminRefused, "admin_refused", Failure, [], "somebody who may not administer accounts tried to";
    ClientAdded, "client_added", Success, [], "a resource server may ask about tokens from now on";
    ClientSecretRotated, "client_secret_rotated", Success, [], "a resource server has another secret";
    ClientScopesChanged, "client_scopes_changed", Success, [], "a client may do something else from now on";
    ClientTokenIssued, "client_token_issued", Success, [], "a client got an access token of its own";
    ClientRemoved, "client_removed", Success, [], "a resource server may not ask any more";
    ClientRefused, "client_refused", Failure, [], "somebody presented wrong client credentials";
    Reauthenticated, "reauthenticated", Success, [SecondFactor("succeeded")], "the owner of a session was authenticated again";
    ReauthenticationRefused, "reauthentication_refused", Failure, [], "a session stays as fresh as it was";
    VerificationSent, "verification_sent", Success, [], "a mail with a proof of an address was asked for";
    EmailVerified, "email_verified", Success, [], "the owner of an account has proven to read the mails of its address";
    ProofRefused, "proof_refused", Failure, [], "a token or code from a mail was refused";
    ResetRequested, "reset_requested", Success, [], "somebody said to have forgotten the password of an address";
    PasswordReset, "password_reset", Success, [], "whoever reads the mails of an account's address chose another password";
    EmailChangeRequested, "email_change_requested", Success, [], "the owner of an account asked for another address";
    EmailChanged, "email_changed", Success, [], "an account has another address";
    Undone, "undone", Success, [], "the owner of an account said that something was not their doing";
    MailSuppressed, "mail_suppressed", Failure, [], "an address has had so many mails that it got no more, and nothing changed";
    MailDead, "mail_dead", Failure, [], "a mail could not be sent";
    FactorEnrolmentStarted, "factor_enrolment_started", Success, [], "an authenticator app waits for its first code";
    FactorAdded, "factor_added", Success, [], "an account has another factor";
    FactorConfirmationRefused, "factor_confirmation_refused", Failure, [], "an authenticator app still waits for its first code";
    FactorRenamed, "factor_renamed", Success, [], "a factor has another name";
    FactorRemoved, "factor_removed", Success, [], "an account has a factor less";
    RecoveryCodeUsed, "recovery_code_used", Success, [], "a recovery code stood in for a factor";
    RecoveryCodesReplaced, "recovery_codes_replaced", Success, [], "an account has other recovery codes";
    FactorsReset, "factors_reset", Success, [], "an account has no factors any more";
    PasskeyRefused, "passkey_refused", Failure, [SecondFactor("refused")], "a passkey was neither added nor taken for its owner";
    PasskeyCloned, "passkey_cloned", Failure, [], "a passkey's counter went back: two copies of its key may be about";
    RateLimited, "rate_limited", Failure, [RateLimited], "a client's rate limit refused a request";
    KeyCreated, "key_created", Success, [], "there is another key to sign access tokens";
    KeyRetired, "key_retired", Success, [], "a key signs no more; its tokens count until they expire";
    KeyRevoked, "key_revoked", Success, [], "a key signs no more, and its tokens are refused";
}

impl EventKind {
    /// The name it has in logs and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    #[must_use]
    pub fn outcome(self) -> Outcome {
        self.facts().outcome
    }

    #[must_use]
    pub fn tallies(self) -> &'static [Tally] {
        self.facts().tallies
    }

    /// What happened, in words for operators.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.facts().description
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
