//! Password hashing with bcrypt, on threads of its own. `stored` has the formats; `load` and `pool` decide who waits.

mod load;
mod pool;
mod stored;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use auth_domain::{
    identity::{password_hash::PasswordHash, port_error::PortError},
    passwords::{
        policy::{NewPassword, PasswordAttempt},
        ports::{Admission, PasswordHasher},
    },
};

use prometheus::Registry;

use self::{
    load::Load,
    pool::HashPool,
    stored::{COSTS, StoredHash},
};
use crate::system::random;

/// Hashes and verifies. Nothing slow runs on the caller's thread.
pub struct BcryptHasher {
    cost: u32,
    decoy: Arc<StoredHash>,
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
        Ok(Self { cost, decoy: Arc::new(StoredHash::decoy(cost, random(), random())), pool })
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
        let text = self.pool.run(place, move || StoredHash::of(password.expose(), cost, random()).to_text()).await?;
        Ok(PasswordHash::new(text))
    }

    async fn verify<'a>(
        &self,
        place: Admission,
        attempt: PasswordAttempt,
        hash: Option<&'a PasswordHash>,
    ) -> Result<bool, PortError> {
        let (stored, exists) = match hash {
            Some(hash) => (Arc::new(StoredHash::parse(hash.expose())?), true),
            None => (Arc::clone(&self.decoy), false),
        };
        let cost = self.cost;
        let matches = self.pool.run(place, move || stored.verifies(&attempt, cost)).await?;
        Ok(matches && exists)
    }

    fn reads(&self, hash: &PasswordHash) -> bool {
        StoredHash::parse(hash.expose()).is_ok()
    }

    fn is_outdated(&self, hash: &PasswordHash) -> bool {
        // A hash that cannot be read was never verified, so there is nothing to replace.
        StoredHash::parse(hash.expose()).is_ok_and(|stored| stored.cost < self.cost)
    }
}

#[cfg(test)]
mod tests;
