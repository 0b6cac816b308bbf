//! Logins by passkey: options, signature, session. Beside how many signatures the cores can verify.

use std::time::Duration;

use anyhow::Result;

use super::Plan;
use crate::{
    client::Client,
    engine::Scratch,
    limits::{cores, repeated},
    load::{Outcome, closed},
    parts::{CLIENTS, span},
    passkey::Passkey,
    report::{Aim, Row},
    server,
};

/// How many accounts each client logs in to, in turn: no account has to end a session for the next.
const RING: u64 = 250;

impl Plan<'_> {
    pub(super) fn passkeys(&mut self, scratch: &Scratch) -> Result<()> {
        let (name, passkey) = (scratch.engine.name(), Passkey::new()?);
        let verified = repeated(Duration::from_secs(self.options.seconds), passkey.verifier()?)?;
        let outcome = Outcome { rate: verified, ..Outcome::default() };
        self.add(Row::rate("limit: ES256 signatures verified on all cores", cores(), outcome));
        passkey.add(scratch, RING * u64::try_from(CLIENTS)?)?;
        let server = server::server_with_passkeys(&self.program, scratch)?;
        let works = (0..CLIENTS).map(|client| -> Result<_> {
            let (passkey, first) = (&passkey, RING * u64::try_from(client)?);
            let mut turn = 0;
            Ok(move |client: &mut Client| {
                turn = (turn + 1) % RING;
                let options = client.post("/auth/passkeys/login/options", "")?;
                client.post("/auth/passkeys/login", &passkey.answer(first + turn, &options.body)?)
            })
        });
        let works = works.collect::<Result<Vec<_>>>()?;
        let before = server.cpu()?;
        let span = span(2, self.options.seconds.max(10));
        let mut outcome = closed(server.port, works, span)?;
        let logins = outcome.rate * (span.warm_up + span.counted).as_secs_f64();
        outcome.cpu = (server.cpu()? - before) * 1e6 / logins;
        let rate = outcome.rate;
        let row = Row::rate(format!("logins by passkey, options and signature, {name}"), CLIENTS, outcome);
        self.add(row.per(rate / 400.0, "400/s", Some(Aim::AtLeast(1.0))).per(rate / verified, "signatures", None));
        Ok(())
    }
}
