//! SHA-crypt, the `$5$` and `$6$` of `/etc/shadow`.

use std::hint::black_box;

use auth_domain::passwords::ports::HashFault;
use aws_lc_rs::constant_time;
use sha_crypt::{Params, sha256_crypt, sha512_crypt};
use zeroize::Zeroizing;

use super::{
    count,
    text::{bounded, crypt64, is_crypt64},
};
use crate::hashing::work::{Kind, Work};

/// Where a hash names none.
const DEFAULT_ROUNDS: u32 = 5000;
const MAX_ROUNDS: u32 = 5_000_000;

/// What crypt uses of a salt, and so what it writes.
const MAX_SALT: usize = 16;

#[derive(Debug)]
pub(crate) struct Crypt {
    function: Function,
    rounds: u32,
    salt: String,
    expected: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Sha256,
    Sha512,
}

impl Crypt {
    /// `None` where the hash is of another family.
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashFault>> {
        [("$5$", Function::Sha256), ("$6$", Function::Sha512)]
            .into_iter()
            .find_map(|(prefix, function)| text.strip_prefix(prefix).map(|rest| Self::split(function, rest)))
    }

    fn split(function: Function, rest: &str) -> Result<Self, HashFault> {
        let (rounds, rest) = match rest.strip_prefix("rounds=") {
            None => (DEFAULT_ROUNDS, rest),
            Some(rest) => {
                let (rounds, rest) = rest.split_once('$').ok_or(HashFault::Malformed)?;
                (bounded(rounds, Params::ROUNDS_MIN, MAX_ROUNDS)?, rest)
            }
        };
        let (salt, expected) = rest.split_once('$').ok_or(HashFault::Malformed)?;
        let is_whole = salt.len() <= MAX_SALT
            && salt.bytes().all(|byte| byte.is_ascii_graphic())
            && expected.len() == function.letters()
            && is_crypt64(expected);
        let stored = Self { function, rounds, salt: salt.to_owned(), expected: expected.to_owned() };
        if is_whole { Ok(stored) } else { Err(HashFault::Malformed) }
    }

    pub(super) fn work(&self) -> Work {
        Work { kind: self.function.kind(), units: self.rounds.into() }
    }

    pub(super) fn matches(&self, password: &str) -> bool {
        let digest = digest(self.function, password, &self.salt, self.rounds);
        let found = crypt64(self.function.order().filter_map(|at| digest.get(at).copied()));
        constant_time::verify_slices_are_equal(found.as_bytes(), self.expected.as_bytes()).is_ok()
    }
}

impl Function {
    const fn kind(self) -> Kind {
        match self {
            Self::Sha256 => Kind::Sha256Crypt,
            Self::Sha512 => Kind::Sha512Crypt,
        }
    }

    const fn letters(self) -> usize {
        match self {
            Self::Sha256 => 43,
            Self::Sha512 => 86,
        }
    }

    /// In which order crypt writes the bytes of the digest: in threes, each a third of it apart, each three turned by one against the
    /// last, and at the end what is left.
    fn order(self) -> impl Iterator<Item = usize> {
        let (third, turn, rest): (usize, usize, &[usize]) = match self {
            Self::Sha256 => (10, 2, &[30, 31]),
            Self::Sha512 => (21, 1, &[63]),
        };
        let threes = (0..third).flat_map(move |step| (0..3).map(move |place| (2 - place + step * turn) % 3 * third + step));
        threes.chain(rest.iter().copied())
    }
}

fn digest(function: Function, password: &str, salt: &str, rounds: u32) -> Zeroizing<Vec<u8>> {
    count(Work { kind: function.kind(), units: rounds.into() });
    // Below the least there is no hash, so this much is always computed.
    let rounds = Params::new(rounds.max(Params::ROUNDS_MIN)).unwrap_or_default();
    let (password, salt) = (password.as_bytes(), salt.as_bytes());
    Zeroizing::new(match function {
        Function::Sha256 => sha256_crypt(password, salt, rounds).to_vec(),
        Function::Sha512 => sha512_crypt(password, salt, rounds).to_vec(),
    })
}

/// Takes as long as so many rounds, or as the least there are.
pub(super) fn spend(function: Function, units: u64, password: &str) {
    if let Ok(rounds @ 1..) = u32::try_from(units) {
        black_box(digest(function, password, "", rounds));
    }
}
