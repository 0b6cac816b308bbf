//! `me` and `refresh`, with few accounts and with many, compared with what the databases alone do with as many.

use std::{path::Path, time::Duration};

use anyhow::Result;
use tempfile::TempDir;

use super::Plan;
use crate::{
    Options, Part,
    engine::{Engine, Scratch},
    limits::{self, Script},
    load::Outcome,
    parts::{self, CLIENTS, span},
    report::{Aim::AtLeast, Row},
    roomy::{MEMORY, Roomy},
    seed::rewind,
    server::{self, Running},
    wrk,
};

/// Rates with few accounts, per second.
#[derive(Clone, Copy)]
pub(super) struct Few {
    me: f64,
    /// The least that `me` can be.
    bare: f64,
    /// The statement of `me`, sent by `pgbench`.
    select: f64,
    refresh: f64,
    /// The statement of `refresh` in a loop, on as many connections as help.
    update: f64,
}

/// SQLite has one writer at a time, whatever the number of clients.
fn writers(engine: Engine) -> usize {
    if engine == Engine::Sqlite { 1 } else { CLIENTS }
}

impl Plan<'_> {
    pub(super) fn few(&mut self, scratch: &Scratch, server: &Running, tokens: &Path) -> Result<Few> {
        let mut few = Few { me: f64::NAN, bare: f64::NAN, select: f64::NAN, refresh: f64::NAN, update: f64::NAN };
        if self.wants_any(&[Part::Me, Part::Big]) {
            (few.me, few.bare, few.select) = self.few_me(scratch, server, tokens)?;
        }
        if self.wants_any(&[Part::Refresh, Part::Big]) {
            (few.refresh, few.update) = self.few_refresh(scratch, server)?;
        }
        Ok(few)
    }

    fn few_me(&mut self, scratch: &Scratch, server: &Running, tokens: &Path) -> Result<(f64, f64, f64)> {
        let Options { clients, seconds, accounts, .. } = *self.options;
        let name = scratch.engine.name();
        let bare = server::floor(Some(scratch))?;
        let mut limits = Vec::new();
        for (path, of, measure) in [
            ("/auth/me", "bare me", "limit: bare actix-web, one HMAC, one row"),
            ("/dressed/auth/me", "bare me with headers", "limit: the same, the headers of every answer, a log line"),
        ] {
            let outcome = bare.drive(path, clients, seconds, Some(tokens))?;
            limits.push((of, outcome.rate));
            self.add(Row::rate(format!("{measure}, {name}"), clients, outcome));
        }
        drop(bare);
        let mut select = f64::NAN;
        if scratch.engine == Engine::Postgres {
            let outcome = limits::pgbench(scratch, &Script::OneRow, clients, seconds)?;
            limits.push(("pgbench", outcome.rate));
            self.add(Row::rate("limit: pgbench -S -M prepared", clients, outcome));
            select = self.select(scratch, accounts, "", None)?;
        }
        let outcome = server.drive("/auth/me", clients, seconds, Some(tokens))?;
        let me = outcome.rate;
        let aim = (scratch.engine == Engine::Sqlite).then_some(AtLeast(0.55));
        let mut row = Row::rate(format!("GET /auth/me, {name}"), clients, outcome).per(me / self.floor, "floor", aim);
        for (of, rate) in &limits {
            row = row.per(me / rate, *of, (*of == "pgbench").then_some(AtLeast(0.70)));
        }
        self.add(row);
        let bare_rate = limits.first().map_or(f64::NAN, |(_, rate)| *rate);
        Ok((me, bare_rate, select))
    }

    /// The statement of `me`, sent by `pgbench`, with `accounts` accounts.
    fn select(&mut self, scratch: &Scratch, accounts: u64, place: &str, few: Option<f64>) -> Result<f64> {
        let Options { clients, seconds, .. } = *self.options;
        let outcome = limits::pgbench(scratch, &Script::me(accounts), clients, seconds)?;
        let rate = outcome.rate;
        let row = Row::rate(format!("limit: pgbench, the statement of me, -M prepared{place}"), clients, outcome);
        self.add(few.map(|few| rate / few).into_iter().fold(row, |row, ratio| row.per(ratio, "with few", None)));
        Ok(rate)
    }

    fn few_refresh(&mut self, scratch: &Scratch, server: &Running) -> Result<(f64, f64)> {
        let Options { seconds, accounts, .. } = *self.options;
        let name = scratch.engine.name();
        let one = self.updates(scratch, 1, accounts, "", None)?;
        let most = match writers(scratch.engine) {
            1 => one,
            several => self.updates(scratch, several, accounts, "", None)?,
        };
        let outcome = parts::refresh(server, CLIENTS, accounts, span(1, seconds))?;
        let refresh = outcome.rate;
        let mut row = Row::rate(format!("POST /auth/refresh, {name}"), CLIENTS, outcome);
        row = row.per(refresh / one, "UPDATE by 1", Some(AtLeast(0.80)));
        if writers(scratch.engine) > 1 {
            row = row.per(refresh / most, "UPDATE by 8", None);
        }
        self.add(row);
        rewind(scratch)?;
        Ok((refresh, most))
    }

    /// The statement of `refresh` in a loop, with `accounts` accounts.
    fn updates(&mut self, scratch: &Scratch, by: usize, accounts: u64, place: &str, few: Option<f64>) -> Result<f64> {
        let rate = limits::updates(scratch, by, accounts, Duration::from_secs(self.options.seconds))?;
        let measure = format!("limit: UPDATE in a loop, {}{place}", scratch.engine.name());
        let row = Row::rate(measure, by, Outcome { rate, ..Outcome::default() });
        self.add(few.map(|few| rate / few).into_iter().fold(row, |row, ratio| row.per(ratio, "with few", None)));
        Ok(rate)
    }

    /// With many accounts: on the machine's server, and on one whose memory holds them all.
    pub(super) fn many(&mut self, engine: Engine, few: Few) -> Result<()> {
        let Options { many, ref folder, .. } = *self.options;
        let scratch = self.filled(Scratch::new(engine, "many", folder)?, many)?;
        self.with_many(&scratch, few, &format!(", {many} accounts"))?;
        drop(scratch);
        if engine != Engine::Sqlite {
            let roomy = Roomy::start(engine, folder)?;
            let scratch = self.filled(Scratch::on(engine, roomy.url.clone(), "many", folder)?, many)?;
            self.with_many(&scratch, few, &format!(", {many} accounts, {MEMORY}"))?;
        }
        Ok(())
    }

    fn with_many(&mut self, scratch: &Scratch, few: Few, place: &str) -> Result<()> {
        let Options { clients, seconds, many, .. } = *self.options;
        let folder = TempDir::new_in(&self.options.folder)?;
        let tokens = wrk::tokens(folder.path(), many)?;
        let server = server::server(&self.program, scratch)?;
        let name = scratch.engine.name();
        if scratch.engine == Engine::Postgres {
            self.select(scratch, many, place, Some(few.select))?;
        }
        let bare = server::floor(Some(scratch))?;
        let outcome = bare.drive("/auth/me", clients, seconds, Some(&tokens))?;
        drop(bare);
        let ratio = outcome.rate / few.bare;
        let row = Row::rate(format!("limit: bare actix-web, one HMAC, one row, {name}{place}"), clients, outcome);
        self.add(row.per(ratio, "with few", None));
        let me = server.drive("/auth/me", clients, seconds, Some(&tokens))?;
        let ratio = me.rate / few.me;
        let row = Row::rate(format!("GET /auth/me, {name}{place}"), clients, me);
        self.add(row.per(ratio, "with few", Some(AtLeast(0.90))));
        self.updates(scratch, writers(scratch.engine), many, place, Some(few.update))?;
        let refresh = parts::refresh(&server, CLIENTS, many, span(1, seconds))?;
        let ratio = refresh.rate / few.refresh;
        let row = Row::rate(format!("POST /auth/refresh, {name}{place}"), CLIENTS, refresh);
        self.add(row.per(ratio, "with few", Some(AtLeast(0.90))));
        Ok(())
    }
}
