//! The one shape of every error (RFC 9457), and how each failure becomes one.

mod code;
mod from;
pub use code::Code;
use code::{CHALLENGE_SCOPE, CHALLENGE_STALE};
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
use auth_domain::{identity::method::Method, oauth::scope::Scope, sign_in::login::PendingLogin};
use serde::Serialize;
use utoipa::ToSchema;

/// `application/problem+json` (RFC 9457 section 6.1).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// An answer that says what went wrong, and nothing that was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    allow: Option<String>,
    second_step: Option<Box<SecondStep>>,
    /// In the place of the code's own.
    challenge: Option<Box<str>>,
}

/// A fault of one member of a request's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The member's path; empty when it is the body as a whole.
    #[schema(examples("password"))]
    pub field: Cow<'static, str>,
    /// The rule, for programs.
    #[schema(examples("too_short", "missing", "wrong_type"))]
    pub code: &'static str,
    /// The rule, for people.
    pub message: String,
}

/// An error (RFC 9457). `code` is for programs, `detail` for people.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemView<'a> {
    /// `/problems/` and the code.
    #[schema(format = "uri-reference")]
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: Code,
    /// The answer's `X-Request-Id`: what the operator finds in the log.
    request_id: &'a str,
    /// Of a 422: every fault of the request at once.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldError],
    /// Of `second_factor_required`: goes to `POST /auth/login/factor`, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false, examples("eyJpZCI6IjAxOWI3Y2E5…"))]
    mfa_token: Option<&'a str>,
    /// Of `second_factor_required`: for how many seconds the token is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false, examples(300))]
    expires_in: Option<i64>,
    /// Of `second_factor_required`: what may be shown, of `totp`, `passkey`, `recovery_code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<String>, required = false)]
    factors: Option<&'a [&'static str]>,
}

/// A login that waits for its second step: what `second_factor_required` says besides.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SecondStep {
    mfa_token: String,
    /// In seconds.
    expires_in: i64,
    factors: Vec<&'static str>,
}

/// How much of the name of an unknown member is repeated.
const UNKNOWN_MAX_CHARS: usize = 64;

impl FieldError {
    #[must_use]
    pub fn new(field: &'static str, code: &'static str, message: impl fmt::Display) -> Self {
        Self { field: field.into(), code, message: message.to_string() }
    }

    /// Of a member that has no place in the body, by the name that it was given, as far as that is worth repeating.
    #[must_use]
    pub fn unknown(name: &str, message: &str) -> Self {
        let field = name.chars().filter(|one| !one.is_control()).take(UNKNOWN_MAX_CHARS).collect::<String>();
        Self { field: field.into(), code: "unknown", message: message.to_owned() }
    }

    /// The same of a member of `parent`.
    #[must_use]
    pub fn within(self, parent: &str) -> Self {
        let field = if self.field.is_empty() { parent.to_owned() } else { format!("{parent}.{}", self.field) };
        Self { field: field.into(), ..self }
    }
}

impl Problem {
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self::with_detail(code, code.detail())
    }

    fn with_detail(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self {
            status: code.status(),
            code,
            detail,
            errors: Vec::new(),
            retry_after: None,
            allow: None,
            second_step: None,
            challenge: None,
        }
    }

    #[must_use]
    pub fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::with_detail(Code::MalformedRequest, detail)
    }

    #[must_use]
    pub fn validation(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(Code::ValidationFailed) }
    }

    /// One fault of one parameter.
    #[must_use]
    pub fn parameter(field: &'static str, code: &'static str, message: &str) -> Self {
        Self::validation(vec![FieldError::new(field, code, message)])
    }

    #[must_use]
    pub fn email_taken(detail: &'static str) -> Self {
        Self::with_detail(Code::EmailTaken, detail)
    }

    /// Says how to go on.
    #[must_use]
    pub fn second_factor_required(pending: PendingLogin) -> Self {
        let PendingLogin { token: mfa_token, expires_in, methods } = pending;
        let factors = methods.into_iter().map(Method::name).collect();
        let second_step = Some(Box::new(SecondStep { mfa_token, expires_in: expires_in.num_seconds(), factors }));
        Self { second_step, ..Self::new(Code::SecondFactorRequired) }
    }

    #[must_use]
    pub fn factor_required() -> Self {
        Self::new(Code::FactorRequired)
    }

    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// `allow` lists the methods there are (RFC 9110 section 15.5.6).
    #[must_use]
    pub fn method_not_allowed(allow: String) -> Self {
        Self { allow: Some(allow), ..Self::new(Code::MethodNotAllowed) }
    }

    /// Says how old the authentication may be, and what it has to reach (RFC 9470 section 3).
    #[must_use]
    pub fn reauthentication_required(max_age: i64, acr: Option<&str>) -> Self {
        let acr = acr.map(|acr| format!(r#", acr_values="{acr}""#)).unwrap_or_default();
        let challenge = Some(format!(r#"{CHALLENGE_STALE}, max_age="{max_age}"{acr}"#).into());
        Self { challenge, ..Self::new(Code::ReauthenticationRequired) }
    }

    /// Says which scope it takes (RFC 6750 section 3.1).
    #[must_use]
    pub fn insufficient_scope(scope: Scope) -> Self {
        let challenge = Some(format!(r#"{CHALLENGE_SCOPE}, scope="{}""#, scope.name()).into());
        Self { challenge, ..Self::new(Code::InsufficientScope) }
    }

    #[must_use]
    pub fn too_large() -> Self {
        Self::new(Code::PayloadTooLarge)
    }

    #[must_use]
    pub fn request_timeout() -> Self {
        Self::new(Code::RequestTimeout)
    }

    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::new(Code::UnsupportedMediaType)
    }

    /// For a route that takes a form.
    #[must_use]
    pub fn not_a_form() -> Self {
        let detail = "Content-Type must be application/x-www-form-urlencoded, without a Content-Encoding";
        Self::with_detail(Code::UnsupportedMediaType, detail)
    }

    /// For a route that takes a merge patch.
    #[must_use]
    pub fn not_a_patch() -> Self {
        let detail = "Content-Type must be application/merge-patch+json or application/json, without a Content-Encoding";
        Self::with_detail(Code::UnsupportedMediaType, detail)
    }

    /// For a route that takes lines of JSON.
    #[must_use]
    pub fn not_lines() -> Self {
        let detail = "Content-Type must be application/x-ndjson, without a Content-Encoding";
        Self::with_detail(Code::UnsupportedMediaType, detail)
    }

    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::InternalError)
    }

    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(Code::Unavailable).retry_after(Duration::from_secs(1))
    }

    /// The problem for an error status that was set below, without a body of ours.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            404 => Self::not_found(),
            405 => Self::new(Code::MethodNotAllowed),
            408 => Self::request_timeout(),
            413 => Self::too_large(),
            415 => Self::unsupported_media_type(),
            431 => Self::new(Code::HeadersTooLarge),
            503 => Self::unavailable(),
            400..=499 => Self { status, ..Self::new(Code::MalformedRequest) },
            _ => Self::internal(),
        }
    }

    /// When to try again: `Retry-After` in whole seconds, rounded up, at least one.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The body, for the request of this id.
    #[must_use]
    pub fn document(&self, request_id: &str) -> String {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let second_step = self.second_step.as_ref();
        let document = ProblemView {
            r#type: format!("/problems/{}", self.code.name()),
            title,
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id,
            errors: &self.errors,
            mfa_token: second_step.map(|step| step.mfa_token.as_str()),
            expires_in: second_step.map(|step| step.expires_in),
            factors: second_step.map(|step| step.factors.as_slice()),
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
        match (&self.challenge, self.code.challenge()) {
            (Some(challenge), _) => {
                response.insert_header((header::WWW_AUTHENTICATE, &**challenge));
            }
            (None, Some(challenge)) => {
                response.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge)));
            }
            (None, None) => {}
        }
        if let Some(allow) = &self.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        response.body(self.document(request_id))
    }
}

/// Rounded up and at least one, so that a client that obeys it is not refused again.
#[must_use]
pub fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// Only for what escapes `middleware::response::envelope`, which knows the request's id.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.response("")
    }
}
