//! The headers of every answer, whoever makes it.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

/// A header, parsed once.
pub(crate) type Field = (HeaderName, HeaderValue);

/// The headers of every answer (OWASP ASVS 5.0: 3.4.4, 3.4.5, 3.4.6, 3.5.8); the last is for HTTPS only: for two years, subdomains
/// included (OWASP ASVS 5.0: 3.4.1). Not `preload`: that is for the owner of the whole domain to ask for.
static SECURITY_HEADERS: [Field; 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains")),
];

/// The security headers of every answer on this kind of connection.
pub(crate) fn security_headers(with_tls: bool) -> impl Iterator<Item = &'static Field> {
    let count = SECURITY_HEADERS.len() - usize::from(!with_tls);
    SECURITY_HEADERS.iter().take(count)
}

/// Answers must not be cached, unless a route says otherwise (OWASP ASVS 5.0: 14.2.2).
pub(crate) static NO_STORE: Field = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
