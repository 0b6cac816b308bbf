//! Which loads run, in which order, and what each is measured against.

mod admin;
mod beside;
mod data;
mod import;
mod mail;
mod passkeys;
mod process;
mod refused;
mod shared;
mod size;

use std::{fs, path::PathBuf, time::Duration};

use anyhow::Result;
use clap::ValueEnum;
use tempfile::TempDir;

use crate::{
    Options, Part,
    engine::{Engine, Scratch},
    limits,
    load::Outcome,
    parts::{self, CLIENTS, span},
    report::{Aim::AtLeast, Row, table},
    seed::seed,
    server::{self, Running},
    wrk,
};

/// A hash takes a quarter of a second: in less time than this, a single hash changes the rate by about one per cent.
const LOGIN_SECONDS: u64 = 15;

/// How long a queue of 64 logins takes to fill and settle.
const SETTLE: u64 = 8;

struct Plan<'a> {
    options: &'a Options,
    program: PathBuf,
    rows: Vec<Row>,
    floor: f64,
    /// The same with the headers of every answer.
    dressed: f64,
    bcrypt: f64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    fs::create_dir_all(&options.folder)?;
    let program = options.server.clone().map_or_else(server::build, Ok)?.canonicalize()?;
    let mut plan = Plan { options, program, rows: Vec::new(), floor: f64::NAN, dressed: f64::NAN, bcrypt: f64::NAN };
    let engines = if options.engines.is_empty() { Engine::value_variants() } else { &options.engines };
    plan.limits()?;
    for engine in engines {
        plan.engine(*engine)?;
    }
    println!("\n{}", table(&plan.rows));
    Ok(())
}

impl Plan<'_> {
    fn wants(&self, part: Part) -> bool {
        if self.options.only.is_empty() {
            !matches!(part, Part::Big | Part::Admin | Part::Import | Part::Size) || self.options.full
        } else {
            self.options.only.contains(&part)
        }
    }

    fn wants_any(&self, parts: &[Part]) -> bool {
        parts.iter().any(|part| self.wants(*part))
    }

    /// Also prints the row at once, since a run takes minutes.
    fn add(&mut self, row: Row) {
        eprint!("{}", table(std::slice::from_ref(&row)).lines().last().map(|line| format!("{line}\n")).unwrap_or_default());
        self.rows.push(row);
    }

    fn limits(&mut self) -> Result<()> {
        let (clients, seconds) = (self.options.clients, self.options.seconds);
        if self.wants_any(&[Part::Health, Part::Me]) {
            let floor = server::floor(None)?;
            let outcome = floor.drive("/health", clients, seconds, None)?;
            self.floor = outcome.rate;
            self.add(Row::rate("floor: bare actix-web, JSON", clients, outcome));
            let outcome = floor.drive("/dressed/health", clients, seconds, None)?;
            self.dressed = outcome.rate;
            self.add(Row::rate("limit: bare actix-web, JSON, the headers of every answer", clients, outcome));
        }
        Ok(())
    }

    fn filled(&self, scratch: Scratch, accounts: u64) -> Result<Scratch> {
        server::migrate(&self.program, &scratch)?;
        eprintln!("filling {} with {accounts} accounts", scratch.engine.name());
        seed(&scratch, accounts)?;
        Ok(scratch)
    }

    fn engine(&mut self, engine: Engine) -> Result<()> {
        if self.wants(Part::Import) {
            self.import(engine)?;
        }
        if self.wants(Part::Size) {
            self.size(engine)?;
        }
        // These have databases of their own.
        let alone = |part: &Part| matches!(part, Part::Import | Part::Size);
        if !self.options.only.is_empty() && self.options.only.iter().all(alone) {
            return Ok(());
        }
        let accounts = self.options.accounts;
        let scratch = self.filled(Scratch::new(engine, "few", &self.options.folder)?, accounts)?;
        let folder = TempDir::new_in(&self.options.folder)?;
        let tokens = wrk::tokens(folder.path(), accounts)?;
        if self.wants(Part::Process) {
            self.process(&scratch, &tokens)?;
        }
        let server = server::server(&self.program, &scratch)?;
        if self.wants(Part::Health) && engine == Engine::Sqlite {
            let outcome = server.drive("/health", self.options.clients, self.options.seconds, None)?;
            let (bare, dressed) = (outcome.rate / self.floor, outcome.rate / self.dressed);
            let row = Row::rate("GET /health", self.options.clients, outcome).per(bare, "floor", Some(AtLeast(0.90)));
            self.add(row.per(dressed, "bare with headers", None));
        }
        let few = self.few(&scratch, &server, &tokens)?;
        self.passwords(&scratch, &server, &tokens)?;
        drop(server);
        if self.wants(Part::Shared) {
            self.shared(&scratch, &tokens)?;
        }
        if self.wants(Part::Mail) {
            self.mail(&scratch, &tokens)?;
        }
        if self.wants(Part::Passkeys) {
            self.passkeys(&scratch)?;
        }
        if self.wants(Part::Admin) {
            self.admin(&scratch)?;
        }
        drop(scratch);
        if self.wants(Part::Big) {
            self.many(engine, few)?;
        }
        Ok(())
    }

    fn passwords(&mut self, scratch: &Scratch, server: &Running, tokens: &std::path::Path) -> Result<()> {
        let name = scratch.engine.name();
        let Options { seconds, accounts, .. } = *self.options;
        if self.wants_any(&[Part::Login8, Part::Login64, Part::Register, Part::Beside]) {
            // Just before the loads compared with it: core clocks drift by more than the aims allow.
            self.bcrypt = limits::bcrypt(Duration::from_secs(seconds.max(LOGIN_SECONDS)))?;
            let outcome = Outcome { rate: self.bcrypt, ..Outcome::default() };
            self.add(Row::rate("limit: bcrypt on all cores", limits::cores(), outcome));
        }
        for (part, clients, warm_up, aim) in [(Part::Login8, 8, 2, 0.97), (Part::Login64, 64, SETTLE, 0.95)] {
            if self.wants(part) {
                let outcome = parts::login(server, clients, accounts, span(warm_up, seconds.max(LOGIN_SECONDS)))?;
                let ratio = outcome.rate / self.bcrypt;
                self.add(Row::rate(format!("POST /auth/login, {name}"), clients, outcome).per(
                    ratio,
                    "bcrypt",
                    Some(AtLeast(aim)),
                ));
            }
        }
        if self.wants(Part::Register) {
            let outcome = parts::register(server, 0, CLIENTS, span(2, seconds.max(10)))?;
            let ratio = outcome.rate / self.bcrypt;
            self.add(Row::rate(format!("POST /auth/register, {name}"), CLIENTS, outcome).per(ratio, "bcrypt", None));
        }
        if self.wants(Part::Beside) {
            self.beside(scratch, server, tokens)?;
        }
        if self.wants(Part::Refused) {
            self.refused(scratch)?;
        }
        Ok(())
    }
}
