//! Mail: how fast an outbox empties, what that costs `me`, what a dead mail server costs requests and memory, and whether the time of an
//! answer tells who has an account.

use std::{path::Path, thread::sleep, time::Duration};

use anyhow::Result;

use super::Plan;
use crate::{
    engine::Scratch,
    load::{Outcome, milliseconds},
    outbox::{clear, fill, freshen},
    pairs::{self, Asked},
    parts::{PACE, PACED_CLIENTS, me_at_a_pace, span},
    report::{Aim, Row, median},
    server::{self, Running},
    sink::Sink,
};

/// How many mails go out while they are timed.
const MAILS: u64 = 10_000;

/// How many wait for a mail server that never answers.
const WAITING: u64 = 100_000;

/// A 99th percentile depends on what else the machine does just then, so the median of several rounds counts.
const ROUNDS: usize = 3;

/// How long `me` counts in each round.
const ME_SECONDS: u64 = 8;

/// Long enough for the job to count what waits, and to try some mails.
const SETTLE: Duration = Duration::from_secs(20);

/// A second for the server to begin with nothing.
const QUIET: Duration = Duration::from_secs(2);

/// How many requests of each kind are timed in a round: those with an address that has an account, and those without.
const PAIRS: u64 = 400;

/// Where two servers are asked in turns.
const FEW_PAIRS: u64 = 100;

/// Each of these takes a hash.
const HASHED_PAIRS: u64 = 60;

const PAIR_ROUNDS: u64 = 5;

impl Plan<'_> {
    pub(super) fn mail(&mut self, scratch: &Scratch, tokens: &Path) -> Result<()> {
        freshen(scratch)?;
        self.emptying(scratch)?;
        self.me_beside_mails(scratch, tokens)?;
        self.dead_mail_server(scratch)?;
        self.known_and_unknown(scratch)?;
        clear(scratch)
    }

    fn sending(&self, scratch: &Scratch, url: &str) -> Result<Running> {
        server::server_with_mail(&self.program, scratch, url, &[])
    }

    fn emptying(&mut self, scratch: &Scratch) -> Result<()> {
        let name = scratch.engine.name();
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            let sink = Sink::open()?;
            clear(scratch)?;
            fill(scratch, self.options.accounts, 0..MAILS)?;
            let server = self.sending(scratch, &sink.url())?;
            let before = server.cpu()?;
            let mails = u32::try_from(MAILS)?;
            let rate = sink.rate_of(mails)?;
            rates.push((rate, (server.cpu()? - before) * 1e6 / f64::from(mails)));
        }
        rates.sort_by(|one, other| one.0.total_cmp(&other.0));
        let text: Vec<_> = rates.iter().map(|(rate, _)| format!("{rate:.0}")).collect();
        let (rate, cpu) = rates.swap_remove(ROUNDS / 2);
        let row = Row::rate(format!("mails out of an outbox of {MAILS}, {name}"), 1, Outcome { rate, cpu, ..Outcome::default() });
        self.add(row.per(rate / 300.0, format!("300/s (rounds: {})", text.join(", ")), Some(Aim::AtLeast(1.0))));
        Ok(())
    }

    fn me_beside_mails(&mut self, scratch: &Scratch, tokens: &Path) -> Result<()> {
        let (name, span) = (scratch.engine.name(), span(2, ME_SECONDS));
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let sink = Sink::open()?;
            clear(scratch)?;
            let server = self.sending(scratch, &sink.url())?;
            let alone = me_at_a_pace(&server, tokens, span)?;
            // More than can go out meanwhile.
            fill(scratch, self.options.accounts, 0..WAITING)?;
            let before = sink.taken();
            let beside = me_at_a_pace(&server, tokens, span)?;
            let sent = f64::from(sink.taken() - before) / (span.warm_up + span.counted).as_secs_f64();
            rounds.push((beside.p99 / alone.p99, alone, beside, sent));
        }
        let ((ratio, alone, beside, sent), ratios) = median(rounds, |round| round.0);
        self.add(Row::rate(format!("GET /auth/me at {PACE}/s, no mail waits, {name}"), PACED_CLIENTS, alone));
        let row = Row::rate(format!("GET /auth/me at {PACE}/s beside {sent:.0} mails/s, {name}"), PACED_CLIENTS, beside);
        self.add(row.per(ratio, format!("p99 alone (rounds: {ratios})"), Some(Aim::AtMost(2.0))));
        Ok(())
    }

    /// Two servers at once, each with a database of its own, are asked in turns.
    fn dead_mail_server(&mut self, scratch: &Scratch) -> Result<()> {
        let (name, accounts) = (scratch.engine.name(), self.options.accounts);
        clear(scratch)?;
        let (sink, silent) = (Sink::open()?, server::silent()?);
        let well = self.sending(scratch, &sink.url())?;
        let full = self.filled(Scratch::new(scratch.engine, "full", &self.options.folder)?, accounts)?;
        fill(&full, accounts, 0..WAITING)?;
        let dead = self.sending(&full, &silent.url)?;
        sleep(SETTLE);
        let (with_none, with_all) = (well.memory()?.0, dead.memory()?.0);
        let figure = format!("{with_all:.1} MB, with none and a server that is well {with_none:.1}");
        let row = Row::figure(format!("memory while {WAITING} mails wait for a mail server that is dead, {name}"), figure);
        self.add(row.per((with_all - with_none) / 10.0, "10 MB more", Some(Aim::AtMost(1.0))));
        let mut rounds = Vec::new();
        // Those without an account alone: of the others, more proofs are open than there ever are, and each is voided.
        for round in 0..PAIR_ROUNDS {
            let well = pairs::forgot(&well, round * FEW_PAIRS, FEW_PAIRS)?.unknown();
            let dead = pairs::forgot(&dead, round * FEW_PAIRS, FEW_PAIRS)?.unknown();
            rounds.push((dead.as_secs_f64() / well.as_secs_f64(), well, dead));
        }
        let ((ratio, well, dead), ratios) = median(rounds, |round| round.0);
        let figure =
            format!("{:.2} ms; with a server that is well and none that wait {:.2}", milliseconds(dead), milliseconds(well));
        let measure = format!("POST /auth/password/forgot while {WAITING} mails wait for a mail server that is dead, {name}");
        self.add(Row::figure(measure, figure).per(ratio, format!("well (rounds: {ratios})"), None));
        Ok(())
    }

    fn known_and_unknown(&mut self, scratch: &Scratch) -> Result<()> {
        let sink = Sink::open()?;
        let required: &[(&str, &str)] = &[("EMAIL_VERIFICATION", "required"), ("BCRYPT_COST", "10")];
        let loads: [Load<'_>; 4] = [
            ("POST /auth/password/forgot", pairs::forgot, PAIRS, &[]),
            ("POST /auth/email/verification", pairs::verification, PAIRS, &[]),
            ("POST /auth/email", pairs::email, PAIRS, &[]),
            ("POST /auth/register, verification required, BCRYPT_COST=10", pairs::register, HASHED_PAIRS, required),
        ];
        for (measure, ask, pairs, settings) in loads {
            clear(scratch)?;
            let server = server::server_with_mail(&self.program, scratch, &sink.url(), settings)?;
            sleep(QUIET);
            let rounds = (0..PAIR_ROUNDS).map(|round| ask(&server, round * pairs, pairs));
            let (middle, ratios) = median(rounds.collect::<Result<Vec<_>>>()?, Asked::ratio);
            let (known, unknown) = (milliseconds(middle.known()), milliseconds(middle.unknown()));
            let figure = format!("{known:.3} ms with an account, {unknown:.3} without");
            let row =
                Row::figure(format!("{measure}, {pairs} addresses of each kind in turns, {}", scratch.engine.name()), figure);
            let of = format!("without (rounds: {ratios})");
            self.add(row.per(middle.ratio(), of, Some(Aim::Between(0.95, 1.05))));
        }
        Ok(())
    }
}

/// Sends requests of one kind: to whom, the first number, and how many.
type Ask = fn(&Running, u64, u64) -> Result<Asked>;

/// What is measured, by which requests, how many pairs of them in a round, and with which settings of the server.
type Load<'a> = (&'a str, Ask, u64, &'a [(&'a str, &'a str)]);
