//! Failed attempts and known networks in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, count};
use crate::{
    attempts::{Failures, Standing},
    email::Email,
    origin::Network,
    ports::{AttemptStore, PortError},
};

#[async_trait]
impl AttemptStore for MemoryStore {
    async fn standing(&self, account: &Email, network: Option<Network>) -> Result<Option<Standing>, PortError> {
        let state = self.open()?;
        let user = state.users.values().find(|user| user.email == *account).map(|user| user.id);
        let network_seen_at = user.zip(network).and_then(|key| state.networks.get(&key).copied());
        Ok(state.failures.get(account).map(|failures| Standing { failures: *failures, network_seen_at }))
    }

    async fn advance(&self, account: &Email, from: Option<Failures>, next: Failures) -> Result<bool, PortError> {
        let mut state = self.open()?;
        if state.failures.get(account).copied() != from {
            return Ok(false);
        }
        state.failures.insert(account.clone(), next);
        Ok(true)
    }

    async fn forgive(&self, account: &Email) -> Result<(), PortError> {
        let mut state = self.open()?;
        if let Some(failures) = state.failures.get_mut(account) {
            failures.count = failures.count.saturating_sub(1);
        }
        Ok(())
    }

    async fn prune(&self, failed: DateTime<Utc>, seen: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let mut state = self.open()?;
        let accounts =
            state.failures.iter().filter(|(_, failures)| failures.last_at < failed).map(|(account, _)| account.clone());
        let accounts: Vec<_> = accounts.take(count(limit)).collect();
        let networks: Vec<_> =
            state.networks.iter().filter(|(_, at)| **at < seen).map(|(key, _)| *key).take(count(limit)).collect();
        let forgotten = accounts.iter().filter(|account| state.failures.remove(account).is_some()).count();
        Ok(forgotten + networks.iter().filter(|key| state.networks.remove(key).is_some()).count())
    }
}
