//! What accounts and logins take of a database: bytes of each table, and what each request writes.

use anyhow::{Result, ensure};

use super::Plan;
use crate::{
    client::{Answer, Client},
    engine::{Engine, Scratch},
    lifelike::{AGENT, email, fill, sizes},
    meter::{Count, Meter, checkpoint},
    report::Row,
    roomy::Roomy,
    server,
    tokens::{self, PASSWORD},
};

/// How many requests of a kind are counted.
const REQUESTS: u64 = 200;

/// Numbers from here on have no account.
const NEW: u64 = 1_000_000_000;

/// A kind of request, to an account by its number.
type Send = fn(&mut Client, u64) -> Result<Answer>;

const KINDS: [(&str, Send); 5] = [
    ("GET /auth/me", |client, number| client.get("/auth/me", Some(&tokens::access(number)?))),
    ("POST /auth/refresh", |client, number| {
        client.post("/auth/refresh", &format!(r#"{{"refresh_token":"{}"}}"#, tokens::refresh(number)?))
    }),
    ("POST /auth/logout", |client, number| client.post_as(&tokens::access(number)?, "/auth/logout", "")),
    ("POST /auth/login", |client, number| client.post("/auth/login", &credentials(&email(number)))),
    ("POST /auth/register", |client, number| client.post("/auth/register", &credentials(&email(NEW + number)))),
];

fn credentials(email: &str) -> String {
    format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#)
}

impl Plan<'_> {
    /// On a database server of its own, whose counters nobody else moves.
    pub(super) fn size(&mut self, engine: Engine) -> Result<()> {
        let (accounts, folder) = (self.options.accounts, &self.options.folder);
        let roomy = if engine == Engine::Sqlite { None } else { Some(Roomy::start(engine, folder)?) };
        let scratch = match &roomy {
            Some(roomy) => Scratch::on(engine, roomy.url.clone(), "size", folder)?,
            None => Scratch::new(engine, "size", folder)?,
        };
        server::migrate(&self.program, &scratch)?;
        fill(&scratch, accounts)?;
        let count = f64::from(u32::try_from(accounts)?);
        for size in sizes(&scratch)? {
            let [own, indexes] =
                [size.own, size.indexes].map(|bytes| bytes.to_string().parse::<f64>().map(|bytes| bytes / count));
            let (own, indexes) = (own?, indexes?);
            let figure = format!("{:.0} bytes a row: {own:.0} and {indexes:.0} of indexes", own + indexes);
            self.add(Row::figure(format!("{} with {accounts} rows, {}", size.name, engine.name()), figure));
        }
        let idle = self.written(&scratch, None, 0)?;
        for (kind, send) in KINDS {
            // Right after a checkpoint, and then to the neighbours, whose rows are mostly on the same pages.
            checkpoint(&scratch)?;
            for (round, when) in ["after a checkpoint", "on the same pages again"].into_iter().enumerate() {
                let counts = self.written(&scratch, Some(send), u64::try_from(round)?)?;
                let each = counts.iter().zip(&idle).map(|(count, idle)| -> Result<_> {
                    let each = f64::from(i32::try_from(count.count - idle.count)?) / f64::from(u32::try_from(REQUESTS)?);
                    Ok(format!("{each:.1} {}", count.what))
                });
                let figure = each.collect::<Result<Vec<_>>>()?.join(", ");
                self.add(Row::figure(format!("{kind}, {when}, {}", engine.name()), figure));
            }
        }
        Ok(())
    }

    /// What a server writes for requests to accounts all over the database, one after the other; or for none.
    fn written(&self, scratch: &Scratch, send: Option<Send>, round: u64) -> Result<Vec<Count>> {
        let server = server::server_with_cheap_hashes(&self.program, scratch)?;
        let mut client = Client::connect(server.port)?.called(AGENT);
        let meter = Meter::start(scratch, &server)?;
        for (send, request) in send.iter().flat_map(|send| (0..REQUESTS).map(move |request| (send, request))) {
            let answer = send(&mut client, request * (self.options.accounts / REQUESTS) + round)?;
            ensure!(answer.status < 300, "{}: {}", answer.status, answer.body);
        }
        meter.read(scratch, server)
    }
}
