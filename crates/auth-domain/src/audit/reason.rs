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
    Import, "import", [UserRegistered], "an operator imported the account";
    UnknownAddress, "unknown_address", [LoginFailed], "the address has no account";
    WrongPassword, "wrong_password", [LoginFailed, PasswordChangeRefused, ReauthenticationRefused], "the password is not the account's";
    WrongCurrentPassword, "wrong_current_password", [LoginFailed], "the password given with a change or a deletion is not the account's";
    AccountDisabled, "account_disabled", [LoginFailed], "the password is right, but the account is disabled";
    AccountChangedMeanwhile, "account_changed_meanwhile", [LoginFailed], "the account changed while its password was verified";
    ChangedMeanwhile, "changed_meanwhile", [PasswordChangeRefused], "another change of the password was faster";
    EndedMeanwhile, "ended_meanwhile", [ReauthenticationRefused], "the session ended while the password was verified";
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
    WrongCode, "wrong_code", [ProofRefused], "the code is not that of the newest proof";
    NoAccount, "no_account", [ProofRefused], "there is no account that it could be used for";
    OtherAccount, "other_account", [ProofRefused], "it is of another account than the bearer's";
    EmailUnverified, "email_unverified", [LoginFailed], "the password is right, but the address has to be verified first";
    Undone, "undone", [SessionEnded], "the owner of its account said that something was not their doing";
    PasswordReset, "password_reset", [SessionEnded], "whoever reads the mails of its account's address chose another password";
    MailRefused, "refused", [MailDead], "the mail server refused it for good";
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
