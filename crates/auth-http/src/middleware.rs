//! What every request passes, outermost first: envelope, CORS, rate limit, intake. `server::app` stacks them.

pub mod client;
pub mod cors;
pub(crate) mod envelope;
pub(crate) mod intake;
pub(crate) mod journal;
pub(crate) mod limit;
pub(crate) mod to_the_end;
pub(crate) mod trace_parent;

/// Health checks are always answered: no rate limit, no check of origin or media type.
#[must_use]
pub fn is_health(path: &str) -> bool {
    path == "/health" || path.starts_with("/health/")
}

/// Keys and metadata (RFC 8615): public, and served from memory.
#[must_use]
pub fn is_published(path: &str) -> bool {
    path.starts_with("/.well-known/")
}

/// The API document and its page: public, and not rate limited.
#[must_use]
pub fn is_docs(path: &str) -> bool {
    matches!(path, "/openapi.json" | "/docs") || path.starts_with("/docs/")
}
