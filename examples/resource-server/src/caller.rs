//! The caller as an argument of a handler; without a valid token, a 401 as in RFC 6750.

use std::{
    fmt,
    future::{Ready, ready},
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, ResponseError,
    dev::Payload,
    http::{StatusCode, header},
    web::Data,
};
use serde_json::json;

pub use crate::verifier::Caller;
use crate::verifier::{Refused, Verifier};

impl FromRequest for Caller {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let verifier = request.app_data::<Data<Verifier>>();
        ready(verifier.ok_or(Refused::Invalid).and_then(|verifier| verifier.verify(bearer(request).ok_or(Refused::Missing)?)))
    }
}

/// For how many seconds an authentication is recent enough for what needs one.
#[derive(Clone, Copy)]
pub struct MaxAge(pub u64);

/// A caller who has shown two factors a short while ago; all others are told so (RFC 9470), and come back with another token.
pub struct SureCaller(pub Caller);

impl FromRequest for SureCaller {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let MaxAge(max_age) = request.app_data().copied().unwrap_or(MaxAge(0));
        let sure = |caller: Caller| caller.is_sure(max_age).map(|()| Self(caller));
        ready(Caller::from_request(request, payload).into_inner().and_then(sure))
    }
}

/// The scheme is case-insensitive (RFC 9110 section 11.1).
fn bearer(request: &HttpRequest) -> Option<&str> {
    let Ok(given) = request.headers().get(header::AUTHORIZATION)?.to_str() else { return None };
    let (scheme, token) = given.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim())
}

impl Refused {
    fn code(self) -> &'static str {
        match self {
            Self::Missing => "token_missing",
            Self::Invalid => "token_invalid",
            Self::Expired => "token_expired",
            Self::Stale { .. } => "reauthentication_required",
            Self::Unsure => "unavailable",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The same codes as auth-server's, so that clients can refresh on `token_expired` from either server.
impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Missing | Self::Invalid | Self::Expired | Self::Stale { .. } => StatusCode::UNAUTHORIZED,
            // The token may be valid or not.
            Self::Unsure => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        match self {
            Self::Missing => response.insert_header((header::WWW_AUTHENTICATE, "Bearer")),
            Self::Invalid | Self::Expired => {
                response.insert_header((header::WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#))
            }
            Self::Stale { max_age } => {
                let challenge =
                    format!(r#"Bearer error="insufficient_user_authentication", max_age="{max_age}", acr_values="aal2""#);
                response.insert_header((header::WWW_AUTHENTICATE, challenge))
            }
            Self::Unsure => response.insert_header((header::RETRY_AFTER, "5")),
        };
        let title = status.canonical_reason().unwrap_or_default();
        let problem = json!({ "title": title, "status": status.as_u16(), "code": self.code() });
        response.content_type("application/problem+json").body(problem.to_string())
    }
}
