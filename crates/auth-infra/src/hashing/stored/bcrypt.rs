//! bcrypt: our own form, and how passlib, Django, PHP and WordPress write theirs.

use std::hint::black_box;

use auth_domain::passwords::ports::HashFault;
use aws_lc_rs::{
    constant_time,
    digest::{self, SHA256},
    hmac,
};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use zeroize::Zeroizing;

use super::{
    count,
    text::{bounded, hex_digits},
};
use crate::hashing::work::{Kind, Work};

/// The costs that are computed. Each step doubles the time.
pub(crate) const COSTS: std::ops::RangeInclusive<u32> = 4..=16;

/// The longest password that bcrypt uses whole: its input ends with a NUL and is cut at 72 bytes.
const MAX_BYTES: usize = 71;

/// Our own form for longer passwords, which is passlib's.
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
    /// Its version 1: SHA-256 in base64.
    Sha256,
    /// Django's `bcrypt_sha256`: SHA-256 in hexadecimal.
    HexSha256,
    /// WordPress since 6.8: an HMAC-SHA-384 with a key of its own, in base64.
    WordPress,
}

#[derive(Debug)]
pub(crate) struct Bcrypt {
    scheme: Scheme,
    /// Whether we would write it so.
    is_ours: bool,
    cost: u32,
    salt: [u8; 16],
    digest: [u8; 23],
}

impl Bcrypt {
    /// Hashes a new password.
    pub(super) fn of(password: &str, cost: u32, salt: [u8; 16]) -> Self {
        let scheme = if fits(password) { Scheme::Plain } else { Scheme::Prehashed };
        let digest = digest(scheme, password, cost, salt);
        Self { scheme, is_ours: true, cost, salt, digest }
    }

    /// `None` where the hash is of another family.
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashFault>> {
        if let Some(rest) = text.strip_prefix(PREHASHED) {
            return Some(Self::prehashed(rest));
        }
        if let Some(rest) = text.strip_prefix("$bcrypt-sha256$") {
            return Some(Self::sha256(rest));
        }
        let (scheme, rest) = [("bcrypt$", Scheme::Plain), ("bcrypt_sha256$", Scheme::HexSha256), ("$wp", Scheme::WordPress)]
            .into_iter()
            .find_map(|(prefix, scheme)| text.strip_prefix(prefix).map(|rest| (scheme, rest)))
            .unwrap_or((Scheme::Plain, text));
        let (prefix, rest) =
            ["$2b$", "$2a$", "$2y$"].into_iter().find_map(|prefix| rest.strip_prefix(prefix).map(|rest| (prefix, rest)))?;
        let is_ours = prefix == "$2b$" && rest.len() + prefix.len() == text.len();
        Some(Self::plain(rest, scheme, is_ours))
    }

    fn plain(rest: &str, scheme: Scheme, is_ours: bool) -> Result<Self, HashFault> {
        let (cost, rest) = rest.split_once('$').ok_or(HashFault::Malformed)?;
        let (salt, digest) = rest.split_at_checked(22).ok_or(HashFault::Malformed)?;
        // Two digits.
        let cost = match cost.as_bytes() {
            [b'0', _] => cost.get(1..).unwrap_or_default(),
            [_, _] => cost,
            _ => return Err(HashFault::Malformed),
        };
        Ok(Self { scheme, is_ours, cost: bounded_cost(cost)?, salt: decoded(salt)?, digest: decoded(digest)? })
    }

    /// Version 2 of passlib's, after the cost's name.
    fn prehashed(rest: &str) -> Result<Self, HashFault> {
        let (cost, rest) = rest.split_once('$').ok_or(HashFault::Malformed)?;
        let (text, digest) = rest.split_once('$').ok_or(HashFault::Malformed)?;
        let salt = decoded(text)?;
        // The encoded salt is a key, so it must be spelled as passlib spells it.
        if text != BCRYPT.encode(salt) {
            return Err(HashFault::Malformed);
        }
        let (cost, digest) = (bounded_cost(cost)?, decoded(digest)?);
        Ok(Self { scheme: Scheme::Prehashed, is_ours: true, cost, salt, digest })
    }

    /// Version 1 of passlib's, after its prefix.
    fn sha256(rest: &str) -> Result<Self, HashFault> {
        let rest = rest.strip_prefix("2b,").or_else(|| rest.strip_prefix("2a,")).ok_or(HashFault::Malformed)?;
        let (cost, rest) = rest.split_once('$').ok_or(HashFault::Malformed)?;
        let (salt, digest) = rest.split_once('$').ok_or(HashFault::Malformed)?;
        let (cost, salt, digest) = (bounded_cost(cost)?, decoded(salt)?, decoded(digest)?);
        Ok(Self { scheme: Scheme::Sha256, is_ours: false, cost, salt, digest })
    }

    pub(super) fn is_outdated(&self, cost: u32) -> bool {
        !self.is_ours || self.cost < cost
    }

    pub(super) fn work(&self) -> Work {
        work(self.cost)
    }

    /// Whether the password has this hash. Takes the same time either way.
    pub(super) fn matches(&self, password: &str) -> bool {
        let digest = digest(self.scheme, password, self.cost, self.salt);
        let same = constant_time::verify_slices_are_equal(&digest, &self.digest).is_ok();
        same && (self.scheme != Scheme::Plain || fits(password))
    }

    /// In our own forms.
    pub(super) fn to_text(&self) -> String {
        let (cost, salt, digest) = (self.cost, BCRYPT.encode(self.salt), BCRYPT.encode(self.digest));
        match self.scheme {
            Scheme::Prehashed => format!("{PREHASHED}{cost}${salt}${digest}"),
            Scheme::Plain | Scheme::Sha256 | Scheme::HexSha256 | Scheme::WordPress => format!("$2b${cost:02}${salt}{digest}"),
        }
    }
}

/// Of a hash of this cost.
pub(super) const fn work(cost: u32) -> Work {
    Work { kind: Kind::Bcrypt, units: 1 << cost }
}

/// Takes as long as so many rounds, if they are a sum of usual costs.
pub(super) fn spend(units: u64, password: &str) {
    for cost in COSTS {
        if units & work(cost).units != 0 {
            black_box(digest(Scheme::Plain, password, cost, [0; 16]));
        }
    }
}

/// Whether bcrypt distinguishes this password from all others. It repeats its input to 72 bytes, so besides cutting
/// long ones, it takes "x", NUL, "x" for "x".
fn fits(password: &str) -> bool {
    password.len() <= MAX_BYTES && !password.contains('\0')
}

fn digest(scheme: Scheme, password: &str, cost: u32, salt: [u8; 16]) -> [u8; 23] {
    let mut input = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
    match scheme {
        Scheme::Plain => input.extend(password.bytes().take(MAX_BYTES)),
        Scheme::Prehashed => input.extend(signed(hmac::HMAC_SHA256, BCRYPT.encode(salt).as_bytes(), password).bytes()),
        Scheme::WordPress => input.extend(signed(hmac::HMAC_SHA384, b"wp-sha384", password).bytes()),
        Scheme::Sha256 => input.extend(Zeroizing::new(STANDARD.encode(hashed(password))).bytes()),
        Scheme::HexSha256 => input.extend(hashed(password).as_ref().iter().flat_map(|byte| hex_digits(*byte))),
    }
    input.push(0);
    count(work(cost));
    let [digest @ .., _unused] = bcrypt::bcrypt(cost, salt, &input);
    digest
}

fn signed(algorithm: hmac::Algorithm, key: &[u8], password: &str) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(hmac::sign(&hmac::Key::new(algorithm, key), password.as_bytes())))
}

fn hashed(password: &str) -> digest::Digest {
    digest::digest(&SHA256, password.as_bytes())
}

fn bounded_cost(text: &str) -> Result<u32, HashFault> {
    bounded(text, *COSTS.start(), *COSTS.end())
}

fn decoded<const N: usize>(text: &str) -> Result<[u8; N], HashFault> {
    match BCRYPT.decode(text).map(<[u8; N]>::try_from) {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) | Err(_) => Err(HashFault::Malformed),
    }
}
