//! The loads: what each sends, with how many clients, and how it is counted.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};

use crate::{
    client::{Answer, Client},
    load::{Outcome, Span, Work, closed, hammering, paced},
    server::Running,
    tokens,
};

/// The most sessions that one client of `refresh` rotates through.
const RING: u64 = 1000;

/// Requests per second of `me` beside logins.
pub(crate) const PACE: u32 = 500;

/// Clients of `refresh` and `register`.
pub(crate) const CLIENTS: usize = 8;

/// Connections that send these requests.
pub(crate) const PACED_CLIENTS: usize = 16;

/// Clients that log in at the same time.
pub(crate) const LOGINS_BESIDE: usize = 32;

/// The accounts whose sessions one client of `refresh` rotates through: spread evenly over its share of all accounts.
pub(crate) fn ring(client: usize, clients: usize, accounts: u64) -> Result<impl Iterator<Item = u64>> {
    let share = accounts / u64::try_from(clients)?;
    let (first, count) = (share * u64::try_from(client)?, share.min(RING));
    Ok((0..count).map(move |turn| first + turn * (share / count)))
}

/// Each client refreshes its own sessions in turn, each with the token from its last refresh.
pub(crate) fn refresh(server: &Running, clients: usize, accounts: u64, span: Span) -> Result<Outcome> {
    let works = (0..clients).map(|client| -> Result<_> {
        let tokens = ring(client, clients, accounts)?.map(tokens::refresh).collect::<Result<Vec<_>>>()?;
        let mut ring: Vec<_> = tokens.into_iter().map(Some).collect();
        let mut turn = 0;
        Ok(move |client: &mut Client| -> Result<Answer> {
            turn = (turn + 1) % ring.len();
            let place = ring.get_mut(turn).context("an empty ring")?;
            let token = place.take().context("a chain that broke")?;
            let answer = client.post("/auth/refresh", &format!(r#"{{"refresh_token":"{token}"}}"#))?;
            *place = member(&answer.body, "refresh_token").map(str::to_owned);
            Ok(answer)
        })
    });
    closed(server.port, works.collect::<Result<Vec<_>>>()?, span)
}

/// Each client logs in to one account after another, never to those of another client.
pub(crate) fn login(server: &Running, clients: usize, accounts: u64, span: Span) -> Result<Outcome> {
    closed(server.port, logins(clients, accounts)?, span)
}

/// The same, by clients that come back at once when they are refused.
pub(crate) fn hammering_logins(server: &Running, clients: usize, accounts: u64, span: Span) -> Result<Outcome> {
    hammering(server.port, logins(clients, accounts)?, span)
}

fn logins(clients: usize, accounts: u64) -> Result<Vec<impl Work>> {
    let share = accounts / u64::try_from(clients)?;
    let works = (0..clients).map(|client| -> Result<_> {
        let first = share * u64::try_from(client)?;
        let mut turn = 0;
        Ok(move |client: &mut Client| {
            turn = (turn + 1) % share;
            let (email, password) = (tokens::email(first + turn), tokens::PASSWORD);
            client.post("/auth/login", &format!(r#"{{"email":"{email}","password":"{password}"}}"#))
        })
    });
    works.collect()
}

/// Each client registers one account after another; `round` keeps the addresses of the rounds apart.
pub(crate) fn register(server: &Running, round: usize, clients: usize, span: Span) -> Result<Outcome> {
    let works = (0..clients).map(|client| {
        let mut turn = 0_u64;
        move |connection: &mut Client| {
            turn += 1;
            let (email, password) = (format!("new-{round}-{client}-{turn}@example.org"), tokens::PASSWORD);
            connection.post("/auth/register", &format!(r#"{{"email":"{email}","password":"{password}"}}"#))
        }
    });
    closed(server.port, works.collect(), span)
}

/// `me` at a fixed rate.
pub(crate) fn me_at_a_pace(server: &Running, file: &Path, span: Span) -> Result<Outcome> {
    let text = std::fs::read_to_string(file)?;
    let lines: Vec<&str> = text.lines().collect();
    let works = (0..PACED_CLIENTS).map(|client| {
        let mut turns = lines.iter().skip(client).step_by(PACED_CLIENTS).cycle();
        move |connection: &mut Client| connection.get("/auth/me", turns.next().copied())
    });
    paced(server.port, works.collect(), PACE, span)
}

/// `me` at a fixed rate while others log in, and the outcome of those logins.
pub(crate) fn me_beside_logins(
    server: &Running,
    file: &Path,
    accounts: u64,
    clients: usize,
    span: Span,
) -> Result<(Outcome, Outcome)> {
    let logins = logins(clients, accounts)?;
    std::thread::scope(|scope| {
        let beside = scope.spawn(move || closed(server.port, logins, span));
        let me = me_at_a_pace(server, file, span)?;
        let beside = beside.join().map_err(|_panic| anyhow::anyhow!("a client panicked"))??;
        Ok((me, beside))
    })
}

/// The warm-up covers connections, caches, and the time until a queue has its steady length.
pub(crate) fn span(warm_up: u64, counted: u64) -> Span {
    Span { warm_up: Duration::from_secs(warm_up), counted: Duration::from_secs(counted) }
}

/// The value of a text member in a JSON object, if it needs no unescaping.
pub(crate) fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{name}\":\""))?;
    rest.split_once('"').map(|(value, _)| value)
}
