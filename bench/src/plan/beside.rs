//! `me` while others log in, compared with `me` alone; and a bare `me` while another program hashes.

use std::path::Path;

use anyhow::{Context, Result};

use super::Plan;
use crate::{
    engine::Scratch,
    load::Outcome,
    parts::{LOGINS_BESIDE, PACE, PACED_CLIENTS, me_at_a_pace, me_beside_logins, span},
    report::{Aim, Row, median},
    server::{self, Running},
};

/// A 99th percentile depends on what else the machine does just then, so the median of several rounds counts.
const ROUNDS: usize = 3;

struct Round {
    alone: Outcome,
    beside: Outcome,
    logins: Option<Outcome>,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.beside.p99 / self.alone.p99
    }
}

impl Plan<'_> {
    pub(super) fn beside(&mut self, scratch: &Scratch, server: &Running, tokens: &Path) -> Result<()> {
        let (accounts, span) = (self.options.accounts, span(3, self.options.seconds.max(10)));
        let name = scratch.engine.name();
        let bare = server::floor(Some(scratch))?;
        self.rounds(&format!("limit: bare me at {PACE}/s"), name, "hashing on all cores", None, || {
            let alone = me_at_a_pace(&bare, tokens, span)?;
            let _hashing = server::hashing()?;
            Ok(Round { alone, beside: me_at_a_pace(&bare, tokens, span)?, logins: None })
        })?;
        drop(bare);
        let logins = self.rounds(&format!("GET /auth/me at {PACE}/s"), name, "logins", Some(Aim::AtMost(3.0)), || {
            let alone = me_at_a_pace(server, tokens, span)?;
            let (beside, logins) = me_beside_logins(server, tokens, accounts, LOGINS_BESIDE, span)?;
            Ok(Round { alone, beside, logins: Some(logins) })
        })?;
        let logins = logins.context("nobody logged in")?;
        let share = logins.rate / self.bcrypt;
        self.add(Row::rate(format!("those logins, {name}"), LOGINS_BESIDE, logins).per(share, "bcrypt", None));
        Ok(())
    }

    /// The median of the rounds, as two rows.
    fn rounds(
        &mut self,
        measure: &str,
        name: &str,
        beside: &str,
        aim: Option<Aim>,
        round: impl Fn() -> Result<Round>,
    ) -> Result<Option<Outcome>> {
        let (middle, ratios) = median((0..ROUNDS).map(|_| round()).collect::<Result<Vec<_>>>()?, Round::ratio);
        let ratio = middle.ratio();
        self.add(Row::rate(format!("{measure} alone, {name}"), PACED_CLIENTS, middle.alone));
        let row = Row::rate(format!("{measure} beside {beside}, {name}"), PACED_CLIENTS, middle.beside);
        self.add(row.per(ratio, format!("p99 alone (rounds: {ratios})"), aim));
        Ok(middle.logins)
    }
}
