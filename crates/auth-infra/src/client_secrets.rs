//! The secrets of resource servers: random bits of the operating system, stored as their SHA-256.
//!
//! A fast hash without salt is wrong for passwords, but enough for these: nobody chose them, so there is no list to try, and a
//! search of 2^256 is hopeless with any hash (NIST SP 800-63B section 5.1.2.2 asks for no more from 112 bits on). A slow hash
//! would have to be computed for every introspection.

use auth_domain::oauth::{
    client::{ClientSecret, SecretHash},
    ports::ClientSecrets,
};
use aws_lc_rs::{
    constant_time,
    digest::{Digest, SHA256, digest},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::system::random;

/// The scheme of a stored secret, so that another one could be added.
const SCHEME: &str = "sha256:";

/// Makes secrets of 256 bits, in 43 characters that forms and headers take without encoding.
pub struct Sha256Secrets;

impl ClientSecrets for Sha256Secrets {
    fn make(&self) -> (ClientSecret, SecretHash) {
        let secret = ClientSecret::new(URL_SAFE_NO_PAD.encode(*Zeroizing::new(random::<32>())));
        let hash = SecretHash::new(format!("{SCHEME}{}", URL_SAFE_NO_PAD.encode(hashed(&secret))));
        (secret, hash)
    }

    fn matches(&self, presented: &ClientSecret, kept: &SecretHash) -> bool {
        let Some(Ok(kept)) = kept.expose().strip_prefix(SCHEME).map(|text| URL_SAFE_NO_PAD.decode(text)) else { return false };
        constant_time::verify_slices_are_equal(hashed(presented).as_ref(), &kept).is_ok()
    }
}

fn hashed(secret: &ClientSecret) -> Digest {
    digest(&SHA256, secret.expose().as_bytes())
}

#[cfg(test)]
mod tests {
    use auth_domain::testkit::SecretMakers;

    use super::*;

    auth_domain::client_secrets_contract!(async { SecretMakers { secrets: std::sync::Arc::new(Sha256Secrets) } });

    #[test]
    fn a_secret_has_256_bits_and_is_kept_as_its_sha_256() {
        let (secret, kept) = Sha256Secrets.make();
        assert_eq!(URL_SAFE_NO_PAD.decode(secret.expose()).unwrap().len(), 32);
        assert!(kept.expose().len() == 50 && !kept.expose().contains(secret.expose()));
        // FIPS 180-4: "abc".
        let abc = SecretHash::new("sha256:ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0".to_owned());
        assert!(Sha256Secrets.matches(&ClientSecret::new("abc".to_owned()), &abc));
    }

    #[test]
    fn a_part_of_a_hash_matches_nothing() {
        let (secret, kept) = Sha256Secrets.make();
        for short in [SCHEME, &kept.expose()[..29], &kept.expose()[7..]] {
            assert!(!Sha256Secrets.matches(&secret, &SecretHash::new(short.to_owned())), "{short}");
        }
    }
}
