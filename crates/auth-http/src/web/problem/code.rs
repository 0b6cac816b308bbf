//! Every `code` an error can have. Answers are made from this list alone, and so is what the API document says of them.

use actix_web::http::StatusCode;
use serde::{Serialize, Serializer};

const CHALLENGE: &str = "Bearer";
/// RFC 9470 section 3. How old an authentication may be is added where it is known.
pub(super) const CHALLENGE_STALE: &str = r#"Bearer error="insufficient_user_authentication""#;
/// RFC 6750 section 3.1. Which scope is added where it is known.
pub(super) const CHALLENGE_SCOPE: &str = r#"Bearer error="insufficient_scope""#;
const CHALLENGE_INVALID: &str = r#"Bearer error="invalid_token""#;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $status:ident, $detail:literal;)*) => {
        /// What went wrong, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $code,)*
        }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// The code as answers spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// The status that it comes with; `malformed_request` also comes with other 4xx ([`super::Problem::of_status`]).
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$code => StatusCode::$status,)*
                }
            }

            /// The default text for people.
            #[must_use]
            pub const fn detail(self) -> &'static str {
                match self {
                    $(Self::$code => $detail,)*
                }
            }
        }
    };
}

codes! {
    MalformedRequest = "malformed_request", BAD_REQUEST, "The request is malformed";
    /// Whatever is wrong with a token or a code from a mail.
    ProofInvalid = "proof_invalid", BAD_REQUEST, "The link or code is not valid, or not any more; ask for another";
    /// Whatever is wrong with a passkey that is to be added.
    PasskeyRefused = "passkey_invalid", BAD_REQUEST, "The passkey cannot be added; ask for new options and try again";
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED, "Invalid credentials";
    TokenMissing = "token_missing", UNAUTHORIZED, "An access token is required";
    TokenInvalid = "token_invalid", UNAUTHORIZED, "Invalid token";
    TokenExpired = "token_expired", UNAUTHORIZED, "Token expired";
    /// Its session has ended. A thief is told no more than that the token is not valid.
    TokenReused = "token_reused", UNAUTHORIZED, "Invalid token";
    ReauthenticationRequired = "reauthentication_required", UNAUTHORIZED, "Authenticate again: POST /auth/reauthenticate";
    /// Whatever is wrong with a second factor.
    CodeInvalid = "code_invalid", UNAUTHORIZED, "The code is wrong, or was used before";
    /// Whatever is wrong with a passkey.
    PasskeyInvalid = "passkey_invalid", UNAUTHORIZED, "The passkey is not valid here";
    OriginNotAllowed = "origin_not_allowed", FORBIDDEN, "The origin is not allowed";
    PasswordMismatch = "password_mismatch", FORBIDDEN, "The password is wrong";
    /// [`CodeInvalid`](Self::CodeInvalid) where a bearer token was presented: a client must not refresh it and repeat.
    CodeRefused = "code_invalid", FORBIDDEN, "The code is wrong, or was used before";
    /// With the members of a login that waits for its second step.
    SecondFactorRequired = "second_factor_required", FORBIDDEN, "Show a second factor: POST /auth/login/factor";
    FactorRequired = "factor_required", FORBIDDEN, "Enrol a second factor first: POST /auth/factors/totp or /auth/passkeys/options";
    InsufficientScope = "insufficient_scope", FORBIDDEN, "It takes the role `admin`, or a token with the scope";
    EmailUnverified = "email_unverified", FORBIDDEN, "The address has to be verified first; a mail says how";
    NotFound = "not_found", NOT_FOUND, "There is nothing here";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The method is not allowed here";
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "The request did not arrive in time";
    EmailTaken = "email_taken", CONFLICT, "Registration failed";
    FactorLimit = "factor_limit", CONFLICT, "The account has as many as it may have; remove one first";
    LastAdministrator = "last_administrator", CONFLICT,
        "Nobody could administer accounts afterwards; give somebody else the role `admin` first";
    LastFactor = "last_factor", CONFLICT, "One second factor has to stay; add another first";
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "The account is not the one of `If-Match`; read it again";
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "Request body too large";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE,
        "Content-Type must be application/json, without a Content-Encoding";
    ValidationFailed = "validation_failed", UNPROCESSABLE_ENTITY, "The request breaks one or more rules";
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests";
    TooManyAttempts = "too_many_attempts", TOO_MANY_REQUESTS, "Too many attempts have failed; wait before the next";
    HeadersTooLarge = "headers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The request's head is too large";
    InternalError = "internal_error", INTERNAL_SERVER_ERROR, "Something went wrong on our side";
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "The service is busy";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The service is temporarily unavailable";
}

impl Code {
    /// `WWW-Authenticate` (RFC 6750 section 3). Without credentials there is no error code in it (section 3.1).
    #[must_use]
    pub fn challenge(self) -> Option<&'static str> {
        if self == Self::InsufficientScope {
            return Some(CHALLENGE_SCOPE);
        }
        let without_a_token =
            matches!(self, Self::TokenMissing | Self::InvalidCredentials | Self::CodeInvalid | Self::PasskeyInvalid);
        let challenge = if self == Self::ReauthenticationRequired {
            CHALLENGE_STALE
        } else if without_a_token {
            CHALLENGE
        } else {
            CHALLENGE_INVALID
        };
        (self.status() == StatusCode::UNAUTHORIZED).then_some(challenge)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_code_of_its_status() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| (code.name(), code.status())).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
