//! The audit trail in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, count};
use crate::{
    audit::{
        entry::{Entry, Filter},
        ports::AuditStore,
    },
    identity::port_error::PortError,
};

#[async_trait]
impl AuditStore for MemoryStore {
    async fn append(&self, entries: &[Entry]) -> Result<(), PortError> {
        let mut state = self.open()?;
        for entry in entries {
            state.entries.entry(entry.id).or_insert_with(|| entry.clone());
        }
        Ok(())
    }

    async fn list(&self, filter: &Filter) -> Result<Vec<Entry>, PortError> {
        let state = self.open()?;
        let mut found: Vec<_> = state.entries.values().filter(|entry| filter.lets_pass(entry)).cloned().collect();
        found.sort_by_key(|entry| std::cmp::Reverse(entry.place()));
        found.truncate(count(filter.limit));
        Ok(found)
    }

    async fn prune(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let mut state = self.open()?;
        let mut old: Vec<_> = state.entries.values().map(Entry::place).filter(|place| place.at < cutoff).collect();
        old.sort_unstable();
        old.truncate(count(limit));
        Ok(old.iter().filter(|place| state.entries.remove(&place.id).is_some()).count())
    }
}
