//! The headers of every answer, whoever makes it.

/// The headers of every answer (OWASP ASVS 5.0: 3.4.4, 3.4.5, 3.4.6, 3.5.8).
const SECURITY_HEADERS: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// HTTPS only, for two years, subdomains included (OWASP ASVS 5.0: 3.4.1). Not `preload`: that is for the owner of the whole
/// domain to ask for.
const HSTS: (&str, &str) = ("strict-transport-security", "max-age=63072000; includeSubDomains");

/// The security headers of every answer on this kind of connection.
pub(crate) fn security_headers(with_tls: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    SECURITY_HEADERS.into_iter().chain(with_tls.then_some(HSTS))
}

/// Answers must not be cached, unless a route says otherwise (OWASP ASVS 5.0: 14.2.2).
pub(crate) const NO_STORE: (&str, &str) = ("cache-control", "no-store");
