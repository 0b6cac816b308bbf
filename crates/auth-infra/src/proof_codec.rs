//! The tokens and codes of mails, derived from the id of a proof and a secret, so that a copy of the database holds neither.

use auth_domain::{
    identity::port_error::PortError,
    mail::{ports::ProofCodec, proof::ProofId},
};
use aws_lc_rs::{
    constant_time,
    hmac::{self, Key},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::derived_key::hmac_key;

/// What the key is for.
const LABEL: &[u8] = b"auth-server mailbox proofs v1";

/// Parts the two things that are derived from one id.
const TOKEN: &[u8] = b"token";
const CODE: &[u8] = b"code";

const ID_BYTES: usize = 16;

/// How many codes there are: eight digits.
const CODES: u64 = 100_000_000;

/// Derives them by HMAC-SHA-256, with a key that HKDF takes from the secret of refresh tokens.
pub struct HmacProofs(Key);

impl HmacProofs {
    /// # Errors
    /// The library cannot derive the key.
    pub fn new(secret: &[u8]) -> Result<Self, PortError> {
        hmac_key(secret, LABEL).map(Self)
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
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
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
    use std::sync::Arc;

    use auth_domain::testkit::ProofCodecs;
    use proptest::prelude::*;

    use super::*;

    fn codec() -> HmacProofs {
        HmacProofs::new(b"fedcba9876543210fedcba9876543210").unwrap()
    }

    auth_domain::proof_codec_contract!(async {
        let stranger = HmacProofs::new(b"fedcba9876543210fedcba9876543211").unwrap();
        ProofCodecs { codec: Arc::new(codec()), stranger: Arc::new(stranger) }
    });

    /// Computed apart from this program, with Python's hmac. A release that derives others voids the links of the one before.
    #[test]
    fn a_link_outlives_the_program_that_made_it() {
        let id = ProofId(Uuid::from_u128(0x019b_7ca9_93fb_7000_8000_0000_0000_04cd));
        assert_eq!(codec().token(id), "AZt8qZP7cACAAAAAAAAEzaOE751MUtgP-YrYDYm9c7NUTa2Jxetz-xV25rYbm0xa");
        assert_eq!(codec().code(id), "93829490");
    }

    proptest! {
        #[test]
        fn a_token_is_opened_as_it_is_or_not_at_all(id: u128, at in 0..64_usize, other in "[A-Za-z0-9_-]", text: String) {
            let (codec, id) = (codec(), ProofId(Uuid::from_u128(id)));
            let token = codec.token(id);
            prop_assert_eq!((token.len(), codec.open(&token)), (64, Some(id)));
            let mut forged = token.clone();
            forged.replace_range(at..=at, &other);
            prop_assert_eq!(codec.open(&forged).is_some(), forged == token);
            prop_assert_eq!(codec.open(&text), None);
        }
    }

    /// Of 100,000 codes in ten bins, each holds what it should within five standard deviations.
    #[test]
    fn codes_are_spread_evenly() {
        let (codec, mut bins) = (codec(), [0_i64; 10]);
        for number in 0..100_000 {
            let first = codec.code(ProofId(Uuid::from_u128(number))).chars().next().unwrap();
            bins[usize::try_from(first.to_digit(10).unwrap()).unwrap()] += 1;
        }
        assert!(bins.iter().all(|count| (count - 10_000).abs() < 475), "{bins:?}");
    }
}
