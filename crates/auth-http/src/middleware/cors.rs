//! Which browsers' pages may call: only listed origins, never `*`.

use actix_cors::Cors;
use actix_web::{
    Error, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
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

/// Refuses foreign preflights before the CORS layer does, in a shape of its own.
///
/// # Errors
/// What the inner layers return.
pub async fn foreign_preflights(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let preflight = request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let refusal = request
        .app_data::<Data<HttpSettings>>()
        .filter(|_| preflight)
        .and_then(|settings| check_origin(request.request(), settings).err());
    match refusal {
        Some(problem) => Ok(request.error_response(problem)),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}
