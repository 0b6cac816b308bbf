//! Pages of the API for back offices, with few accounts and with many: what a page costs does not depend on how many there are.

use anyhow::Result;

use super::Plan;
use crate::{
    Options,
    client::{Answer, Client},
    engine::{Engine, Scratch},
    load::closed,
    parts::{CLIENTS, member, span},
    report::{Aim::AtMost, Row},
    roomy::{MEMORY, Roomy},
    server, tokens,
};

/// How many accounts have addresses that begin alike: each client asks for a page of some of them, and for the next.
const ALIKE: u64 = 1000;

/// Each kind of search, by what it asks for besides the accounts that it is about.
const SEARCHES: [(&str, &str); 4] = [
    ("by address", ""),
    ("by state", "&status=enabled&verified=false"),
    ("by role", "&role=staff"),
    ("by role and state", "&role=staff&status=disabled"),
];

impl Plan<'_> {
    /// With few accounts, and then with many.
    pub(super) fn admin(&mut self, scratch: &Scratch) -> Result<()> {
        let Options { accounts, many, ref folder, .. } = *self.options;
        let few = self.pages(scratch, accounts, "", None)?;
        let engine = scratch.engine;
        if engine == Engine::Sqlite {
            let scratch = self.filled(Scratch::new(engine, "pages", folder)?, many)?;
            self.pages(&scratch, many, &format!(", {many} accounts"), Some(&few))?;
        } else {
            let roomy = Roomy::start(engine, folder)?;
            let scratch = self.filled(Scratch::on(engine, roomy.url.clone(), "pages", folder)?, many)?;
            self.pages(&scratch, many, &format!(", {many} accounts, {MEMORY}"), Some(&few))?;
        }
        Ok(())
    }

    /// The 99th percentile of each kind of search.
    fn pages(&mut self, scratch: &Scratch, accounts: u64, place: &str, few: Option<&[f64]>) -> Result<Vec<f64>> {
        describe(scratch)?;
        let server = server::server_for_administrators(&self.program, scratch)?;
        let token = tokens::access(0)?;
        let mut all = Vec::new();
        for (number, (kind, query)) in SEARCHES.iter().enumerate() {
            let works = (0..CLIENTS).map(|client| work(&token, query, u64::try_from(client).unwrap_or(0), accounts));
            let outcome = closed(server.port, works.collect(), span(2, self.options.seconds.max(10)))?;
            let p99 = outcome.p99;
            let row = Row::rate(format!("GET /admin/users {kind}, {}{place}", scratch.engine.name()), CLIENTS, outcome);
            let before = few.and_then(|few| few.get(number));
            self.add(before.into_iter().fold(row, |row, few| row.per(p99 / few, "p99 with few", Some(AtMost(1.5)))));
            all.push(p99);
        }
        Ok(all)
    }
}

/// Asks for pages here and there, each followed by the next one if there is one.
fn work<'a>(token: &'a str, query: &'a str, client: u64, accounts: u64) -> impl FnMut(&mut Client) -> Result<Answer> + Send + 'a {
    let groups = (accounts / ALIKE).max(1);
    let (mut turn, mut next) = (client * 7919, None::<String>);
    move |connection: &mut Client| {
        let by_role = query.contains("role");
        let prefix = format!("user{:05}", turn % groups);
        // Those with a role are few, and a page of them is looked for among all.
        let prefix = if by_role { String::new() } else { format!("&prefix={prefix}") };
        let after = next.take().map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let answer = connection.get(&format!("/admin/users?limit=50{query}{prefix}{after}"), Some(token))?;
        next = member(&answer.body, "next").map(str::to_owned).filter(|_| by_role || after.is_empty());
        if next.is_none() {
            turn += 104_729;
        }
        Ok(answer)
    }
}

/// The first account administers, every seventh is disabled, every third verified, and every tenth has a role: with few accounts too,
/// a page is full, whatever it is asked for.
fn describe(scratch: &Scratch) -> Result<()> {
    let number = match scratch.engine {
        Engine::Sqlite => "CAST(substr(id, 25) AS INTEGER)",
        Engine::Postgres => "substr(id, 25)::bigint",
        Engine::Mariadb => "CAST(SUBSTR(id, 25) AS UNSIGNED)",
    };
    let first = tokens::user(0);
    for statement in [
        format!("UPDATE users SET disabled_at = created_at WHERE {number} % 7 = 3"),
        format!("UPDATE users SET email_verified_at = created_at WHERE {number} % 3 = 0"),
        format!("UPDATE users SET roles = 'staff' WHERE {number} % 10 = 1"),
        "INSERT INTO user_roles (role, user_id, listed_as, email) SELECT 'staff', id, listed_as, email FROM users WHERE roles = 'staff'".to_owned(),
        format!("UPDATE users SET roles = 'admin' WHERE id = '{first}'"),
        format!("INSERT INTO user_roles (role, user_id) VALUES ('admin', '{first}')"),
    ] {
        scratch.execute(&statement)?;
    }
    scratch.execute(match scratch.engine {
        Engine::Sqlite => "PRAGMA wal_checkpoint(TRUNCATE)",
        Engine::Postgres => "VACUUM (ANALYZE) users, user_roles",
        Engine::Mariadb => "ANALYZE TABLE users, user_roles",
    })
}
