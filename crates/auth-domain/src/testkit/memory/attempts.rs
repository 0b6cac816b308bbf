//! Failed attempts and known networks in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{MemoryStore, State, count};
use crate::{
    identity::{
        email::Email,
        ids::UserId,
        port_error::PortError,
        request_context::{Network, Subscriber},
    },
    passwords::{
        ports::AttemptStore,
        throttle::{Counted, ThrottleState},
    },
};

impl State {
    fn throttle_state(&self, account: &Email, client: Subscriber) -> ThrottleState {
        let of = |whose| self.failures.get(&(account.clone(), whose)).copied();
        ThrottleState { own: of(Some(client)), all: of(None) }
    }

    fn stand(&mut self, account: &Email, client: Subscriber, standing: ThrottleState) {
        for (whose, failures) in [(Some(client), standing.own), (None, standing.all)] {
            let key = (account.clone(), whose);
            match failures {
                Some(failures) => self.failures.insert(key, failures),
                None => self.failures.remove(&key),
            };
        }
    }
}

#[async_trait]
impl AttemptStore for MemoryStore {
    async fn throttle_state(&self, account: &Email, client: Subscriber) -> Result<ThrottleState, PortError> {
        Ok(self.open()?.throttle_state(account, client))
    }

    async fn count(
        &self,
        account: &Email,
        client: Subscriber,
        from: ThrottleState,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Counted>, PortError> {
        let mut state = self.open()?;
        let before = state.throttle_state(account, client);
        if before.own != from.own || before.all.is_some() != from.all.is_some() {
            return Ok(None);
        }
        let after = before.one_more(limit, now);
        state.stand(account, client, after);
        Ok(Some(Counted { before, after }))
    }

    async fn forgive(&self, account: &Email, client: Subscriber, counted: Counted) -> Result<(), PortError> {
        let mut state = self.open()?;
        let left = state.throttle_state(account, client).without(&counted);
        state.stand(account, client, left);
        Ok(())
    }

    async fn networks(&self, user: UserId) -> Result<Vec<(Network, DateTime<Utc>)>, PortError> {
        let state = self.open()?;
        let mut known: Vec<_> = state.networks.iter().filter(|((owner, _), _)| *owner == user).collect();
        // As texts, as databases do.
        known.sort_by_key(|((_, network), _)| network.to_string());
        Ok(known.into_iter().map(|((_, network), at)| (*network, *at)).collect())
    }

    async fn network_seen_at(&self, user: UserId, network: Network) -> Result<Option<DateTime<Utc>>, PortError> {
        Ok(self.open()?.networks.get(&(user, network)).copied())
    }

    async fn prune(
        &self,
        now: DateTime<Utc>,
        _former: DateTime<Utc>,
        seen: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, PortError> {
        let mut state = self.open()?;
        let forgotten = state.failures.iter().filter(|(_, failures)| failures.forgotten_at < now).map(|(key, _)| key.clone());
        let forgotten: Vec<_> = forgotten.take(count(limit)).collect();
        let networks: Vec<_> =
            state.networks.iter().filter(|(_, at)| **at < seen).map(|(key, _)| *key).take(count(limit)).collect();
        let forgotten = forgotten.iter().filter(|key| state.failures.remove(key).is_some()).count();
        Ok(forgotten + networks.iter().filter(|key| state.networks.remove(key).is_some()).count())
    }
}
