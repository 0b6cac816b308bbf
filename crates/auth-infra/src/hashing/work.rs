//! What hashing costs, counted in units of its kind, and what every "no" costs lately. Arithmetic only.

use std::time::{Duration, Instant};

/// How long a hash that was met counts as usual.
const LATELY: Duration = Duration::from_secs(24 * 60 * 60);

/// Kinds of work that nothing converts into each other: how they compare in time depends on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// In rounds: two to the power of the cost.
    Bcrypt,
    /// In iterations, those of each block of the key.
    Pbkdf2(Prf),
    /// In passes over its 2^`log_n` blocks: `r` times `p`.
    Scrypt {
        log_n: u8,
    },
    /// In iterations of MD5.
    Phpass,
    /// In iterations of SHA-512.
    Drupal,
    /// In rounds.
    Sha256Crypt,
    Sha512Crypt,
}

/// The hash of a PBKDF2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Prf {
    Sha1,
    Sha256,
    Sha512,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) kind: Kind,
    pub(crate) units: u64,
}

/// What has been met lately, at most one of each kind: the costliest.
#[derive(Debug)]
pub(crate) struct Usual {
    new: Work,
    met: Vec<Met>,
}

#[derive(Debug)]
struct Met {
    work: Work,
    at: Instant,
}

impl Work {
    /// What remains of it after `done`.
    pub(crate) fn after(self, done: Option<Self>) -> Self {
        let done = done.filter(|done| done.kind == self.kind).map_or(0, |done| done.units);
        Self { units: self.units.saturating_sub(done), ..self }
    }
}

impl Usual {
    /// As long as nothing costlier is met, `new` is usual: a hash as new ones are.
    pub(crate) fn new(new: Work) -> Self {
        Self { new, met: Vec::new() }
    }

    /// What verifying costs now, whatever the hash is, after meeting one that costs `this`; `None` if there is none.
    pub(crate) fn meet(&mut self, this: Option<Work>, now: Instant) -> Vec<Work> {
        self.met.retain(|met| now.saturating_duration_since(met.at) < LATELY);
        if let Some(work) = this {
            match self.met.iter_mut().find(|met| met.work.kind == work.kind) {
                Some(met) if met.work.units > work.units => {}
                Some(met) => *met = Met { work, at: now },
                None => self.met.push(Met { work, at: now }),
            }
        }
        let (mut new, mut all) = (self.new, Vec::with_capacity(self.met.len() + 1));
        for met in &self.met {
            if met.work.kind == new.kind {
                new.units = new.units.max(met.work.units);
            } else {
                all.push(met.work);
            }
        }
        all.push(new);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn work(kind: Kind, units: u64) -> Work {
        Work { kind, units }
    }

    const NEW: Work = work(Kind::Bcrypt, 4096);
    const DJANGO: Work = work(Kind::Pbkdf2(Prf::Sha256), 1_000_000);

    #[test]
    fn what_was_met_is_paid_for_by_all_until_it_has_not_been_met_for_a_day() {
        let (mut usual, begin) = (Usual::new(NEW), Instant::now());
        let hour = |count: u64| begin + Duration::from_secs(count * 60 * 60);
        assert_eq!(usual.meet(None, begin), [NEW]);
        assert_eq!(usual.meet(Some(NEW), begin), [NEW]);
        assert_eq!(usual.meet(Some(DJANGO), hour(1)), [DJANGO, NEW]);
        assert_eq!(usual.meet(None, hour(24)), [DJANGO, NEW]);
        assert_eq!(usual.meet(Some(NEW), hour(24)), [DJANGO, NEW]);
        assert_eq!(usual.meet(Some(DJANGO), hour(24)), [DJANGO, NEW]);
        assert_eq!(usual.meet(None, hour(47)), [DJANGO, NEW]);
        assert_eq!(usual.meet(None, hour(48)), [NEW]);
    }

    #[test]
    fn of_each_kind_the_costliest_counts() {
        let (mut usual, now) = (Usual::new(NEW), Instant::now());
        let (cheaper, costlier) = (work(DJANGO.kind, 260_000), work(Kind::Bcrypt, 8192));
        let other = work(Kind::Pbkdf2(Prf::Sha1), 1);
        assert_eq!(usual.meet(Some(cheaper), now), [cheaper, NEW]);
        assert_eq!(usual.meet(Some(DJANGO), now), [DJANGO, NEW]);
        assert_eq!(usual.meet(Some(cheaper), now), [DJANGO, NEW]);
        assert_eq!(usual.meet(Some(work(Kind::Bcrypt, 16)), now), [DJANGO, NEW]);
        assert_eq!(usual.meet(Some(costlier), now), [DJANGO, costlier]);
        assert_eq!(usual.meet(Some(other), now), [DJANGO, other, costlier]);
    }

    #[test]
    fn what_is_done_is_not_paid_for_twice() {
        assert_eq!(DJANGO.after(None), DJANGO);
        assert_eq!(DJANGO.after(Some(NEW)), DJANGO);
        assert_eq!(DJANGO.after(Some(work(DJANGO.kind, 1))).units, 999_999);
        assert_eq!(NEW.after(Some(work(NEW.kind, 9000))).units, 0);
    }
}
