//! Failed password attempts, and the networks that accounts have been logged in to from.

use async_trait::async_trait;
use auth_domain::{
    attempts::{Failures, Standing},
    email::Email,
    origin::Network,
    ports::{AttemptStore, PortError},
    session::Session,
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{
    AnyConnection, Database,
    moment::At,
    prune::forget_oldest,
    schema::{known_networks, login_failures, users},
};

/// Stores attempts.
#[derive(Clone)]
pub struct DieselAttempts(pub Database);

#[async_trait]
impl AttemptStore for DieselAttempts {
    async fn standing(&self, account: &Email, network: Option<Network>) -> Result<Option<Standing>, PortError> {
        let (account, network) = (account.to_string(), network.map(|network| network.to_string()));
        self.0
            .read(move |db| {
                let Some(failures) = failures(db, &account)? else { return Ok(None) };
                let network_seen_at = network.as_ref().map(|network| seen_at(db, &account, network)).transpose()?.flatten();
                Ok(Some(Standing { failures, network_seen_at }))
            })
            .await
    }

    async fn advance(&self, account: &Email, from: Option<Failures>, next: Failures) -> Result<bool, PortError> {
        let account = account.to_string();
        self.0
            .write(move |db| {
                let (count, at) = (i64::from(next.count), At::from(next.last_at));
                let Some(from) = from else { return insert(db, &account, count, at) };
                let standing =
                    login_failures::failures.eq(i64::from(from.count)).and(login_failures::last_at.eq(At::from(from.last_at)));
                let moved = diesel::update(login_failures::table.find(&account))
                    .filter(standing)
                    .set((login_failures::failures.eq(count), login_failures::last_at.eq(at)))
                    .execute(db)?;
                Ok(moved == 1)
            })
            .await
    }

    async fn forgive(&self, account: &Email) -> Result<(), PortError> {
        let account = account.to_string();
        self.0
            .write(move |db| {
                diesel::update(login_failures::table.find(&account))
                    .filter(login_failures::failures.gt(0))
                    .set(login_failures::failures.eq(login_failures::failures - 1))
                    .execute(db)
                    .map(|_one_or_none| ())
            })
            .await
    }

    async fn prune(&self, failed: DateTime<Utc>, seen: DateTime<Utc>, limit: u32) -> Result<usize, PortError> {
        let (failed, seen, limit) = (At::from(failed), At::from(seen), i64::from(limit));
        let failures = self.0.write(move |db| forget_oldest!(db, login_failures.last_at, failed, limit)).await?;
        Ok(failures + self.0.write(move |db| forget_oldest!(db, known_networks.seen_at, seen, limit)).await?)
    }
}

fn failures(db: &mut AnyConnection, account: &str) -> QueryResult<Option<Failures>> {
    let row = login_failures::table.find(account).select((login_failures::failures, login_failures::last_at));
    let Some((count, last_at)) = row.get_result::<(i64, At)>(db).optional()? else { return Ok(None) };
    let count = u32::try_from(count).map_err(|fault| Error::DeserializationError(fault.into()))?;
    Ok(Some(Failures { count, last_at: last_at.utc() }))
}

fn seen_at(db: &mut AnyConnection, account: &str, network: &str) -> QueryResult<Option<DateTime<Utc>>> {
    let known = known_networks::table.inner_join(users::table).filter(users::email.eq(account));
    let known = known.filter(known_networks::network.eq(network)).select(known_networks::seen_at);
    Ok(known.get_result::<At>(db).optional()?.map(|seen| seen.utc()))
}

fn insert(db: &mut AnyConnection, account: &str, count: i64, at: At) -> QueryResult<bool> {
    let row = (login_failures::email.eq(account), login_failures::failures.eq(count), login_failures::last_at.eq(at));
    match diesel::insert_into(login_failures::table).values(row).execute(db) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        outcome => outcome.map(|inserted| inserted == 1),
    }
}

/// Remembers the network of a session that begins, in the session's transaction. That transaction holds the account's row, so
/// nobody else inserts for the account at the same time.
pub(super) fn know(db: &mut AnyConnection, session: &Session) -> QueryResult<()> {
    let Some(network) = session.origin.network() else { return Ok(()) };
    let (user, network, now) = (session.user.to_string(), network.to_string(), At::from(session.created_at));
    let known = diesel::update(known_networks::table.find((&user, &network))).set(known_networks::seen_at.eq(now)).execute(db)?;
    if known == 0 {
        let row = (known_networks::user_id.eq(&user), known_networks::network.eq(&network), known_networks::seen_at.eq(now));
        diesel::insert_into(known_networks::table).values(row).execute(db)?;
    }
    Ok(())
}
