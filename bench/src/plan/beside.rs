//! `me` while others log in, beside `me` alone.

use std::path::Path;

use anyhow::{Context, Result};

use super::Plan;
use crate::{
    load::Outcome,
    parts::{LOGINS_BESIDE, PACE, PACED_CLIENTS, me_beside, span},
    report::{Aim::AtMost, Row},
    server::Running,
};

/// Some requests in a hundred are decided by whatever else the machine did just then: the middle one of so many counts.
const ROUNDS: usize = 5;

struct Round {
    alone: Outcome,
    beside: Outcome,
    logins: Outcome,
}

impl Round {
    fn ratio(&self) -> f64 {
        self.beside.p99 / self.alone.p99
    }
}

impl Plan<'_> {
    pub(super) fn beside(&mut self, server: &Running, tokens: &Path, name: &str) -> Result<()> {
        let mut rounds = (0..ROUNDS).map(|_| self.round(server, tokens)).collect::<Result<Vec<_>>>()?;
        rounds.sort_by(|one, other| one.ratio().total_cmp(&other.ratio()));
        let ratios: Vec<_> = rounds.iter().map(Round::ratio).collect();
        let (Some(least), Some(most)) = (ratios.first(), ratios.last()) else { return Ok(()) };
        let of = format!("p99 alone, in the middle of {ROUNDS} rounds from {least:.2} to {most:.2}");
        let middle = rounds.swap_remove(ROUNDS / 2);
        let (ratio, share) = (middle.ratio(), middle.logins.rate / self.bcrypt);
        self.add(Row::rate(format!("GET /auth/me at {PACE}/s alone, {name}"), PACED_CLIENTS, middle.alone));
        let row = Row::rate(format!("GET /auth/me at {PACE}/s beside logins, {name}"), PACED_CLIENTS, middle.beside);
        self.add(row.per(ratio, of, Some(AtMost(3.0))));
        self.add(Row::rate(format!("those logins, {name}"), LOGINS_BESIDE, middle.logins).per(share, "bcrypt", None));
        Ok(())
    }

    fn round(&self, server: &Running, tokens: &Path) -> Result<Round> {
        let (accounts, span) = (self.options.accounts, span(3, self.options.seconds.max(10)));
        let (alone, _) = me_beside(server, tokens, accounts, 0, span)?;
        let (beside, logins) = me_beside(server, tokens, accounts, LOGINS_BESIDE, span)?;
        Ok(Round { alone, beside, logins: logins.context("nobody logged in")? })
    }
}
