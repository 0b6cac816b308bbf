//! The one list of reasons: a new reason is one line of `reasons!`. Logs and databases hold the names for years.

use super::kind::{EventKind, Tally};

/// What is to be known of a reason.
struct Facts {
    name: &'static str,
    events: &'static [EventKind],
    description: &'static str,
}

macro_rules! reasons {
    ($($reason:ident, $name:literal, [$($event:ident),+], $description:literal;)+) => {
        /// Why it happened, even where the answer to the client does not say.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $(#[doc = $description] $reason,)+
        }

        impl Reason {
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$reason),+];

            fn facts(self) -> Facts {
                match self {
                    $(Self::$reason => Facts {
                        name: $name,
                        events: &[$(EventKind::$event),+],
                        description: $description,
                    },)+
                }
            }
        }
    };
}

#[rustfmt::skip] // One line for each reason: its name, the events that give it, what it means.
reasons! {
    EmailTaken, "email_taken", [RegistrationRefused], "the address has an account already";
    Import, "import", [UserRegistered, UserCreated], "the account came from another server or system";
    UnknownAddress, "unknown_address", [LoginFailed], "the address has no account";
    WrongPassword, "wrong_password", [LoginFailed, PasswordChangeRefused, ReauthenticationRefused], "the password is not the account's";
    WrongCurrentPassword, "wrong_current_password", [LoginFailed], "the password given with a change or a deletion is not the account's";
    AccountDisabled, "account_disabled", [LoginFailed, PasskeyRefused], "the password or passkey is right, but the account is disabled";
    AccountChangedMeanwhile, "account_changed_meanwhile", [LoginFailed, SecondFactorRefused, PasskeyRefused, FactorConfirmationRefused], "the account changed while it was proven";
    ChangedMeanwhile, "changed_meanwhile", [PasswordChangeRefused], "another change of the password was faster";
    EndedMeanwhile, "ended_meanwhile", [ReauthenticationRefused], "the session ended while its owner was authenticated";
    Unchanged, "unchanged", [PasswordChangeRefused], "the new password is the current one";
    NotHashed, "not_hashed", [PasswordChangeRefused], "the current password is right, but the new one could not be hashed";
    Logout, "logout", [LoggedOut, SessionEnded], "a session of the account logged out";
    EndedByOwner, "ended_by_owner", [SessionEnded], "its owner ended it by its id";
    TokenRevoked, "token_revoked", [SessionEnded], "somebody revoked one of its tokens";
    PasswordChanged, "password_changed", [SessionEnded], "its account has another password";
    SessionLimit, "session_limit", [SessionEnded], "it made room for another session of its account";
    UnknownProof, "unknown", [ProofRefused], "this server made no such token, or the address has no proof with tries left";
    OtherPurpose, "other_purpose", [ProofRefused], "it is for something else";
    ProofSpent, "spent", [ProofRefused], "it was used already";
    ProofVoided, "voided", [ProofRefused], "a newer proof, or a change of the account, has voided it";
    Expired, "expired", [ProofRefused, MailDead], "it came too late";
    WrongCode, "wrong_code", [ProofRefused, SecondFactorRefused, ReauthenticationRefused, FactorConfirmationRefused], "the code is not the right one";
    NoAccount, "no_account", [ProofRefused], "there is no account that it could be used for";
    OtherAccount, "other_account", [ProofRefused], "it is of another account than the bearer's";
    EmailUnverified, "email_unverified", [LoginFailed], "the password is right, but the address has to be verified first";
    Undone, "undone", [SessionEnded], "the owner of its account said that something was not their doing";
    PasswordReset, "password_reset", [SessionEnded], "whoever reads the mails of its account's address chose another password";
    MailRefused, "refused", [MailDead], "the mail server refused it for good";
    CodeUsed, "code_used", [SecondFactorRefused, ReauthenticationRefused, FactorConfirmationRefused], "the code is right, but was used before";
    TokenUsed, "token_used", [SecondFactorRefused], "the login was completed, or had too many wrong codes";
    WrongPasskey, "wrong_passkey", [SecondFactorRefused, ReauthenticationRefused], "the passkey was refused";
    FactorMissing, "second_factor_missing", [ReauthenticationRefused], "the account has a second factor, and only a password was given";
    Challenge, "challenge", [PasskeyRefused], "its challenge is not this server's, is too old or was used";
    UnknownCredential, "unknown_credential", [PasskeyRefused], "no account has the credential, or another than it says";
    CredentialTaken, "credential_taken", [PasskeyRefused], "some account has the credential already";
    Malformed, "malformed", [PasskeyRefused], "the browser's answer is not one";
    WrongChallenge, "wrong_challenge", [PasskeyRefused], "it answers another challenge";
    WrongOrigin, "wrong_origin", [PasskeyRefused], "it comes from a page that is not this application's";
    WrongRelyingParty, "wrong_relying_party", [PasskeyRefused], "it was signed for another relying party";
    UserNotVerified, "user_not_verified", [PasskeyRefused], "the authenticator did not verify its user";
    BackupState, "backup_state", [PasskeyRefused], "what it says of backups contradicts itself or what was registered";
    UnsupportedKey, "unsupported_key", [PasskeyRefused], "its public key is of no kind that was asked for";
    WrongSignature, "wrong_signature", [PasskeyRefused], "its signature is wrong";
    CounterWentBack, "counter", [PasskeyRefused], "its counter did not grow";
    FactorLimit, "factor_limit", [PasskeyRefused, FactorConfirmationRefused], "the account has as many as it may have";
    FactorAdded, "factor_added", [SessionEnded], "its account has another factor";
    FactorsReset, "factors_reset", [SessionEnded], "an operator removed the factors of its account";
    InsufficientScope, "insufficient_scope", [AdminRefused], "the token is good for something else";
    AdministratorWithoutFactor, "no_second_factor", [AdminRefused], "administrators need a second factor";
    AuthenticationTooOld, "not_fresh", [AdminRefused], "it takes an authentication of a short while ago";
    Disabled, "disabled", [SessionEnded], "its account was disabled";
    UnknownClient, "unknown_client", [ClientRefused], "there is no such client";
    WrongSecret, "wrong_secret", [ClientRefused], "the secret is not the client's";
}

impl Reason {
    /// The name it has in logs and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The events that give this reason.
    #[must_use]
    pub fn events(self) -> &'static [EventKind] {
        self.facts().events
    }

    /// What it means, in words for operators.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.facts().description
    }

    /// Whether a server ends sessions for this reason.
    #[must_use]
    pub fn ends_sessions(self) -> bool {
        self.events().iter().any(|event| event.tallies().contains(&Tally::SessionEndedAsTold))
    }
}

#[cfg(test)]
mod tests;
