//! Cursors: a place in a list and an HMAC over both, so that any server with the secret reads them.

use auth_domain::{admin::ports::CursorCodec, identity::port_error::PortError};
use aws_lc_rs::{
    constant_time,
    hmac::{self, Key},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::derived_key::hmac_key;

/// What the key is for.
const LABEL: &[u8] = b"auth-server cursors v1";

/// How much of an HMAC a cursor has (RFC 2104 section 5 asks for half of it at least).
const TAG_BYTES: usize = 16;

/// Seals them by HMAC-SHA-256, with a key that HKDF takes from the secret of refresh tokens.
pub struct HmacCursors(Key);

impl HmacCursors {
    /// # Errors
    /// The library cannot derive the key.
    pub fn new(secret: &[u8]) -> Result<Self, PortError> {
        hmac_key(secret, LABEL).map(Self)
    }

    /// Over the list's length as well: nothing can be moved from the list to the place.
    fn tag(&self, list: &str, place: &[u8]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&u64::try_from(list.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(list.as_bytes());
        context.update(place);
        context.sign().as_ref().iter().copied().take(TAG_BYTES).collect()
    }
}

impl CursorCodec for HmacCursors {
    fn seal(&self, list: &str, place: &str) -> String {
        let mut bytes = self.tag(list, place.as_bytes());
        bytes.extend_from_slice(place.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self, list: &str, cursor: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).into_iter().next()?;
        let (tag, place) = bytes.split_at_checked(TAG_BYTES)?;
        constant_time::verify_slices_are_equal(tag, &self.tag(list, place)).into_iter().next()?;
        String::from_utf8(place.to_vec()).into_iter().next()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use auth_domain::testkit::CursorCodecs;

    use super::*;

    fn codec(secret: &[u8]) -> Arc<HmacCursors> {
        Arc::new(HmacCursors::new(secret).unwrap())
    }

    auth_domain::cursor_codec_contract!(async {
        CursorCodecs { codec: codec(b"one secret"), stranger: codec(b"another secret") }
    });
}
