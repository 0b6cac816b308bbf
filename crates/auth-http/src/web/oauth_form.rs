//! OAuth forms (RFC 6749 appendix B), the grants they ask for, and OAuth errors (section 5.2).

use std::{fmt, future};

use actix_web::{
    Error, FromRequest, HttpRequest, HttpResponse, ResponseError,
    body::BoxBody,
    dev::Payload,
    http::{StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::web::{
    json_body::RawBody,
    media::Media,
    parameters::{ParameterFault, parameters, value},
};

/// The parameters of a form, each unique and not empty.
pub(crate) struct Form(Vec<(String, Zeroizing<String>)>);

/// What went wrong (RFC 6749 section 5.2, RFC 7009 section 2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OauthCode {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    UnsupportedGrantType,
    UnsupportedTokenType,
}

/// What the token endpoint gives tokens for (RFC 6749 section 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    RefreshToken,
    ClientCredentials,
}

impl Grant {
    /// The names that `grant_type` can have.
    pub(crate) const NAMES: [&'static str; 2] = ["refresh_token", "client_credentials"];

    /// # Errors
    /// `invalid_request` where none is named, `unsupported_grant_type` where it is another.
    pub(crate) fn of(form: &Form) -> Result<Self, OauthError> {
        let unsupported = |why| Err(OauthError::new(OauthCode::UnsupportedGrantType, why));
        match form.need("grant_type", "grant_type is missing")? {
            "refresh_token" => Ok(Self::RefreshToken),
            "client_credentials" => Ok(Self::ClientCredentials),
            "password" => unsupported("the password grant is not offered (RFC 9700 section 2.4); log in with POST /auth/login"),
            _ => unsupported("grant_type must be refresh_token or client_credentials"),
        }
    }
}

/// An OAuth error: about what a form asks for. Refusals by other layers are problems, as everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OauthError)]
pub(crate) struct OauthError {
    error: OauthCode,
    /// For the developer of the client.
    error_description: &'static str,
}

impl Form {
    /// A parameter that has to be there.
    ///
    /// # Errors
    /// `invalid_request`, with these words.
    pub(crate) fn need(&self, name: &str, otherwise: &'static str) -> Result<&str, OauthError> {
        self.get(name).ok_or(OauthError::new(OauthCode::InvalidRequest, otherwise))
    }

    #[must_use]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        value(&self.0, name)
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, OauthError> {
        let refused = |fault| match fault {
            ParameterFault::NotUtf8 => OauthError::new(OauthCode::InvalidRequest, "the form is not UTF-8"),
            ParameterFault::Twice => OauthError::new(OauthCode::InvalidRequest, "a parameter is there twice"),
        };
        parameters(bytes).map(Self).map_err(refused)
    }
}

impl FromRequest for Form {
    type Error = Error;
    type Future = future::Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _already_read: &mut Payload) -> Self::Future {
        let read = || {
            let RawBody(bytes) = RawBody::of(request, Media::Form)?;
            Ok(Self::parse(&bytes)?)
        };
        future::ready(read())
    }
}

impl OauthError {
    #[must_use]
    pub(crate) fn new(error: OauthCode, error_description: &'static str) -> Self {
        Self { error, error_description }
    }
}

impl fmt::Display for OauthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.error_description)
    }
}

impl ResponseError for OauthError {
    fn status_code(&self) -> StatusCode {
        match self.error {
            OauthCode::InvalidClient => StatusCode::UNAUTHORIZED,
            OauthCode::InvalidRequest
            | OauthCode::InvalidGrant
            | OauthCode::InvalidScope
            | OauthCode::UnsupportedGrantType
            | OauthCode::UnsupportedTokenType => StatusCode::BAD_REQUEST,
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status_code());
        if self.error == OauthCode::InvalidClient {
            response.insert_header((header::WWW_AUTHENTICATE, r#"Basic realm="auth-server""#));
        }
        response.insert_header(NO_CACHE).json(self)
    }
}

/// RFC 6749 section 5.1 wants it beside `Cache-Control: no-store`, which every answer has.
pub(crate) const NO_CACHE: (header::HeaderName, &str) = (header::PRAGMA, "no-cache");

#[cfg(test)]
mod tests {
    use super::*;

    fn code(form: &str) -> Option<OauthCode> {
        Form::parse(form.as_bytes()).err().map(|error| error.error)
    }

    #[test]
    fn a_parameter_is_decoded_once_and_an_empty_one_is_none() {
        let form = Form::parse(b"a=x+y%2Bz&b=&c&d=%25").unwrap();
        assert_eq!((form.get("a"), form.get("b"), form.get("c"), form.get("d")), (Some("x y+z"), None, None, Some("%")));
    }

    #[test]
    fn a_grant_is_one_of_two_words() {
        let grant = |form: &str| Form::parse(form.as_bytes()).and_then(|form| Grant::of(&form)).map_err(|error| error.error);
        assert_eq!(grant("grant_type=refresh_token"), Ok(Grant::RefreshToken));
        assert_eq!(grant("a=b&grant%5Ftype=client%5Fcredentials"), Ok(Grant::ClientCredentials));
        for (form, code) in [
            ("", OauthCode::InvalidRequest),
            ("grant_type=", OauthCode::InvalidRequest),
            ("grant_type=client_credentials&grant_type=refresh_token", OauthCode::InvalidRequest),
            ("grant_type=client_credentials+", OauthCode::UnsupportedGrantType),
            ("grant_type=Client_Credentials", OauthCode::UnsupportedGrantType),
            ("grant_type=password", OauthCode::UnsupportedGrantType),
        ] {
            assert_eq!(grant(form), Err(code), "{form}");
        }
    }

    #[test]
    fn what_two_could_read_differently_is_refused() {
        for form in ["a=1&a=2", "a=1&%61=1", "a=&a=1", "a=%ff", "%ff=1"] {
            assert_eq!(code(form), Some(OauthCode::InvalidRequest), "{form}");
        }
        assert_eq!(code(""), None);
    }
}
