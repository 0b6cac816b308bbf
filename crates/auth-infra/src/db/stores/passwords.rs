//! Failed password attempts by address and client, and the networks that accounts have been logged in to from.

use async_trait::async_trait;
use auth_domain::{
    identity::{
        email::Email,
        ids::UserId,
        port_error::PortError,
        request_context::{Network, Subscriber},
    },
    passwords::{
        ports::AttemptStore,
        throttle::{Counted, Failures, KNOWN_FOR, ThrottleState},
    },
    sessions::session::Session,
};
use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::prune::forget_oldest;
use crate::db::{
    connection::{AnyConnection, on_its_engine},
    database::Database,
    schema::{
        rows::parsed,
        tables::{client_failures, known_networks, login_failures},
        timestamp::At,
    },
    transaction::in_transaction,
};

/// Stores attempts.
#[derive(Clone)]
pub struct DieselAttempts(pub Database);

/// Whose the failures of all clients are: nobody's name.
const ALL: &str = "";

#[async_trait]
impl AttemptStore for DieselAttempts {
    async fn throttle_state(&self, account: &Email, client: Subscriber) -> Result<ThrottleState, PortError> {
        let guesser = Guesser::of(account, client);
        self.0.read(move |db| guesser.read(db)).await
    }

    async fn count(
        &self,
        account: &Email,
        client: Subscriber,
        from: ThrottleState,
        limit: u32,
        now: DateTime<Utc>,
    ) -> Result<Option<Counted>, PortError> {
        let guesser = Guesser::of(account, client);
        self.0
            .write(move |db| match in_transaction(db, |db| guesser.count(db, from, limit, now)) {
                Err(Error::RollbackTransaction) => Ok(None),
                outcome => outcome.map(Some),
            })
            .await
    }

    async fn forgive(&self, account: &Email, client: Subscriber, counted: Counted) -> Result<(), PortError> {
        let guesser = Guesser::of(account, client);
        self.0.transaction(move |db| guesser.forgive(db, &counted)).await
    }

    async fn networks(&self, user: UserId) -> Result<Vec<(Network, DateTime<Utc>)>, PortError> {
        let user = user.to_string();
        self.0
            .read(move |db| {
                let known = known_networks::table.filter(known_networks::user_id.eq(&user)).order(known_networks::network.asc());
                let rows: Vec<(String, At)> = known.select((known_networks::network, known_networks::seen_at)).load(db)?;
                rows.into_iter().map(|(network, at)| Ok((parsed(&network, "network")?, at.utc()))).collect()
            })
            .await
    }

    async fn network_seen_at(&self, user: UserId, network: Network) -> Result<Option<DateTime<Utc>>, PortError> {
        let (user, network) = (user.to_string(), network.to_string());
        let seen = self.0.read(move |db| {
            let known = known_networks::table.find((&user, &network)).select(known_networks::seen_at);
            known.get_result::<At>(db).optional()
        });
        Ok(seen.await?.map(At::utc))
    }

    async fn prune(
        &self,
        now: DateTime<Utc>,
        former: DateTime<Utc>,
        seen: DateTime<Utc>,
        limit: u32,
    ) -> Result<usize, PortError> {
        let (now, former, seen, limit) = (At::from(now), At::from(former), At::from(seen), i64::from(limit));
        let failures = self.0.write(move |db| forget_oldest!(db, client_failures.forgotten_at, now, limit)).await?;
        let former = self.0.write(move |db| forget_oldest!(db, login_failures.last_at, former, limit)).await?;
        Ok(failures + former + self.0.write(move |db| forget_oldest!(db, known_networks.seen_at, seen, limit)).await?)
    }
}

/// An address, and who tries passwords there: two rows, the client's and that of all. Whoever writes to either holds the lock of the
/// latter first.
struct Guesser {
    account: String,
    client: String,
}

impl Guesser {
    fn of(account: &Email, client: Subscriber) -> Self {
        Self { account: account.to_string(), client: client.to_string() }
    }

    fn read(&self, db: &mut AnyConnection) -> QueryResult<ThrottleState> {
        Ok(ThrottleState { own: self.failures_of(db, &self.client)?, all: self.failures_of(db, ALL)? })
    }

    /// One row by its whole key. PostgreSQL might scan the table for both at once, where it believes that they are many.
    fn failures_of(&self, db: &mut AnyConnection, client: &str) -> QueryResult<Option<Failures>> {
        let row = on_its_engine!(db, |db| {
            client_failures::table.find((&self.account, client)).select(FailuresRow::as_select()).get_result(db).optional()
        });
        row?.map(Failures::try_from).transpose()
    }

    /// # Errors
    /// `RollbackTransaction` where something else stands there than `from`.
    fn count(&self, db: &mut AnyConnection, from: ThrottleState, limit: u32, now: DateTime<Utc>) -> QueryResult<Counted> {
        let before = if from.all.is_none() {
            let all = ThrottleState::default().one_more(limit, now).all;
            let inserted = all.map_or(Ok(false), |all| self.insert(db, ALL, all))?;
            let own = self.failures_of(db, &self.client)?;
            inserted.then_some(ThrottleState { own, all: None })
        } else {
            self.locked(db)?
        };
        let Some(before) = before.filter(|before| before.own == from.own) else { return Err(Error::RollbackTransaction) };
        let after = before.one_more(limit, now);
        self.put(db, ALL, true, after.all)?;
        self.put(db, &self.client, before.own.is_some(), after.own)?;
        Ok(Counted { before, after })
    }

    fn forgive(&self, db: &mut AnyConnection, counted: &Counted) -> QueryResult<()> {
        let Some(standing) = self.locked(db)? else { return Ok(()) };
        let left = standing.without(counted);
        self.put(db, ALL, true, left.all)?;
        self.put(db, &self.client, standing.own.is_some(), left.own)
    }

    /// What stands there, once the row of all is locked; `None` where there is none. The lock is one more failure, which whoever locked
    /// the row writes over: on a Galera cluster, only a change is a lock.
    fn locked(&self, db: &mut AnyConnection) -> QueryResult<Option<ThrottleState>> {
        let all = client_failures::table.find((&self.account, ALL));
        if diesel::update(all).set(client_failures::failures.eq(client_failures::failures + 1)).execute(db)? == 0 {
            return Ok(None);
        }
        let ThrottleState { own, all } = self.read(db)?;
        Ok(Some(ThrottleState { own, all: all.map(|all| Failures { count: all.count.saturating_sub(1), ..all }) }))
    }

    fn put(&self, db: &mut AnyConnection, client: &str, is_there: bool, failures: Option<Failures>) -> QueryResult<()> {
        let row = client_failures::table.find((&self.account, client));
        match failures {
            Some(failures) if is_there => diesel::update(row).set(FailuresRow::from(failures)).execute(db).map(|_one| ()),
            Some(failures) => self.insert(db, client, failures).map(|_inserted| ()),
            None => diesel::delete(row).execute(db).map(|_one_or_none| ()),
        }
    }

    fn insert(&self, db: &mut AnyConnection, client: &str, failures: Failures) -> QueryResult<bool> {
        let whose = (client_failures::email.eq(&self.account), client_failures::client.eq(client));
        let row = (whose, FailuresRow::from(failures));
        match diesel::insert_into(client_failures::table).values(row).execute(db) {
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(Error::RollbackTransaction),
            outcome => outcome.map(|inserted| inserted == 1),
        }
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = client_failures)]
struct FailuresRow {
    failures: i64,
    others: i64,
    last_at: At,
    forgotten_at: At,
}

impl From<Failures> for FailuresRow {
    fn from(failures: Failures) -> Self {
        let (last_at, forgotten_at) = (At::from(failures.last_at), At::from(failures.forgotten_at));
        Self { failures: failures.count.into(), others: failures.others.into(), last_at, forgotten_at }
    }
}

impl TryFrom<FailuresRow> for Failures {
    type Error = Error;

    fn try_from(row: FailuresRow) -> QueryResult<Self> {
        let count = |number: i64| u32::try_from(number).map_err(|fault| Error::DeserializationError(fault.into()));
        let (last_at, forgotten_at) = (row.last_at.utc(), row.forgotten_at.utc());
        Ok(Self { count: count(row.failures)?, others: count(row.others)?, last_at, forgotten_at })
    }
}

/// Remembers the network of a session that begins, in the session's transaction, and says whether the account knew it. That
/// transaction holds the account's row, so nobody else inserts for the account at the same time.
pub(crate) fn know(db: &mut AnyConnection, session: &Session) -> QueryResult<bool> {
    let Some(network) = session.context.network() else { return Ok(false) };
    let (user, network, now) = (session.user.to_string(), network.to_string(), At::from(session.created_at));
    let row = || known_networks::table.find((&user, &network));
    let seen = known_networks::seen_at.eq(now);
    let known = row().filter(known_networks::seen_at.gt(At::from(session.created_at - KNOWN_FOR)));
    if diesel::update(known).set(seen).execute(db)? == 1 {
        return Ok(true);
    }
    // Forgotten, but not deleted yet.
    if diesel::update(row()).set(seen).execute(db)? == 0 {
        let row = (known_networks::user_id.eq(&user), known_networks::network.eq(&network), seen);
        diesel::insert_into(known_networks::table).values(row).execute(db)?;
    }
    Ok(false)
}
