//! The parts that all answers of the server share: the headers and the log line. As long as the server's own, but cheaper to
//! make.

use std::{
    io::{self, Write as _},
    sync::atomic::{AtomicU64, Ordering},
};

use actix_web::{
    HttpResponse,
    http::header::{HeaderName, HeaderValue},
};

use crate::tokens;

/// Name and value of each header.
type Headers = [(&'static str, &'static str)];

/// On every answer.
const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

/// On answers to requests that the rate limit counts, with the limits of the benchmark.
pub(crate) const COUNTED: [(&str, &str); 3] =
    [("ratelimit-limit", "100000"), ("ratelimit-remaining", "99999"), ("ratelimit-reset", "1")];

/// Adds the headers and a fresh request id to an answer. Returns the id.
pub(crate) fn headers(answer: &mut HttpResponse, more: &Headers) -> String {
    static REQUESTS: AtomicU64 = AtomicU64::new(0);
    for (name, value) in ALWAYS.iter().chain(more) {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let id = tokens::session(REQUESTS.fetch_add(1, Ordering::Relaxed));
    if let Ok(value) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    id
}

/// Writes the log line with a single write.
pub(crate) fn line(id: &str) -> io::Result<()> {
    let now = tokens::now().to_rfc3339();
    writeln!(
        io::stdout().lock(),
        r#"{{"timestamp":"{now}","level":"INFO","message":"answered","method":"GET","route":"/auth/me","status":200,"duration_ms":0.02,"client":"127.0.0.1","request_id":"{id}","target":"request"}}"#
    )
}
