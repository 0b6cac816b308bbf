//! Which loads run, in which order, and what each is measured against.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::Result;
use clap::ValueEnum;
use tempfile::TempDir;

use crate::{
    Options, Part,
    engine::{Engine, Scratch},
    limits,
    load::{Outcome, milliseconds},
    parts::{self, LOGINS_BESIDE, PACED_CLIENTS, span},
    report::{
        Aim::{AtLeast, AtMost},
        Row, table,
    },
    seed::{rewind, seed},
    server::{self, Running},
    wrk,
};

/// Clients of `refresh` and `register`.
const CLIENTS: usize = 8;

/// How long a queue of 64 logins takes to fill and to settle.
const SETTLE: u64 = 8;

/// How often a start is timed.
const STARTS: usize = 11;

struct Plan<'a> {
    options: &'a Options,
    program: PathBuf,
    rows: Vec<Row>,
    floor: f64,
    bcrypt: f64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    fs::create_dir_all(&options.folder)?;
    let program = options.server.clone().map_or_else(server::build, Ok)?.canonicalize()?;
    let mut plan = Plan { options, program, rows: Vec::new(), floor: f64::NAN, bcrypt: f64::NAN };
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
        if self.options.only.is_empty() { part != Part::Big || self.options.full } else { self.options.only.contains(&part) }
    }

    fn wants_any(&self, parts: &[Part]) -> bool {
        parts.iter().any(|part| self.wants(*part))
    }

    /// Says it at once as well: a run takes minutes.
    fn add(&mut self, row: Row) {
        eprint!("{}", table(std::slice::from_ref(&row)).lines().last().map(|line| format!("{line}\n")).unwrap_or_default());
        self.rows.push(row);
    }

    fn limits(&mut self) -> Result<()> {
        let (clients, seconds) = (self.options.clients, self.options.seconds);
        if self.wants_any(&[Part::Health, Part::Me]) {
            let floor = server::floor(None)?;
            let outcome = wrk::run(floor.port, "/health", clients, seconds, None)?;
            self.floor = outcome.rate;
            self.add(Row::rate("floor: bare actix-web, JSON", clients, outcome));
        }
        if self.wants_any(&[Part::Login8, Part::Login64, Part::Register, Part::Beside]) {
            let rate = limits::bcrypt(Duration::from_secs(seconds))?;
            self.bcrypt = rate;
            self.add(Row::rate("limit: bcrypt on all cores", limits::cores(), Outcome { rate, ..Outcome::default() }));
        }
        Ok(())
    }

    fn scratch(&self, engine: Engine, label: &str, accounts: u64) -> Result<Scratch> {
        let scratch = Scratch::new(engine, label, &self.options.folder)?;
        server::migrate(&self.program, &scratch)?;
        eprintln!("filling {} with {accounts} accounts", engine.name());
        seed(&scratch, accounts)?;
        Ok(scratch)
    }

    fn engine(&mut self, engine: Engine) -> Result<()> {
        let accounts = self.options.accounts;
        let scratch = self.scratch(engine, "few", accounts)?;
        let folder = TempDir::new_in(&self.options.folder)?;
        let tokens = wrk::tokens(folder.path(), accounts)?;
        let name = engine.name();
        if self.wants(Part::Process) {
            self.process(&scratch, &tokens)?;
        }
        let server = server::server(&self.program, &scratch)?;
        if self.wants(Part::Health) && engine == Engine::Sqlite {
            let outcome = wrk::run(server.port, "/health", self.options.clients, self.options.seconds, None)?;
            let ratio = outcome.rate / self.floor;
            self.add(Row::rate("GET /health", self.options.clients, outcome).per(ratio, "floor", Some(AtLeast(0.90))));
        }
        let (few_me, few_refresh) = self.reads_and_refreshes(&scratch, &server, &tokens, name)?;
        self.passwords(&server, &tokens, name)?;
        drop(server);
        drop(scratch);
        if self.wants(Part::Big) {
            self.big(engine, few_me, few_refresh)?;
        }
        Ok(())
    }

    fn reads_and_refreshes(
        &mut self,
        scratch: &Scratch,
        server: &Running,
        tokens: &std::path::Path,
        name: &str,
    ) -> Result<(f64, f64)> {
        let Options { clients, seconds, accounts, .. } = *self.options;
        let (mut me, mut refresh) = (f64::NAN, f64::NAN);
        if self.wants_any(&[Part::Me, Part::Big]) {
            let limit = match scratch.engine {
                Engine::Postgres => {
                    Some(("pgbench", "limit: pgbench -S -M prepared", limits::pgbench(scratch, clients, seconds)?))
                }
                Engine::Sqlite => {
                    let bare = server::floor(Some(scratch))?;
                    let outcome = wrk::run(bare.port, "/auth/me", clients, seconds, Some(tokens))?;
                    Some(("bare me", "limit: bare actix-web, one HMAC, one row of SQLite", outcome))
                }
                Engine::Mariadb => None,
            };
            let outcome = wrk::run(server.port, "/auth/me", clients, seconds, Some(tokens))?;
            me = outcome.rate;
            let aim = (scratch.engine == Engine::Sqlite).then_some(AtLeast(0.55));
            let mut row = Row::rate(format!("GET /auth/me, {name}"), clients, outcome).per(me / self.floor, "floor", aim);
            if let Some((of, measure, limit)) = limit {
                let aim = (scratch.engine == Engine::Postgres).then_some(AtLeast(0.70));
                row = row.per(me / limit.rate, of, aim);
                self.add(Row::rate(measure, clients, limit));
            }
            self.add(row);
        }
        if self.wants_any(&[Part::Refresh, Part::Big]) {
            let one = limits::updates(scratch, 1, accounts, Duration::from_secs(seconds))?;
            self.add(Row::rate(format!("limit: UPDATE in a loop, {name}"), 1, Outcome { rate: one, ..Outcome::default() }));
            // SQLite has one writer at a time, however many ask.
            let many = match scratch.engine {
                Engine::Sqlite => None,
                Engine::Postgres | Engine::Mariadb => {
                    let rate = limits::updates(scratch, CLIENTS, accounts, Duration::from_secs(seconds))?;
                    self.add(Row::rate(
                        format!("limit: UPDATE in a loop, {name}"),
                        CLIENTS,
                        Outcome { rate, ..Outcome::default() },
                    ));
                    Some(rate)
                }
            };
            let outcome = parts::refresh(server, CLIENTS, accounts, span(1, seconds))?;
            refresh = outcome.rate;
            let mut row = Row::rate(format!("POST /auth/refresh, {name}"), CLIENTS, outcome);
            row = row.per(refresh / one, "UPDATE by 1", Some(AtLeast(0.80)));
            if let Some(many) = many {
                row = row.per(refresh / many, "UPDATE by 8", None);
            }
            self.add(row);
            rewind(scratch)?;
        }
        Ok((me, refresh))
    }

    fn passwords(&mut self, server: &Running, tokens: &std::path::Path, name: &str) -> Result<()> {
        let Options { seconds, accounts, .. } = *self.options;
        for (part, clients, warm_up, aim) in [(Part::Login8, 8, 2, 0.97), (Part::Login64, 64, SETTLE, 0.95)] {
            if self.wants(part) {
                // A hash takes a quarter of a second: in less time than this, one more or less is a per cent.
                let outcome = parts::login(server, clients, accounts, span(warm_up, seconds.max(15)))?;
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
            let span = span(3, seconds.max(10));
            let (alone, _) = parts::me_beside(server, tokens, accounts, 0, span)?;
            let (beside, logins) = parts::me_beside(server, tokens, accounts, LOGINS_BESIDE, span)?;
            let ratio = beside.p99 / alone.p99;
            self.add(Row::rate(format!("GET /auth/me at {}/s alone, {name}", parts::PACE), PACED_CLIENTS, alone));
            let row = Row::rate(format!("GET /auth/me at {}/s beside logins, {name}", parts::PACE), PACED_CLIENTS, beside);
            self.add(row.per(ratio, "p99 alone", Some(AtMost(3.0))));
            if let Some(logins) = logins {
                let ratio = logins.rate / self.bcrypt;
                self.add(Row::rate(format!("those logins, {name}"), LOGINS_BESIDE, logins).per(ratio, "bcrypt", None));
            }
        }
        Ok(())
    }

    fn process(&mut self, scratch: &Scratch, tokens: &std::path::Path) -> Result<()> {
        let name = scratch.engine.name();
        let mut starts = Vec::new();
        for _ in 0..STARTS {
            starts.push(milliseconds(server::server(&self.program, scratch)?.started_in));
        }
        starts.sort_by(f64::total_cmp);
        let (median, worst) = (starts.get(STARTS / 2).copied().unwrap_or_default(), starts.last().copied().unwrap_or_default());
        let row = Row::figure(format!("start to first 200, {name}"), format!("{median:.0} ms, at worst {worst:.0}"));
        self.add(row.per(median / 50.0, "50 ms", Some(AtMost(1.0))));

        let server = server::server(&self.program, scratch)?;
        std::thread::sleep(Duration::from_secs(2));
        let (idle, _) = server.memory()?;
        let row = Row::figure(format!("memory idle, {name}"), format!("{idle:.1} MB"));
        self.add(row.per(idle / 20.0, "20 MB", Some(AtMost(1.0))));

        // Everything at once.
        let length = if self.options.full { 60 } else { self.options.seconds };
        let (accounts, port) = (self.options.accounts, server.port);
        std::thread::scope(|scope| -> Result<()> {
            let me = scope.spawn(move || wrk::run(port, "/auth/me", 64, length, Some(tokens)));
            let refresh = scope.spawn(|| parts::refresh(&server, CLIENTS, accounts, span(0, length)));
            let login = parts::login(&server, 64, accounts, span(0, length))?;
            for outcome in [me.join(), refresh.join()] {
                let outcome = outcome.map_err(|_panic| anyhow::anyhow!("a load panicked"))??;
                anyhow::ensure!(outcome.errors == 0 && login.errors == 0, "errors under full load");
            }
            Ok(())
        })?;
        let (after, peak) = server.memory()?;
        let row =
            Row::figure(format!("memory after {length} s of full load, {name}"), format!("{after:.1} MB, at most {peak:.1}"));
        self.add(row.per(peak / 60.0, "60 MB", Some(AtMost(1.0))));
        rewind(scratch)
    }

    fn big(&mut self, engine: Engine, few_me: f64, few_refresh: f64) -> Result<()> {
        let Options { clients, seconds, many, .. } = *self.options;
        let scratch = self.scratch(engine, "many", many)?;
        let folder = TempDir::new_in(&self.options.folder)?;
        let tokens = wrk::tokens(folder.path(), many)?;
        let server = server::server(&self.program, &scratch)?;
        let name = engine.name();
        let me = wrk::run(server.port, "/auth/me", clients, seconds, Some(&tokens))?;
        let ratio = me.rate / few_me;
        let row = Row::rate(format!("GET /auth/me, {name}, {many} accounts"), clients, me);
        self.add(row.per(ratio, "with few", Some(AtLeast(0.90))));
        let refresh = parts::refresh(&server, CLIENTS, many, span(1, seconds))?;
        let ratio = refresh.rate / few_refresh;
        let row = Row::rate(format!("POST /auth/refresh, {name}, {many} accounts"), CLIENTS, refresh);
        self.add(row.per(ratio, "with few", Some(AtLeast(0.90))));
        Ok(())
    }
}
