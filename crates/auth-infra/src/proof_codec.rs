//! The tokens and codes of mails, derived from the id of a proof and a secret, so that a copy of the database holds neither.

use auth_domain::{
    identity::port_error::PortError,
    mail::{ports::ProofCodec, proof::ProofId},
};
use aws_lc_rs::{
    constant_time,
    hkdf::{HKDF_SHA256, Salt},
    hmac::{self, HMAC_SHA256, Key},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// What the key is for (RFC 5869 section 3.2): no other use of the secret gets the same.
const LABEL: &[u8] = b"auth-server mailbox proofs v1";

/// Parts the two things that are derived from one id.
const TOKEN: &[u8] = b"token";
const CODE: &[u8] = b"code";

const ID_BYTES: usize = 16;
const MAC_BYTES: usize = 32;

/// How many codes there are: eight digits.
const CODES: u64 = 100_000_000;

/// Derives them by HMAC-SHA-256, with a key that HKDF takes from the secret of refresh tokens.
pub struct HmacProofs(Key);

impl HmacProofs {
    /// # Errors
    /// The library cannot derive the key.
    pub fn new(secret: &[u8]) -> Result<Self, PortError> {
        let extracted = Salt::new(HKDF_SHA256, &[]).extract(secret);
        let expanded = extracted.expand(&[LABEL], HMAC_SHA256);
        let key = expanded.map_err(|_reason| PortError::Internal("no key for the proofs of mailboxes".to_owned()))?;
        Ok(Self(Key::from(key)))
    }

    fn mac(&self, what: &[u8], id: ProofId) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(what);
        context.update(id.0.as_bytes());
        context.sign()
    }
}

impl ProofCodec for HmacProofs {
    /// The id and its MAC, 64 characters of base64url.
    fn token(&self, id: ProofId) -> String {
        URL_SAFE_NO_PAD.encode([id.0.as_bytes(), self.mac(TOKEN, id).as_ref()].concat())
    }

    fn open(&self, token: &str) -> Option<ProofId> {
        let bytes: [u8; ID_BYTES + MAC_BYTES] =
            URL_SAFE_NO_PAD.decode(token).map_or(None, |bytes| bytes.try_into().map_or(None, Some))?;
        let (id, mac) = bytes.split_first_chunk::<ID_BYTES>()?;
        let id = ProofId(Uuid::from_bytes(*id));
        let is_ours = constant_time::verify_slices_are_equal(self.mac(TOKEN, id).as_ref(), mac).is_ok();
        is_ours.then_some(id)
    }

    /// 64 bits of the MAC, reduced to eight digits: no code is likelier than another by more than one part in 10^11.
    fn code(&self, id: ProofId) -> String {
        let mac = self.mac(CODE, id);
        let number = mac.as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        format!("{:08}", number % CODES)
    }

    fn is_code(&self, id: ProofId, text: &str) -> bool {
        constant_time::verify_slices_are_equal(self.code(id).as_bytes(), text.as_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a refresh secret of enough characters";

    fn codec() -> HmacProofs {
        HmacProofs::new(SECRET).unwrap()
    }

    fn id(number: u128) -> ProofId {
        ProofId(Uuid::from_u128(number))
    }

    #[test]
    fn a_token_and_a_code_stay_what_they_are_over_a_restart() {
        let (token, code) = (codec().token(id(7)), codec().code(id(7)));
        assert_eq!((codec().token(id(7)), codec().code(id(7))), (token.clone(), code.clone()));
        assert_eq!((token.len(), code.len()), (64, 8));
        assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
        assert_ne!(codec().token(id(8)), token);
        assert_ne!(codec().code(id(8)), code);
    }

    #[test]
    fn a_token_is_opened_by_the_secret_that_made_it() {
        assert_eq!(codec().open(&codec().token(id(7))), Some(id(7)));
        let other = HmacProofs::new(b"another secret of enough characters!!").unwrap();
        assert_eq!(other.open(&codec().token(id(7))), None);
        assert_ne!(other.code(id(7)), codec().code(id(7)));
    }

    #[test]
    fn a_token_that_was_touched_is_none() {
        let token = codec().token(id(7));
        for at in 0..token.len() {
            let mut touched = token.clone().into_bytes();
            touched[at] = if touched[at] == b'A' { b'B' } else { b'A' };
            let touched = String::from_utf8(touched).unwrap();
            assert_eq!(codec().open(&touched), None, "{touched}");
            assert_eq!(codec().open(&token[..at]), None);
        }
        for other in [format!("{token}="), format!("{token}A"), format!(" {token}"), codec().code(id(7)), String::new()] {
            assert_eq!(codec().open(&other), None, "{other}");
        }
    }

    #[test]
    fn a_code_is_right_as_a_whole_or_not_at_all() {
        let code = codec().code(id(7));
        assert!(codec().is_code(id(7), &code));
        for other in [codec().code(id(8)), code[..7].to_owned(), format!("{code} "), format!("{code}0"), String::new()] {
            assert!(!codec().is_code(id(7), &other), "{other}");
        }
    }
}
