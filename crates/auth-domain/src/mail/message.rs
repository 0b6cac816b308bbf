//! Why a mail is written, and what it says.

use chrono::{DateTime, Utc};

use super::{origin::Origin, proof::Proof};
use crate::identity::{email::Email, ids::id, language::Language, named::named};

id! {
    /// Identifies a mail. Its `Message-ID` is made of it, so that a mail that was sent twice can be told (RFC 5322 section 3.6.4).
    MailId
}

named! {
    /// Why a mail is in the outbox. What it says is decided when it is sent: whoever asked for it must not learn whether the
    /// address has an account, not even from the time that the answer takes.
    Occasion {
        /// Somebody registered an address, where it has to be verified first.
        Registration = "registration",
        /// Somebody asked for a proof of an address.
        Verification = "verification",
        /// Somebody forgot a password, or undid a change.
        Reset = "reset",
        /// An operator made an account without a password.
        Invitation = "invitation",
        /// The owner of an account asked for another address; the mail goes to that.
        Change = "change",
        PasswordChanged = "password_changed",
        EmailChangeRequested = "email_change_requested",
        EmailChanged = "email_changed",
        NewNetwork = "new_network",
        AccountDeleted = "account_deleted",
        FactorAdded = "factor_added",
        FactorRemoved = "factor_removed",
        PasskeyAdded = "passkey_added",
        PasskeyRemoved = "passkey_removed",
        RecoveryCodeUsed = "recovery_code_used",
        RecoveryCodesReplaced = "recovery_codes_replaced",
        /// An operator removed every second factor.
        FactorsReset = "factors_reset",
        /// A passkey was refused, since its counter had gone back: there may be two copies of it.
        PasskeyCloned = "passkey_cloned",
    }
}

named! {
    /// What a mail says: the name of its templates.
    Template {
        /// Whoever reads this owns the mailbox of an account or a registration.
        Verify = "verify",
        /// Choose a new password.
        Reset = "reset",
        /// There is an account for you: choose a password.
        Invitation = "invitation",
        /// The address is to be that of an account.
        Change = "change",
        /// The address has an account already, so nothing else came of it.
        AccountExists = "account_exists",
        /// A notice, and an undo link.
        PasswordChanged = "password_changed",
        /// A notice to the present address, and an undo link.
        EmailChangeRequested = "email_change_requested",
        /// A notice to the former address, and an undo link.
        EmailChanged = "email_changed",
        /// A notice of a login from a network that the account does not know, and an undo link.
        NewNetwork = "new_network",
        /// A notice.
        AccountDeleted = "account_deleted",
        /// A notice of an authenticator app, and an undo link. Like all that follow, without the name that the factor has: a
        /// client's text could be a link.
        FactorAdded = "factor_added",
        /// A notice of an authenticator app, and an undo link.
        FactorRemoved = "factor_removed",
        /// A notice, and an undo link.
        PasskeyAdded = "passkey_added",
        /// A notice, and an undo link.
        PasskeyRemoved = "passkey_removed",
        /// A notice, and an undo link.
        RecoveryCodeUsed = "recovery_code_used",
        /// A notice, and an undo link.
        RecoveryCodesReplaced = "recovery_codes_replaced",
        /// A notice that an operator removed every second factor, and an undo link.
        FactorsReset = "factors_reset",
        /// A notice of a passkey that was refused, since there may be two copies of it, and an undo link.
        PasskeyCloned = "passkey_cloned",
    }
}

impl Template {
    /// Whether a mail that says this carries a proof.
    #[must_use]
    pub fn has_proof(self) -> bool {
        !matches!(self, Self::AccountExists | Self::AccountDeleted)
    }
}

/// A mail on its way into the outbox, with the proof that it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub id: MailId,
    pub occasion: Occasion,
    pub to: Email,
    /// `None`: the server's own.
    pub language: Option<Language>,
    pub origin: Origin,
    /// The other address that it speaks of.
    pub other_address: Option<Email>,
    pub proof: Option<Proof>,
    pub created_at: DateTime<Utc>,
    /// From then on it is not worth sending.
    pub expires_at: DateTime<Utc>,
}

/// A mail as it is sent: everything that its templates may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub id: MailId,
    pub template: Template,
    pub to: Email,
    pub language: Language,
    pub origin: Origin,
    pub other_address: Option<Email>,
    /// When it was written: for a notice, when that happened which it tells of.
    pub created_at: DateTime<Utc>,
    pub proof: Option<Enclosed>,
}

/// The proof that a mail carries, as its reader uses it. Never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Enclosed {
    /// Where it leads, the token in the fragment.
    pub link: String,
    /// Eight digits for typing. A notice has none.
    pub code: Option<String>,
    pub expires_at: DateTime<Utc>,
}

crate::identity::password_hash::redacted!(Enclosed);
