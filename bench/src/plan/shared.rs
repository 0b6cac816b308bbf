//! What it costs `me` that all servers share their budgets, with the store on the same cores.

use std::path::Path;

use anyhow::Result;

use super::Plan;
use crate::{
    Options,
    engine::Scratch,
    report::{Aim, Row, median},
    server,
    store::Store,
};

/// Rates of one moment are compared, in turns: core clocks drift. The median counts.
const ROUNDS: usize = 5;

impl Plan<'_> {
    pub(super) fn shared(&mut self, scratch: &Scratch, tokens: &Path) -> Result<()> {
        let Options { clients, seconds, .. } = *self.options;
        let name = scratch.engine.name();
        let store = Store::start()?;
        let alone = server::server(&self.program, scratch)?;
        let shared = server::server_with_shared_budgets(&self.program, scratch, &store)?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let without = alone.drive("/auth/me", clients, seconds, Some(tokens))?;
            let before = store.counted()?;
            let with = shared.drive("/auth/me", clients, seconds, Some(tokens))?;
            let asked = f64::from(u32::try_from(store.counted()? - before)?);
            let trips = asked / f64::from(with.answers);
            rounds.push((with.rate / without.rate, trips, without, with));
        }
        let ((ratio, trips, without, with), ratios) = median(rounds, |round| round.0);
        self.add(Row::rate(format!("GET /auth/me, {name}, this server counts"), clients, without));
        let row = Row::rate(format!("GET /auth/me, {name}, budgets shared in Redis"), clients, with);
        let row = row.per(ratio, format!("without (rounds: {ratios})"), Some(Aim::AtLeast(0.7)));
        self.add(row.per(trips, "round trip a request", Some(Aim::Between(0.99, 1.01))));
        Ok(())
    }
}
