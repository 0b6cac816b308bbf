//! phpass, as WordPress stores it (MD5), and Drupal's (SHA-512): a hash of the last hash and the password, over and over.

use std::hint::black_box;

use auth_domain::passwords::ports::HashFault;
use aws_lc_rs::{
    constant_time,
    digest::{SHA512, digest},
};
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::{
    count,
    text::{crypt64, crypt64_value, is_crypt64},
};
use crate::hashing::work::{Kind, Work};

/// The logarithms of the iterations that phpass makes; it knows more than we compute.
const MIN_LOG2: u32 = 7;
const MAX_LOG2: u32 = 20;

/// In letters.
const SALT: usize = 8;
const MD5: usize = 22;
/// Drupal cuts its hashes to 55 characters, prefix, cost and salt included.
const DRUPAL: usize = 43;

#[derive(Debug)]
pub(crate) struct Phpass {
    function: Function,
    log2: u32,
    salt: String,
    expected: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Md5,
    Sha512,
}

impl Phpass {
    /// `None` where the hash is of another family.
    pub(super) fn parse(text: &str) -> Option<Result<Self, HashFault>> {
        [("$P$", Function::Md5), ("$S$", Function::Sha512)]
            .into_iter()
            .find_map(|(prefix, function)| text.strip_prefix(prefix).map(|rest| Self::split(function, rest)))
    }

    fn split(function: Function, rest: &str) -> Result<Self, HashFault> {
        let length = match function {
            Function::Md5 => MD5,
            Function::Sha512 => DRUPAL,
        };
        if !is_crypt64(rest) || rest.len() != 1 + SALT + length {
            return Err(HashFault::Malformed);
        }
        let (cost, rest) = rest.split_at_checked(1).ok_or(HashFault::Malformed)?;
        let (salt, expected) = rest.split_at_checked(SALT).ok_or(HashFault::Malformed)?;
        let log2 = cost.bytes().next().and_then(crypt64_value).ok_or(HashFault::Malformed)?;
        match log2 {
            ..MIN_LOG2 => Err(HashFault::Malformed),
            MIN_LOG2..=MAX_LOG2 => Ok(Self { function, log2, salt: salt.to_owned(), expected: expected.to_owned() }),
            _ => Err(HashFault::TooCostly),
        }
    }

    pub(super) fn work(&self) -> Work {
        Work { kind: self.function.kind(), units: 1 << self.log2 }
    }

    pub(super) fn matches(&self, password: &str) -> bool {
        let found = crypt64(iterated(self.function, &self.salt, self.work().units, password).iter().copied());
        // Of Drupal's, the end was cut.
        let found = found.as_bytes().get(..self.expected.len()).unwrap_or_default();
        constant_time::verify_slices_are_equal(found, self.expected.as_bytes()).is_ok()
    }
}

impl Function {
    const fn kind(self) -> Kind {
        match self {
            Self::Md5 => Kind::Phpass,
            Self::Sha512 => Kind::Drupal,
        }
    }
}

fn iterated(function: Function, salt: &str, iterations: u64, password: &str) -> Zeroizing<Vec<u8>> {
    count(Work { kind: function.kind(), units: iterations });
    let mut state = Zeroizing::new(salt.as_bytes().to_vec());
    // The first is of the salt and does not count.
    for _ in 0..=iterations {
        state = Zeroizing::new(match function {
            Function::Md5 => Md5::new().chain_update(&*state).chain_update(password).finalize().to_vec(),
            Function::Sha512 => {
                let mut input = state;
                input.extend_from_slice(password.as_bytes());
                digest(&SHA512, &input).as_ref().to_vec()
            }
        });
    }
    state
}

/// Takes as long as so many iterations.
pub(super) fn spend(function: Function, units: u64, password: &str) {
    if units > 0 {
        black_box(iterated(function, "", units, password));
    }
}
