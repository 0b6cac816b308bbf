//! scrypt, as Django and Werkzeug write it, and Firebase's, whose key encrypts the project's own.

use std::hint::black_box;

use auth_domain::passwords::ports::HashFault;
use aws_lc_rs::{
    cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey},
    constant_time, iv,
};
use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::{
    count,
    text::{base64, bounded, fields, hex, number, salt},
};
use crate::hashing::work::{Kind, Work};

/// The largest table: 128 N r bytes.
const MAX_MEMORY: u64 = 128 << 20;
/// The most work: N r p.
const MAX_WORK: u64 = 1 << 24;
/// What is mixed has 128 r p bytes: no more than 16 MiB, however small the table is.
const MAX_PASSES: u64 = 1 << 17;

/// The keys of Django and Werkzeug.
const KEY: usize = 64;
/// The keys that Firebase encrypts: one of a project has 64 bytes.
const SIGNER_KEYS: std::ops::RangeInclusive<usize> = 32..=128;

/// The tables are large, so there is one at a time, however many threads hash.
static TABLE: Mutex<()> = Mutex::new(());

#[derive(Debug)]
pub(crate) struct Scrypt {
    parameters: Parameters,
    salt: Vec<u8>,
    expected: Vec<u8>,
    /// What the derived key encrypts; `None` where the key itself is stored.
    signer_key: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy)]
struct Parameters {
    log_n: u8,
    r: u32,
    p: u32,
}

impl Scrypt {
    /// `None` where the hash is of another family.
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashFault>> {
        if let Some(rest) = text.strip_prefix("scrypt$") {
            return Some(Self::django(rest));
        }
        if let Some(rest) = text.strip_prefix("scrypt:") {
            return Some(Self::werkzeug(rest));
        }
        Some(Self::firebase(text.strip_prefix("$fbscrypt$v=1,")?))
    }

    fn django(rest: &str) -> Result<Self, HashFault> {
        let [n, salt, r, p, key] = fields(rest, '$')?;
        Self::plain(Parameters::new(log2(n)?, r, p)?, salt, base64(key)?)
    }

    fn werkzeug(rest: &str) -> Result<Self, HashFault> {
        let [parameters, salt, key] = fields(rest, '$')?;
        let [n, r, p] = fields(parameters, ':')?;
        Self::plain(Parameters::new(log2(n)?, r, p)?, salt, hex(key)?)
    }

    fn plain(parameters: Parameters, salt_text: &str, expected: Vec<u8>) -> Result<Self, HashFault> {
        let salt = salt(salt_text)?;
        if expected.len() == KEY { Ok(Self { parameters, salt, expected, signer_key: None }) } else { Err(HashFault::Malformed) }
    }

    /// The form that Supabase's GoTrue gave it: `n=14,r=8,p=1,ss=…,sk=…$salt$hash`, where `n` is the memory cost, `r` are the rounds, and
    /// `ss` and `sk` the project's salt separator and signer key.
    fn firebase(rest: &str) -> Result<Self, HashFault> {
        let [parameters, salt_text, expected] = fields(rest, '$')?;
        let [n, r, p, separator, key] = fields(parameters, ',')?;
        let named = |field: &'_ str, name| field.strip_prefix(name).map(str::to_owned).ok_or(HashFault::Malformed);
        let log_n = u8::try_from(bounded(&named(n, "n=")?, 1, 20)?).map_err(|_large| HashFault::TooCostly)?;
        let parameters = Parameters::new(log_n, &named(r, "r=")?, &named(p, "p=")?)?;
        let (mut bytes, separator) = (base64(salt_text)?, base64(&named(separator, "ss=")?)?);
        bytes.extend(separator);
        let (salt, expected, key) = (salt(bytes)?, base64(expected)?, base64(&named(key, "sk=")?)?);
        let is_whole = SIGNER_KEYS.contains(&key.len()) && key.len() == expected.len();
        if is_whole { Ok(Self { parameters, salt, expected, signer_key: Some(key) }) } else { Err(HashFault::Malformed) }
    }

    pub(super) fn work(&self) -> Work {
        self.parameters.work()
    }

    pub(super) fn matches(&self, password: &str) -> bool {
        let found = match &self.signer_key {
            None => self.parameters.derive::<KEY>(password, &self.salt).map(|key| Zeroizing::new(key.to_vec())),
            Some(signer_key) => self.parameters.derive::<32>(password, &self.salt).and_then(|key| encrypted(signer_key, &key)),
        };
        found.is_some_and(|found| constant_time::verify_slices_are_equal(&found, &self.expected).is_ok())
    }
}

impl Parameters {
    fn new(log_n: u8, r: &str, p: &str) -> Result<Self, HashFault> {
        let (r, p) = (number(r)?, number(p)?);
        if log_n == 0 || r == 0 || p == 0 {
            return Err(HashFault::Malformed);
        }
        let passes = u64::from(r).saturating_mul(p.into());
        let table = 1_u64.checked_shl(log_n.into()).ok_or(HashFault::TooCostly)?;
        let is_bounded = passes <= MAX_PASSES
            && table.saturating_mul(passes) <= MAX_WORK
            && table.saturating_mul(u64::from(r).saturating_mul(128)) <= MAX_MEMORY;
        if is_bounded { Ok(Self { log_n, r, p }) } else { Err(HashFault::TooCostly) }
    }

    fn work(self) -> Work {
        Work { kind: Kind::Scrypt { log_n: self.log_n }, units: u64::from(self.r).saturating_mul(self.p.into()) }
    }

    /// `None` would be parameters that were never let in.
    fn derive<const N: usize>(self, password: &str, salt: &[u8]) -> Option<Zeroizing<[u8; N]>> {
        count(self.work());
        let Ok(parameters) = scrypt::Params::new(self.log_n, self.r, self.p) else { return None };
        let mut key = Zeroizing::new([0; N]);
        let _one = TABLE.lock();
        scrypt::scrypt(password.as_bytes(), salt, &parameters, &mut *key).is_ok().then_some(key)
    }
}

fn log2(n: &str) -> Result<u8, HashFault> {
    let n = number(n)?;
    if !n.is_power_of_two() || n < 2 {
        return Err(HashFault::Malformed);
    }
    u8::try_from(n.ilog2()).map_err(|_large| HashFault::TooCostly)
}

/// What Firebase stores: AES-256 in counter mode, from zero. The derived key is of this one hash, so no counter comes twice.
fn encrypted(signer_key: &[u8], key: &[u8; 32]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = UnboundCipherKey::new(&AES_256, key).and_then(EncryptingKey::ctr);
    let mut text = Zeroizing::new(signer_key.to_vec());
    let zero = EncryptionContext::Iv128(iv::FixedLength::from([0; 16]));
    let done = cipher.and_then(|cipher| cipher.less_safe_encrypt(&mut text, zero).map(drop));
    done.is_ok().then_some(text)
}

/// Takes as long as so many passes over a table of this size, in the shape that nearly all have: eight blocks at once.
pub(super) fn spend(log_n: u8, units: u64, password: &str) {
    let r = ((MAX_MEMORY / 128) >> log_n).clamp(1, 8);
    for (r, p) in [(r, units / r), (units % r, 1)] {
        let (Ok(r), Ok(p)) = (u32::try_from(r), u32::try_from(p)) else { continue };
        if r > 0 && p > 0 {
            black_box(Parameters { log_n, r, p }.derive::<KEY>(password, &[]));
        }
    }
}
