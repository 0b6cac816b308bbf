//! The second step of a login or a reauthentication: what it uses up.

use super::{factor::FactorId, one_time_token::OneTimeToken, recovery_code::RecoveryCodeDigest, totp::TimeStep};
use crate::identity::{method::Method, user::WrongCodes};

/// What was shown and is right. It is used up, by compare-and-set, in one transaction with what it brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// A code of a step that is newer than any used before.
    Totp {
        factor: FactorId,
        step: TimeStep,
    },
    RecoveryCode(RecoveryCodeDigest),
    /// A signature, by a counter that moves `from` one value `to` another.
    Passkey {
        factor: FactorId,
        from: u32,
        to: u32,
        backed_up: bool,
        backup_eligible: bool,
    },
}

/// A second step that was judged right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondStep {
    pub evidence: Evidence,
    /// Of the first step of a login.
    pub token: Option<OneTimeToken>,
    /// Those that the account had when it was judged. One more meanwhile, and it has to be judged again.
    pub wrong_codes: WrongCodes,
}

/// Why a second step that was judged right does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepFault {
    /// The token was used, or has had too many wrong codes.
    TokenUsed,
    /// The code was used, or its factor is gone.
    EvidenceUsed,
    /// A wrong code was counted meanwhile: to be judged again.
    Raced,
}

impl Evidence {
    #[must_use]
    pub fn method(&self) -> Method {
        match self {
            Self::Totp { .. } => Method::Totp,
            Self::RecoveryCode(_) => Method::RecoveryCode,
            Self::Passkey { .. } => Method::Passkey,
        }
    }
}
