//! Proofs of a mailbox: whoever has the token or the code reads the mails of an address. Neither is stored: both are derived from
//! the id of a proof.

use chrono::{DateTime, TimeDelta, Utc};

use crate::identity::named::named;
use crate::identity::{
    email::Email,
    ids::{UserId, id},
};

/// How many wrong codes void a proof's code.
pub const CODE_TRIES: i64 = 5;

/// How long an undo link works.
pub const UNDO_LIFE: TimeDelta = TimeDelta::hours(72);

id! {
    /// Identifies a proof. Tokens and codes are derived from it and from a secret.
    ProofId
}

named! {
    /// What a proof is good for, and nothing else.
    Purpose {
        /// The address of an account or of a registration is its owner's.
        Verify = "verify",
        /// A new password.
        Reset = "reset",
        /// An account's next address.
        Change = "change",
        /// "This was not me".
        Undo = "undo",
    }
}

/// A proof as it is stored. Nothing in it can be presented to the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub id: ProofId,
    pub purpose: Purpose,
    /// The address that it was sent to. An undo puts this address back.
    pub address: Email,
    /// The one account that it is for; `None`: that of the address, when it is used.
    pub user: Option<UserId>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub spent_at: Option<DateTime<Utc>>,
    /// When something happened that it must not outlive: a newer proof, another password.
    pub voided_at: Option<DateTime<Utc>>,
    /// How many codes were tried that may have been wrong.
    pub tries: i64,
}

/// What is wrong with a proof. Clients are never told which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofFault {
    Unknown,
    OtherPurpose,
    Spent,
    Voided,
    Expired,
    WrongCode,
    /// There is no account that it could be used for.
    NoAccount,
    /// It is of another account than the bearer's.
    OtherAccount,
}

impl Proof {
    /// One that was not used yet.
    #[must_use]
    pub fn new(id: ProofId, purpose: Purpose, address: Email, now: DateTime<Utc>, life: TimeDelta) -> Self {
        Self {
            id,
            purpose,
            address,
            user: None,
            created_at: now,
            expires_at: now + life,
            spent_at: None,
            voided_at: None,
            tries: 0,
        }
    }

    #[must_use]
    pub fn of(self, user: UserId) -> Self {
        Self { user: Some(user), ..self }
    }

    /// Whether it may be used for this.
    ///
    /// # Errors
    /// The fault.
    pub fn check(&self, purpose: Purpose, now: DateTime<Utc>) -> Result<(), ProofFault> {
        if self.purpose != purpose {
            return Err(ProofFault::OtherPurpose);
        }
        match (self.spent_at, self.voided_at) {
            (Some(_), _) => Err(ProofFault::Spent),
            (None, Some(_)) => Err(ProofFault::Voided),
            (None, None) if now >= self.expires_at => Err(ProofFault::Expired),
            (None, None) => Ok(()),
        }
    }
}
