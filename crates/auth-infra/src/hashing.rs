//! Password hashing with bcrypt, on threads of its own. `stored` has the forms of hashes, ours and other systems'; `work` what a "no"
//! costs; `load` and `pool` decide who waits.
//!
//! Time must not tell which addresses have an account, nor where it comes from. What one kind of hash takes cannot be expressed in
//! another, since that depends on the machine. So every verification does the same work of every kind: one hash as new ones are, and
//! one of each kind that an account that was tried in the last day has, as costly as the costliest of these. The hash at hand, if
//! there is one, is part of that work; the rest is computed and thrown away. Only the first attempt at a kind that was not met for a
//! day takes longer than one at an unknown address: from then on, both take as long. While accounts of another system are in use, this
//! costs every login one hash more; a day after the last of them was tried, it costs nothing again.

mod load;
mod pool;
mod stored;
mod work;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use auth_domain::{
    identity::{password_hash::PasswordHash, port_error::PortError},
    passwords::{
        policy::{NewPassword, PasswordAttempt},
        ports::{Admission, HashFault, PasswordHasher},
    },
};
use parking_lot::Mutex;
use prometheus::Registry;

use self::{
    load::Load,
    pool::HashPool,
    stored::{COSTS, StoredHash},
    work::Usual,
};
use crate::system::random;

/// Hashes and verifies. Nothing slow runs on the caller's thread.
pub struct BcryptHasher {
    cost: u32,
    usual: Mutex<Usual>,
    pool: HashPool,
}

pub struct HasherOptions {
    /// The cost of new hashes: the logarithm of the rounds.
    pub cost: u32,
    /// The number of hashing threads.
    pub workers: usize,
    /// The longest wait for a thread; requests that would wait longer are refused.
    pub max_wait: Duration,
}

impl BcryptHasher {
    /// Starts the threads. Hashes nothing, so it returns at once.
    ///
    /// # Errors
    /// The options make no sense, or a thread cannot be started.
    pub fn start(options: HasherOptions) -> Result<Self, PortError> {
        let HasherOptions { cost, workers, max_wait } = options;
        let threads = u32::try_from(workers).unwrap_or(u32::MAX);
        if !COSTS.contains(&cost) || threads == 0 {
            return Err(PortError::Internal(format!("bcrypt of cost {cost} on {workers} threads is not possible")));
        }
        let pool = HashPool::start(workers, Load::new(cost, threads, max_wait))
            .map_err(|fault| PortError::Unavailable(format!("no thread to hash passwords: {fault}")))?;
        Ok(Self { cost, usual: Mutex::new(Usual::new(stored::new_work(cost))), pool })
    }

    /// Registers the metrics of the threads.
    ///
    /// # Errors
    /// The registry has such metrics already.
    pub fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        self.pool.register(registry)
    }
}

#[async_trait]
impl PasswordHasher for BcryptHasher {
    fn admit(&self) -> Result<Admission, PortError> {
        Ok(Admission::holding(self.pool.admit()?))
    }

    async fn hash(&self, place: Admission, password: NewPassword) -> Result<PasswordHash, PortError> {
        let cost = self.cost;
        let text = self.pool.run(place, move || StoredHash::of(password.expose(), cost, random())).await?;
        Ok(PasswordHash::new(text))
    }

    async fn verify<'a>(
        &self,
        place: Admission,
        attempt: PasswordAttempt,
        hash: Option<&'a PasswordHash>,
    ) -> Result<bool, PortError> {
        let stored = hash.map(|hash| StoredHash::parse(hash.expose())).transpose();
        let stored = stored.map_err(|fault| PortError::Corrupt(format!("a stored password hash: {fault}")))?;
        let work = self.usual.lock().meet(stored.as_ref().map(StoredHash::work), Instant::now());
        self.pool.run(place, move || stored::verify(stored.as_ref(), &attempt, &work)).await
    }

    fn fault(&self, hash: &PasswordHash) -> Option<HashFault> {
        StoredHash::parse(hash.expose()).err()
    }

    fn is_outdated(&self, hash: &PasswordHash) -> bool {
        // A hash that cannot be read was never verified, so there is nothing to replace.
        StoredHash::parse(hash.expose()).is_ok_and(|stored| stored.is_outdated(self.cost))
    }
}

#[cfg(test)]
mod tests;
