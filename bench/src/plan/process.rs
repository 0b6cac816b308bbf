//! The process itself: how soon it serves, and how much memory it uses.

use std::{path::Path, time::Duration};

use anyhow::Result;

use super::Plan;
use crate::{
    engine::{Engine, Scratch},
    load::milliseconds,
    parts::{self, CLIENTS, span},
    report::{Aim::AtMost, Row},
    seed::rewind,
    server::{self, Running},
    wrk,
};

/// How many starts are timed.
const STARTS: usize = 11;

impl Plan<'_> {
    pub(super) fn process(&mut self, scratch: &Scratch, tokens: &Path) -> Result<()> {
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
        self.idle(&server, name)?;
        if scratch.engine == Engine::Postgres {
            self.idle(&server::server_without_tls(&self.program, scratch)?, "PostgreSQL with sslmode=disable")?;
        }

        // All loads at once.
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
        let (after, peak, _) = server.memory()?;
        let row =
            Row::figure(format!("memory after {length} s of full load, {name}"), format!("{after:.1} MB, at most {peak:.1}"));
        self.add(row.per(peak / 60.0, "60 MB", Some(AtMost(1.0))));
        rewind(scratch)
    }

    fn idle(&mut self, server: &Running, name: &str) -> Result<()> {
        std::thread::sleep(Duration::from_secs(2));
        let (idle, _, own) = server.memory()?;
        let row = Row::figure(format!("memory idle, {name}"), format!("{idle:.1} MB, {own:.1} without program and libraries"));
        self.add(row.per(idle / 20.0, "20 MB", Some(AtMost(1.0))));
        Ok(())
    }
}
