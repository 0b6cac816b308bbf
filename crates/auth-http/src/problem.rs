//! The one shape of every error (RFC 9457), and how each failure becomes one.

mod from;
pub use from::FaultCode;

use std::{borrow::Cow, fmt, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use serde::Serialize;

/// `application/problem+json` (RFC 9457 section 6.1).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An answer that says what went wrong, and nothing that was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    challenge: Option<&'static str>,
    allow: Option<&'static str>,
}

/// A fault of one member of a request's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The member's path.
    pub field: String,
    pub code: String,
    pub message: String,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl Problem {
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), errors: Vec::new(), retry_after: None, challenge: None, allow: None }
    }

    #[must_use]
    pub fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_request", detail)
    }

    #[must_use]
    pub fn validation(errors: Vec<FieldError>) -> Self {
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", "The request breaks one or more rules");
        Self { errors, ..problem }
    }

    /// One fault of one parameter.
    #[must_use]
    pub fn parameter(field: &str, code: &str, message: &str) -> Self {
        Self::validation(vec![FieldError { field: field.to_owned(), code: code.to_owned(), message: message.to_owned() }])
    }

    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here")
    }

    /// `allow` lists the methods there are (RFC 9110 section 15.5.6).
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "The method is not allowed here");
        Self { allow: Some(allow), ..problem }
    }

    #[must_use]
    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "Request body too large")
    }

    #[must_use]
    pub fn request_timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The request did not arrive in time")
    }

    #[must_use]
    pub fn unsupported_media_type() -> Self {
        let detail = "Content-Type must be application/json, without a Content-Encoding";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    #[must_use]
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong on our side")
    }

    #[must_use]
    pub fn unavailable() -> Self {
        let detail = "The service is temporarily unavailable";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(Duration::from_secs(1))
    }

    /// What is said of an error status that came from below without a body of ours.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            404 => Self::not_found(),
            405 => Self::method_not_allowed(""),
            408 => Self::request_timeout(),
            413 => Self::too_large(),
            415 => Self::unsupported_media_type(),
            431 => Self::new(status, "headers_too_large", "The request's head is too large"),
            503 => Self::unavailable(),
            400..=499 => Self { status, ..Self::malformed("The request is malformed") },
            _ => Self::internal(),
        }
    }

    /// When to try again: `Retry-After` in whole seconds, rounded up, at least one.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// `WWW-Authenticate` (RFC 6750 section 3).
    #[must_use]
    pub fn challenge(self, challenge: &'static str) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body, for the request of this id.
    #[must_use]
    pub fn document(&self, request_id: &str) -> String {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let document = Document {
            r#type: format!("/problems/{}", self.code),
            title,
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id,
            errors: &self.errors,
        };
        serde_json::to_string(&document).unwrap_or_default()
    }

    /// The whole answer, for the request of this id.
    #[must_use]
    pub fn response(&self, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.content_type(PROBLEM_JSON);
        if let Some(wait) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, whole_seconds(wait)));
        }
        if let Some(challenge) = self.challenge {
            response.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
        }
        if let Some(allow) = self.allow.filter(|allow| !allow.is_empty()) {
            response.insert_header((header::ALLOW, HeaderValue::from_static(allow)));
        }
        response.body(self.document(request_id))
    }
}

/// Rounded up and at least one: who obeys it is not refused again.
#[must_use]
pub fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// Only for what escapes `middleware::envelope`, which knows the request's id.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.response("")
    }
}
