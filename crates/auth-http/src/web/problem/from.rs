//! Each failure of a use case and the answer it gets. Never `_ =>`: a new outcome must choose its status.

use std::{convert::Infallible, time::Duration};

use auth_domain::{
    accounts::{change_password::ChangePasswordError, change_profile::ChangeProfileError, delete::DeleteAccountError},
    factors::factor::FactorNameFault,
    identity::{document::DocumentFault, email::EmailFault, port_error::PortError},
    mailbox::{
        confirm_change::ConfirmEmailChangeError, present::PresentError, request_change::RequestEmailChangeError,
        reset::ResetPasswordError, verify::VerifyEmailError,
    },
    mfa::{
        confirm_totp::ConfirmTotpError, enrol_totp::EnrolTotpError, remove::RemoveFactorError, rename::RenameFactorError,
        replace_recovery_codes::ReplaceRecoveryCodesError,
    },
    passkeys::{options::PasskeyOptionsError, register::RegisterPasskeyError},
    passwords::policy::PasswordFault,
    sessions::{
        authenticate::AuthenticateError,
        authentication::{AssuranceLevel, NotFresh},
        end::EndSessionError,
        refresh::RefreshError,
        token::InvalidToken,
    },
    sign_in::{
        login::LoginError, login_factor::LoginWithFactorError, login_passkey::LoginWithPasskeyError,
        reauthenticate::ReauthenticateError, register::RegisterError,
    },
};

use super::{Code, FieldError, Problem};

impl Problem {
    #[must_use]
    pub fn token_missing() -> Self {
        Self::new(Code::TokenMissing)
    }

    #[must_use]
    pub fn token_invalid() -> Self {
        Self::new(Code::TokenInvalid)
    }

    fn new_password(faults: &[PasswordFault]) -> Self {
        Self::validation(faults.iter().map(|fault| FieldError::new("new_password", fault.code(), fault)).collect())
    }

    fn too_many_attempts(retry_after: Duration) -> Self {
        Self::new(Code::TooManyAttempts).retry_after(retry_after)
    }
}

impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Overloaded { retry_after } => Self::new(Code::Overloaded).retry_after(retry_after),
            // The client has left: nobody reads the answer, and it is no outage that the log should mention.
            PortError::Abandoned => Self::new(Code::Overloaded).retry_after(Duration::ZERO),
            PortError::Unknown(cause) => {
                tracing::error!(%cause, "a dependency gave no answer: what was asked for may have happened");
                Self::unavailable()
            }
            PortError::Unavailable(cause) | PortError::Refused(cause) => {
                tracing::error!(%cause, "a dependency is unavailable");
                Self::unavailable()
            }
            PortError::Internal(cause) => {
                tracing::error!(%cause, "this program is at fault");
                Self::internal()
            }
            PortError::Corrupt(cause) => {
                tracing::error!(%cause, "what is stored makes no sense");
                Self::internal()
            }
        }
    }
}

impl From<InvalidToken> for Problem {
    fn from(fault: InvalidToken) -> Self {
        match fault {
            InvalidToken::Expired => Self::new(Code::TokenExpired),
            InvalidToken::Invalid => Self::token_invalid(),
        }
    }
}

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Token(fault) => fault.into(),
            AuthenticateError::Port(error) => error.into(),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::EmailTaken => Self::new(Code::EmailTaken),
            RegisterError::Port(error) => error.into(),
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::InvalidCredentials => Self::new(Code::InvalidCredentials),
            LoginError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            LoginError::Unverified => Self::new(Code::EmailUnverified),
            LoginError::Port(error) => error.into(),
        }
    }
}

impl From<LoginWithFactorError> for Problem {
    fn from(error: LoginWithFactorError) -> Self {
        match error {
            LoginWithFactorError::TokenInvalid => Self::token_invalid(),
            LoginWithFactorError::TokenExpired => Self::new(Code::TokenExpired),
            LoginWithFactorError::Refused => Self::new(Code::CodeInvalid),
            LoginWithFactorError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            LoginWithFactorError::Port(error) => error.into(),
        }
    }
}

impl From<LoginWithPasskeyError> for Problem {
    fn from(error: LoginWithPasskeyError) -> Self {
        match error {
            LoginWithPasskeyError::Refused => Self::new(Code::PasskeyInvalid),
            LoginWithPasskeyError::Unverified => Self::new(Code::EmailUnverified),
            LoginWithPasskeyError::Port(error) => error.into(),
        }
    }
}

impl From<EnrolTotpError> for Problem {
    fn from(error: EnrolTotpError) -> Self {
        match error {
            EnrolTotpError::Limit => Self::new(Code::FactorLimit),
            EnrolTotpError::Ended => Self::token_invalid(),
            EnrolTotpError::Port(error) => error.into(),
        }
    }
}

impl From<ConfirmTotpError> for Problem {
    fn from(error: ConfirmTotpError) -> Self {
        match error {
            ConfirmTotpError::NotFound => Self::not_found(),
            ConfirmTotpError::WrongCode => Self::new(Code::CodeRefused),
            ConfirmTotpError::Limit => Self::new(Code::FactorLimit),
            ConfirmTotpError::Port(error) => error.into(),
        }
    }
}

impl From<RenameFactorError> for Problem {
    fn from(error: RenameFactorError) -> Self {
        match error {
            RenameFactorError::NotFound => Self::not_found(),
            RenameFactorError::Port(error) => error.into(),
        }
    }
}

impl From<RemoveFactorError> for Problem {
    fn from(error: RemoveFactorError) -> Self {
        match error {
            RemoveFactorError::NotFound => Self::not_found(),
            RemoveFactorError::Last => Self::new(Code::LastFactor),
            RemoveFactorError::LastAdministrator => Self::new(Code::LastAdministrator),
            RemoveFactorError::Port(error) => error.into(),
        }
    }
}

impl From<ReplaceRecoveryCodesError> for Problem {
    fn from(error: ReplaceRecoveryCodesError) -> Self {
        match error {
            ReplaceRecoveryCodesError::NoFactor => Self::not_found(),
            ReplaceRecoveryCodesError::Port(error) => error.into(),
        }
    }
}

impl From<PasskeyOptionsError> for Problem {
    fn from(error: PasskeyOptionsError) -> Self {
        match error {
            PasskeyOptionsError::Limit => Self::new(Code::FactorLimit),
            PasskeyOptionsError::Port(error) => error.into(),
        }
    }
}

impl From<RegisterPasskeyError> for Problem {
    fn from(error: RegisterPasskeyError) -> Self {
        match error {
            RegisterPasskeyError::Refused => Self::new(Code::PasskeyRefused),
            RegisterPasskeyError::Limit => Self::new(Code::FactorLimit),
            RegisterPasskeyError::Port(error) => error.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Token(fault) => fault.into(),
            RefreshError::Reused => Self::new(Code::TokenReused),
            RefreshError::Port(error) => error.into(),
        }
    }
}

impl From<EndSessionError> for Problem {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::NotFound => Self::not_found(),
            EndSessionError::Port(error) => error.into(),
        }
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Mismatch => Self::new(Code::PasswordMismatch),
            ChangePasswordError::Unchanged => {
                Self::parameter("new_password", "unchanged", "must differ from the current password")
            }
            ChangePasswordError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            ChangePasswordError::Port(error) => error.into(),
        }
    }
}

impl From<ReauthenticateError> for Problem {
    fn from(error: ReauthenticateError) -> Self {
        match error {
            ReauthenticateError::Mismatch => Self::new(Code::PasswordMismatch),
            ReauthenticateError::FactorRefused => Self::new(Code::CodeRefused),
            ReauthenticateError::FactorMissing(not_fresh) => not_fresh.into(),
            ReauthenticateError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            ReauthenticateError::Ended => Self::token_invalid(),
            ReauthenticateError::Port(error) => error.into(),
        }
    }
}

impl From<NotFresh> for Problem {
    fn from(NotFresh { max_age, level }: NotFresh) -> Self {
        Self::reauthentication_required(max_age.num_seconds(), level.map(AssuranceLevel::name))
    }
}

impl From<ChangeProfileError> for Problem {
    fn from(error: ChangeProfileError) -> Self {
        match error {
            ChangeProfileError::Document(fault) => Self::validation(vec![FieldError::new("profile", fault.code(), fault)]),
            ChangeProfileError::Gone => Self::token_invalid(),
            ChangeProfileError::Port(error) => error.into(),
        }
    }
}

impl From<DeleteAccountError> for Problem {
    fn from(error: DeleteAccountError) -> Self {
        match error {
            DeleteAccountError::LastAdministrator => Self::new(Code::LastAdministrator),
            DeleteAccountError::Mismatch => Self::new(Code::PasswordMismatch),
            DeleteAccountError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            DeleteAccountError::Port(error) => error.into(),
        }
    }
}

impl From<PresentError> for Problem {
    fn from(error: PresentError) -> Self {
        match error {
            PresentError::Refused => Self::new(Code::ProofInvalid),
            PresentError::Port(error) => error.into(),
        }
    }
}

impl From<VerifyEmailError> for Problem {
    fn from(error: VerifyEmailError) -> Self {
        match error {
            VerifyEmailError::Proof => Self::new(Code::ProofInvalid),
            VerifyEmailError::PasswordNeeded => {
                Self::parameter("password", "missing", "is required: the address has an account already")
            }
            VerifyEmailError::Password(faults) => Self::new_password(&faults),
            VerifyEmailError::Mismatch => Self::new(Code::PasswordMismatch),
            VerifyEmailError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            VerifyEmailError::Port(error) => error.into(),
        }
    }
}

impl From<ResetPasswordError> for Problem {
    fn from(error: ResetPasswordError) -> Self {
        match error {
            ResetPasswordError::Proof => Self::new(Code::ProofInvalid),
            ResetPasswordError::Password(faults) => Self::new_password(&faults),
            ResetPasswordError::Port(error) => error.into(),
        }
    }
}

impl From<RequestEmailChangeError> for Problem {
    fn from(error: RequestEmailChangeError) -> Self {
        match error {
            RequestEmailChangeError::Unchanged => {
                Self::parameter("new_email", "unchanged", "must differ from the present address")
            }
            RequestEmailChangeError::Port(error) => error.into(),
        }
    }
}

impl From<ConfirmEmailChangeError> for Problem {
    fn from(error: ConfirmEmailChangeError) -> Self {
        match error {
            ConfirmEmailChangeError::Proof => Self::new(Code::ProofInvalid),
            ConfirmEmailChangeError::EmailTaken => Self::email_taken("The address has an account by now"),
            ConfirmEmailChangeError::Port(error) => error.into(),
        }
    }
}

/// The machine-readable name of a fault in a field.
pub trait FaultCode {
    fn code(&self) -> &'static str;
}

impl FaultCode for Infallible {
    fn code(&self) -> &'static str {
        match *self {}
    }
}

impl FaultCode for FactorNameFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "too_short",
            Self::TooLong => "too_long",
            Self::Control => "control_character",
        }
    }
}

impl FaultCode for DocumentFault {
    fn code(&self) -> &'static str {
        match self {
            Self::NoObject => "wrong_type",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
        }
    }
}

impl FaultCode for EmailFault {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "invalid_email",
        }
    }
}

impl FaultCode for PasswordFault {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too_short",
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
            Self::NoUppercase => "no_uppercase",
            Self::NoLowercase => "no_lowercase",
            Self::NoDigit => "no_digit",
            Self::NoSpecial => "no_special",
            Self::ContainsAddress | Self::TooCommon => "too_common",
        }
    }
}
