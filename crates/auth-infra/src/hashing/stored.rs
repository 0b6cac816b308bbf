//! The forms of stored password hashes, ours and other systems', and how they are computed. Slow and pure: this runs on the hashing
//! threads. A form that costs too much is refused when it is read, never computed.

mod bcrypt;
mod crypt;
mod pbkdf2;
mod phpass;
mod scrypt;
mod text;

use auth_domain::passwords::{policy::PasswordAttempt, ports::HashFault};

pub(crate) use self::bcrypt::COSTS;
use self::{bcrypt::Bcrypt, crypt::Crypt, pbkdf2::Pbkdf2, phpass::Phpass, scrypt::Scrypt};
use super::work::{Kind, Work};

/// The longest text of a hash, in bytes: as long as the column is where it has a length.
const MAX_TEXT: usize = 1024;

/// A hash that was read.
#[derive(Debug)]
pub(crate) enum StoredHash {
    Bcrypt(Bcrypt),
    Pbkdf2(Pbkdf2),
    Scrypt(Scrypt),
    Phpass(Phpass),
    Crypt(Crypt),
}

impl StoredHash {
    pub(crate) fn parse(text: &str) -> Result<Self, HashFault> {
        if text.len() > MAX_TEXT {
            return Err(HashFault::Malformed);
        }
        if is_argon2(text) {
            return Err(HashFault::Argon2);
        }
        // Each family has prefixes of its own, so at most one answers.
        Bcrypt::parse(text)
            .map(|parsed| parsed.map(Self::Bcrypt))
            .or_else(|| Some(Pbkdf2::parse(text)?.map(Self::Pbkdf2)))
            .or_else(|| Some(Scrypt::parse(text)?.map(Self::Scrypt)))
            .or_else(|| Some(Phpass::parse(text)?.map(Self::Phpass)))
            .or_else(|| Some(Crypt::parse(text)?.map(Self::Crypt)))
            .unwrap_or(Err(HashFault::Unknown))
    }

    /// Hashes a new password.
    pub(crate) fn of(password: &str, cost: u32, salt: [u8; 16]) -> String {
        Bcrypt::of(password, cost, salt).to_text()
    }

    /// Whether new hashes are better: of a higher cost than this, or this one is of another system.
    pub(crate) fn is_outdated(&self, cost: u32) -> bool {
        match self {
            Self::Bcrypt(ours) => ours.is_outdated(cost),
            Self::Pbkdf2(_) | Self::Scrypt(_) | Self::Phpass(_) | Self::Crypt(_) => true,
        }
    }

    /// What it takes to try a password.
    pub(crate) fn work(&self) -> Work {
        match self {
            Self::Bcrypt(hash) => hash.work(),
            Self::Pbkdf2(hash) => hash.work(),
            Self::Scrypt(hash) => hash.work(),
            Self::Phpass(hash) => hash.work(),
            Self::Crypt(hash) => hash.work(),
        }
    }

    fn matches(&self, password: &str) -> bool {
        match self {
            Self::Bcrypt(hash) => hash.matches(password),
            Self::Pbkdf2(hash) => hash.matches(password),
            Self::Scrypt(hash) => hash.matches(password),
            Self::Phpass(hash) => hash.matches(password),
            Self::Crypt(hash) => hash.matches(password),
        }
    }
}

/// What hashing a new password takes.
pub(crate) const fn new_work(cost: u32) -> Work {
    bcrypt::work(cost)
}

/// Whether a form of the attempt has this hash. All the work is done, right or wrong, hash or none: or the time would tell which
/// accounts there are, and where they come from.
pub(crate) fn verify(stored: Option<&StoredHash>, attempt: &PasswordAttempt, all: &[Work]) -> bool {
    let is_possible = attempt.is_possible();
    // All forms are tried, since only a "no" may say how long it took.
    attempt.forms().fold(false, |found, form| {
        // Some hashes take longer for longer texts, so what no password can be is not even hashed.
        let form = if is_possible { form } else { "" };
        let matches = stored.is_some_and(|stored| stored.matches(form));
        for work in all {
            spend(work.after(stored.map(StoredHash::work)), form);
        }
        found | (matches && is_possible)
    })
}

fn spend(Work { kind, units }: Work, password: &str) {
    match kind {
        Kind::Bcrypt => bcrypt::spend(units, password),
        Kind::Pbkdf2(prf) => pbkdf2::spend(prf, units, password),
        Kind::Scrypt { log_n } => scrypt::spend(log_n, units, password),
        Kind::Phpass => phpass::spend(phpass::Function::Md5, units, password),
        Kind::Drupal => phpass::spend(phpass::Function::Sha512, units, password),
        Kind::Sha256Crypt => crypt::spend(crypt::Function::Sha256, units, password),
        Kind::Sha512Crypt => crypt::spend(crypt::Function::Sha512, units, password),
    }
}

/// By itself, in Django's form, or in Keycloak's.
fn is_argon2(text: &str) -> bool {
    ["$argon2", "argon2", "keycloak$argon2"].into_iter().any(|prefix| text.starts_with(prefix))
}

/// Tells tests what is about to be computed.
#[cfg(test)]
fn count(work: Work) {
    super::tests::work::count(work);
}

#[cfg(not(test))]
const fn count(_work: Work) {}
