//! The formats of stored password hashes, and how they are computed. Slow and pure: this runs on the hashing threads.

use std::hint::black_box;

use auth_domain::{identity::port_error::PortError, passwords::policy::PasswordAttempt};
use aws_lc_rs::{constant_time, hmac};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use zeroize::Zeroizing;

/// The costs that are accepted. Each step doubles the time: a higher cost in the database would be a denial of service, so it
/// counts as corruption.
pub(crate) const COSTS: std::ops::RangeInclusive<u32> = 4..=16;

/// The longest password that bcrypt uses whole: its input ends with a NUL and is cut at 72 bytes.
const BCRYPT_MAX_BYTES: usize = 71;

const PREHASHED: &str = "$bcrypt-sha256$v=2,t=2b,r=";

/// bcrypt's own base64. The last character of salt and digest has unused bits, which some implementations do not set to zero.
const BCRYPT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// How a password becomes bcrypt's input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// As it is, followed by a NUL.
    Plain,
    /// passlib's `bcrypt_sha256` version 2: an HMAC keyed with the salt as it is written, in base64.
    Prehashed,
}

/// A parsed hash.
#[derive(Debug)]
pub(crate) struct StoredHash {
    scheme: Scheme,
    pub(crate) cost: u32,
    salt: [u8; 16],
    digest: [u8; 23],
}

impl StoredHash {
    pub(crate) fn parse(text: &str) -> Result<Self, PortError> {
        let corrupt = |what| PortError::Corrupt(format!("a stored password hash: {what}"));
        let stored = Self::split(text).ok_or_else(|| corrupt("its format is unknown"))?;
        if COSTS.contains(&stored.cost) { Ok(stored) } else { Err(corrupt("its cost is out of range")) }
    }

    fn split(text: &str) -> Option<Self> {
        let (scheme, cost, salt, digest) = if let Some(rest) = text.strip_prefix(PREHASHED) {
            let (cost, rest) = rest.split_once('$')?;
            let (salt, digest) = rest.split_once('$')?;
            (Scheme::Prehashed, cost, salt, digest)
        } else {
            let rest = ["$2b$", "$2a$", "$2y$"].into_iter().find_map(|prefix| text.strip_prefix(prefix))?;
            let (cost, rest) = rest.split_once('$')?;
            let (salt, digest) = rest.split_at_checked(22)?;
            (Scheme::Plain, cost, salt, digest)
        };
        let Ok(rounds) = cost.parse() else { return None };
        let stored = Self { scheme, cost: rounds, salt: decoded(salt)?, digest: decoded(digest)? };
        // Plain costs have two digits, the others no leading zero. Where the encoded salt is a key, it must be spelled as passlib
        // spells it.
        let expected = match scheme {
            Scheme::Plain => cost == format!("{:02}", stored.cost),
            Scheme::Prehashed => cost == stored.cost.to_string() && salt == BCRYPT.encode(stored.salt),
        };
        expected.then_some(stored)
    }

    /// Hashes a new password.
    pub(crate) fn of(password: &str, cost: u32, salt: [u8; 16]) -> Self {
        let scheme = if fits(password) { Scheme::Plain } else { Scheme::Prehashed };
        let digest = digest(scheme, password, cost, salt);
        Self { scheme, cost, salt, digest }
    }

    /// A hash that no password matches, verified when there is no account.
    pub(crate) fn decoy(cost: u32, salt: [u8; 16], digest: [u8; 23]) -> Self {
        Self { scheme: Scheme::Plain, cost, salt, digest }
    }

    /// Whether a form of the attempt has this hash. Each form takes as long as a hash of cost `usual`, right or wrong, and longer
    /// only where this one is costlier: or the time would tell an account with a cheap hash from one that does not exist.
    pub(crate) fn verifies(&self, attempt: &PasswordAttempt, usual: u32) -> bool {
        // All are tried, since only a "no" may say how long it took.
        attempt.forms().fold(false, |found, form| {
            let matches = self.matches(form);
            // Each cost takes twice the time of the one below, so these and the hash itself sum up to the usual one.
            for cost in self.cost..usual {
                black_box(digest(self.scheme, form, cost, self.salt));
            }
            found | matches
        })
    }

    /// Whether the password has this hash. Takes the same time either way.
    fn matches(&self, password: &str) -> bool {
        let digest = digest(self.scheme, password, self.cost, self.salt);
        let same = constant_time::verify_slices_are_equal(&digest, &self.digest).is_ok();
        same && (self.scheme == Scheme::Prehashed || fits(password))
    }

    pub(crate) fn to_text(&self) -> String {
        let (cost, salt, digest) = (self.cost, BCRYPT.encode(self.salt), BCRYPT.encode(self.digest));
        match self.scheme {
            Scheme::Plain => format!("$2b${cost:02}${salt}{digest}"),
            Scheme::Prehashed => format!("{PREHASHED}{cost}${salt}${digest}"),
        }
    }
}

/// Whether bcrypt distinguishes this password from all others. It repeats its input to 72 bytes, so besides cutting
/// long ones, it takes "x", NUL, "x" for "x".
fn fits(password: &str) -> bool {
    password.len() <= BCRYPT_MAX_BYTES && !password.contains('\0')
}

fn digest(scheme: Scheme, password: &str, cost: u32, salt: [u8; 16]) -> [u8; 23] {
    let mut input = Zeroizing::new(Vec::with_capacity(BCRYPT_MAX_BYTES + 1));
    match scheme {
        Scheme::Plain => input.extend(password.bytes().take(BCRYPT_MAX_BYTES)),
        Scheme::Prehashed => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, BCRYPT.encode(salt).as_bytes());
            let tag = hmac::sign(&key, password.as_bytes());
            input.extend_from_slice(Zeroizing::new(STANDARD.encode(tag)).as_bytes());
        }
    }
    input.push(0);
    #[cfg(test)]
    super::tests::work::count(cost);
    let [digest @ .., _unused] = bcrypt::bcrypt(cost, salt, &input);
    digest
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    match BCRYPT.decode(text).map(<[u8; N]>::try_from) {
        Ok(Ok(bytes)) => Some(bytes),
        Ok(Err(_)) | Err(_) => None,
    }
}
