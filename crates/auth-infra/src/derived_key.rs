//! Keys for one use each, derived from one secret.

use auth_domain::identity::port_error::PortError;
use aws_lc_rs::{
    hkdf::{HKDF_SHA256, Salt},
    hmac::{HMAC_SHA256, Key},
};

/// A key for HMAC-SHA-256, by HKDF. The label says what it is for (RFC 5869 section 3.2): no other use of the secret gets the same.
///
/// # Errors
/// The library cannot derive it.
pub(crate) fn hmac_key(secret: &[u8], label: &[u8]) -> Result<Key, PortError> {
    let extracted = Salt::new(HKDF_SHA256, &[]).extract(secret);
    let label = [label];
    let expanded = extracted.expand(&label, HMAC_SHA256).map(Key::from);
    expanded.map_err(|_reason| PortError::Internal(format!("no key for {}", String::from_utf8_lossy(&label.concat()))))
}
