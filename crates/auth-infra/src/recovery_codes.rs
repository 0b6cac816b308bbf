//! Recovery codes: random bits of the operating system, stored as the SHA-256 of their canonical spelling.
//!
//! Nobody chose them, so a fast hash without salt is enough, as for the secrets of resource servers; the digest finds its row, so it
//! is compared by the database, and what that tells of it tells nothing of the code.

use auth_domain::{
    factors::{
        ports::RecoveryCodeMaker,
        recovery_code::{ALPHABET, RECOVERY_CODES, RecoveryCode, RecoveryCodeDigest, RecoveryCodes},
    },
    identity::port_error::PortError,
};
use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::{base32::base32, system::random};

/// 120 bits: 24 characters of base32.
const CODE_BYTES: usize = 15;

/// How many characters stand between two hyphens.
const GROUP_CHARS: usize = 6;

/// Makes codes of 120 bits.
pub struct Sha256RecoveryCodes;

impl RecoveryCodeMaker for Sha256RecoveryCodes {
    fn make(&self) -> Result<RecoveryCodes, PortError> {
        let mut codes = RecoveryCodes::default();
        for _ in 0..RECOVERY_CODES {
            let code = base32(ALPHABET, &*Zeroizing::new(random::<CODE_BYTES>()));
            codes.digests.push(digest_of(&code));
            codes.plain.push(RecoveryCode(grouped(&code)));
        }
        Ok(codes)
    }

    fn digest(&self, typed: &str) -> Option<RecoveryCodeDigest> {
        RecoveryCode::canonical(typed).map(|code| digest_of(&code))
    }
}

fn digest_of(canonical: &str) -> RecoveryCodeDigest {
    let digest = digest(&SHA256, canonical.as_bytes());
    RecoveryCodeDigest(digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn grouped(code: &str) -> String {
    let hyphen = |at: usize| (at > 0 && at.is_multiple_of(GROUP_CHARS)).then_some('-');
    code.chars().enumerate().flat_map(|(at, character)| hyphen(at).into_iter().chain([character])).collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use auth_domain::testkit::RecoveryCodeMakers;
    use proptest::prelude::*;

    use super::*;

    auth_domain::recovery_code_maker_contract!(async { RecoveryCodeMakers { maker: Arc::new(Sha256RecoveryCodes) } });

    /// Computed apart from this program, with `sha256sum`. A release that digests otherwise voids the codes of the one before.
    #[test]
    fn a_code_outlives_the_program_that_made_it() {
        let digest = Sha256RecoveryCodes.digest("OlI345-6789ab-CDEFGH jkmnoL").map(|digest| digest.0);
        assert_eq!(digest.as_deref(), Some("249567160dd66a7210ce3a236faf8ccdb5e04ce54b5b6b81c29c8fa80f479d0b"));
    }

    /// Each of the 24 places takes every character: in 2,000 codes none is missing but by a chance of one in 10^24.
    #[test]
    fn every_place_is_random() {
        let made: Vec<_> = (0..200).flat_map(|_| Sha256RecoveryCodes.make().unwrap().plain).collect();
        for at in (0..27).filter(|at| at % 7 != 6) {
            let seen: BTreeSet<u8> = made.iter().map(|code| code.0.as_bytes()[at]).collect();
            assert_eq!(seen.into_iter().collect::<Vec<_>>(), ALPHABET, "at {at}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_what_it_reads_has_one_spelling(text in "[0-9A-Za-z -]{0,40}|.{0,40}") {
            let kept: String = text.chars().filter(|typed| !" -".contains(*typed)).collect();
            let digest = Sha256RecoveryCodes.digest(&text);
            prop_assert_eq!(&digest, &Sha256RecoveryCodes.digest(&kept));
            prop_assert_eq!(digest.is_some(), kept.len() == 24 && kept.bytes().all(|byte| byte.is_ascii_alphanumeric() && !b"uU".contains(&byte)));
        }
    }
}
