//! Which browsers' pages may call: only listed origins, never `*`.

use actix_cors::Cors;
use actix_web::{
    HttpRequest,
    http::{Method, header},
    web::Data,
};

use crate::{
    settings::HttpSettings,
    web::problem::{Code, Problem},
};

/// How long a browser may remember a preflight, in seconds.
const PREFLIGHT_MAX_AGE: usize = 3600;

/// What a page may send. The last three are what tracing libraries add to each request (W3C Trace Context, W3C Baggage).
const REQUEST_HEADERS: [&str; 7] =
    ["Authorization", "Content-Type", "X-Request-Id", "X-Requested-With", "traceparent", "tracestate", "baggage"];

/// The layer that answers preflights and lets pages read answers. Used only where a list is set.
pub fn layer(settings: &HttpSettings) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allowed_headers(REQUEST_HEADERS)
        .expose_headers(["X-Request-Id", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"])
        .supports_credentials()
        .max_age(PREFLIGHT_MAX_AGE);
    settings.allowed_origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Refuses a request of a page that is not listed, where a list is set.
///
/// # Errors
/// `origin_not_allowed`.
pub fn check_origin(request: &HttpRequest, settings: &HttpSettings) -> Result<(), Problem> {
    let foreign =
        |value: &header::HeaderValue| !settings.allowed_origins.iter().any(|origin| origin.as_bytes() == value.as_bytes());
    if settings.allowed_origins.is_empty() || !request.headers().get_all(header::ORIGIN).any(foreign) {
        return Ok(());
    }
    Err(Problem::new(Code::OriginNotAllowed))
}

/// Why a preflight is refused, before the CORS layer does so in a shape of its own.
///
/// # Errors
/// `origin_not_allowed`.
pub(super) fn check_preflight(request: &HttpRequest) -> Result<(), Problem> {
    if request.method() != Method::OPTIONS || !request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        return Ok(());
    }
    request.app_data::<Data<HttpSettings>>().map_or(Ok(()), |settings| check_origin(request, settings))
}
