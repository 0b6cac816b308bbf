//! What every answer of the server costs by its looks: the headers of each, and the line in the log. As long as the
//! server's own, made with less.

use std::{
    io::{self, Write as _},
    sync::atomic::{AtomicU64, Ordering},
};

use actix_web::{
    HttpResponse,
    http::header::{HeaderName, HeaderValue},
};

use crate::tokens;

/// One header after the other, name and value.
type Headers = [(&'static str, &'static str)];

/// Of every answer.
const ALWAYS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

/// Of every answer whose request counts, as the bench's limits stand.
pub(crate) const COUNTED: [(&str, &str); 3] =
    [("ratelimit-limit", "100000"), ("ratelimit-remaining", "99999"), ("ratelimit-reset", "1")];

/// Puts the headers on an answer, and a request id of its own. Gives it back as well.
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

/// Writes the line, in one write.
pub(crate) fn line(id: &str) -> io::Result<()> {
    let now = tokens::now().to_rfc3339();
    writeln!(
        io::stdout().lock(),
        r#"{{"timestamp":"{now}","level":"INFO","message":"answered","method":"GET","route":"/auth/me","status":200,"duration_ms":0.02,"client":"127.0.0.1","request_id":"{id}","target":"request"}}"#
    )
}
