//! PBKDF2, as Django, Werkzeug, passlib and Keycloak write it.

use std::{hint::black_box, num::NonZeroU32};

use auth_domain::passwords::ports::HashFault;
use aws_lc_rs::{constant_time, pbkdf2};
use zeroize::Zeroizing;

use super::{
    count,
    text::{base64, bounded, fields, hex, salt},
};
use crate::hashing::work::{Kind, Prf, Work};

const MAX_ITERATIONS: u32 = 5_000_000;

/// Of Keycloak, which asks SHA-1 and SHA-256 for as many bytes as SHA-512 has, unless told otherwise.
const LONG_KEY: usize = 64;

#[derive(Debug)]
pub(crate) struct Pbkdf2 {
    prf: Prf,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    key: Vec<u8>,
}

impl Pbkdf2 {
    /// `None` where the hash is of another family.
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashFault>> {
        const DJANGO: [(&str, Prf); 3] =
            [("pbkdf2_sha256$", Prf::Sha256), ("pbkdf2_sha1$", Prf::Sha1), ("pbkdf2_sha512$", Prf::Sha512)];
        const WERKZEUG: [(&str, Prf); 3] =
            [("pbkdf2:sha256:", Prf::Sha256), ("pbkdf2:sha1:", Prf::Sha1), ("pbkdf2:sha512:", Prf::Sha512)];
        const PASSLIB: [(&str, Prf); 3] =
            [("$pbkdf2$", Prf::Sha1), ("$pbkdf2-sha256$", Prf::Sha256), ("$pbkdf2-sha512$", Prf::Sha512)];
        const KEYCLOAK: [(&str, Prf); 3] =
            [("keycloak$pbkdf2$", Prf::Sha1), ("keycloak$pbkdf2-sha256$", Prf::Sha256), ("keycloak$pbkdf2-sha512$", Prf::Sha512)];
        let of = |systems: [(&str, Prf); 3]| {
            systems.into_iter().find_map(|(prefix, prf)| text.strip_prefix(prefix).map(|rest| (prf, rest)))
        };
        if let Some((prf, rest)) = of(DJANGO) {
            return Some(Self::of(prf, rest, as_it_is, base64));
        }
        if let Some((prf, rest)) = of(WERKZEUG) {
            return Some(Self::of(prf, rest, as_it_is, hex));
        }
        if let Some((prf, rest)) = of(PASSLIB) {
            return Some(Self::of(prf, rest, base64, base64));
        }
        let (prf, rest) = of(KEYCLOAK)?;
        Some(Self::long(prf, rest, base64, base64))
    }

    /// With a key as long as the hash.
    fn of(prf: Prf, rest: &str, salted: Decode, decode: Decode) -> Result<Self, HashFault> {
        let stored = Self::long(prf, rest, salted, decode)?;
        if stored.key.len() == prf.length() { Ok(stored) } else { Err(HashFault::Malformed) }
    }

    /// With a key as long as the hash or as Keycloak's. A shorter one would match what it should not.
    fn long(prf: Prf, rest: &str, salted: Decode, decode: Decode) -> Result<Self, HashFault> {
        let [iterations, salt_text, key] = fields(rest, '$')?;
        let iterations = bounded(iterations, 1, MAX_ITERATIONS)?.try_into().map_err(|_zero| HashFault::Malformed)?;
        let (salt, key) = (salt(salted(salt_text)?)?, decode(key)?);
        if [prf.length(), LONG_KEY].contains(&key.len()) {
            Ok(Self { prf, iterations, salt, key })
        } else {
            Err(HashFault::Malformed)
        }
    }

    pub(super) fn work(&self) -> Work {
        // Each block of the key takes all iterations.
        let blocks = u64::try_from(self.key.len().div_ceil(self.prf.length())).unwrap_or(u64::MAX);
        Work { kind: Kind::Pbkdf2(self.prf), units: blocks.saturating_mul(self.iterations.get().into()) }
    }

    pub(super) fn matches(&self, password: &str) -> bool {
        count(self.work());
        let mut key = Zeroizing::new(vec![0; self.key.len()]);
        pbkdf2::derive(self.prf.algorithm(), self.iterations, &self.salt, password.as_bytes(), &mut key);
        constant_time::verify_slices_are_equal(&key, &self.key).is_ok()
    }
}

type Decode = fn(&str) -> Result<Vec<u8>, HashFault>;

fn as_it_is(text: &str) -> Result<Vec<u8>, HashFault> {
    Ok(text.as_bytes().to_vec())
}

impl Prf {
    fn algorithm(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }

    const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// Takes as long as so many iterations.
pub(super) fn spend(prf: Prf, units: u64, password: &str) {
    count(Work { kind: Kind::Pbkdf2(prf), units });
    let iterations = u32::try_from(units).unwrap_or(u32::MAX);
    if let Ok(iterations) = NonZeroU32::try_from(iterations) {
        let mut key = Zeroizing::new(vec![0; prf.length()]);
        pbkdf2::derive(prf.algorithm(), iterations, &[], password.as_bytes(), &mut key);
        black_box(&key);
    }
}
