//! Accounts on their way between servers: many in one transaction, and many in one read.

mod page;
mod rows;
mod taken;

use std::sync::Arc;

use async_trait::async_trait;
use auth_domain::{
    admin::{
        ports::{Stored, TransferStore},
        transfer::AccountRecord,
    },
    identity::{ids::UserId, port_error::PortError},
};
use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    result::{DatabaseErrorKind, Error},
};

use self::{
    rows::{AccountRows, store},
    taken::{Taken, is_any_reserved},
};
use crate::db::{connection::AnyConnection, database::Database, schema::timestamp::At, transaction::or_undone};

/// How often a batch is begun anew because somebody else took what it needs.
const ATTEMPTS: u32 = 3;

/// Takes accounts in and gives them out.
#[derive(Clone)]
pub struct DieselTransfers(pub Database);

#[async_trait]
impl TransferStore for DieselTransfers {
    async fn insert(&self, accounts: &[AccountRecord], now: DateTime<Utc>) -> Result<Vec<Stored>, PortError> {
        let accounts: Vec<_> = accounts.iter().map(|account| Arc::new(AccountRows::from(account))).collect();
        let mut stored = Vec::with_capacity(accounts.len());
        let mut parts = vec![accounts];
        while let Some(part) = parts.pop() {
            match self.insert_together(&part, now).await {
                Ok(all) => stored.extend(all),
                // Some row is at fault: found by halves, so that none of the others is lost with it.
                Err(PortError::Corrupt(_) | PortError::Refused(_)) => match halves(part) {
                    Some((first, second)) => parts.extend([second, first]),
                    None => stored.push(Stored::Refused),
                },
                // Whether those before are stored cannot be told any more in this answer.
                Err(outage) if stored.contains(&Stored::Yes) => return Err(PortError::Unknown(outage.to_string())),
                Err(outage) => return Err(outage),
            }
        }
        Ok(stored)
    }

    async fn foresee(&self, accounts: &[AccountRecord], now: DateTime<Utc>) -> Result<Vec<Stored>, PortError> {
        let accounts: Vec<_> = accounts.iter().map(|account| Arc::new(AccountRows::from(account))).collect();
        let now = At::from(now);
        self.0.read(move |db| Ok(Taken::look(db, &accounts, now)?.fates(&accounts))).await
    }

    async fn page(&self, after: Option<UserId>, limit: u32) -> Result<Vec<AccountRecord>, PortError> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        self.0.read_at_one_moment(move |db| page::read(db, &after, limit)).await
    }
}

impl DieselTransfers {
    /// All in one transaction.
    async fn insert_together(&self, accounts: &[Arc<AccountRows>], now: DateTime<Utc>) -> Result<Vec<Stored>, PortError> {
        let (accounts, now) = (accounts.to_vec(), At::from(now));
        self.0.write(move |db| insert(db, &accounts, now)).await
    }
}

fn halves<T>(mut part: Vec<T>) -> Option<(Vec<T>, Vec<T>)> {
    let second = (part.len() > 1).then(|| part.split_off(part.len() / 2));
    second.map(|second| (part, second))
}

/// Somebody else took an address at the same time.
struct Raced;

fn insert(db: &mut AnyConnection, accounts: &[Arc<AccountRows>], now: At) -> QueryResult<Vec<Stored>> {
    let mut attempt = 1;
    loop {
        match or_undone(db, |db| try_to_insert(db, accounts, now)) {
            // What they wrote can be seen by now.
            Ok(Err(Raced)) | Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) if attempt < ATTEMPTS => {
                attempt += 1
            }
            Ok(Err(Raced)) => return Err(Error::RollbackTransaction),
            Ok(Ok(stored)) => return Ok(stored),
            Err(error) => return Err(error),
        }
    }
}

fn try_to_insert(db: &mut AnyConnection, accounts: &[Arc<AccountRows>], now: At) -> QueryResult<Result<Vec<Stored>, Raced>> {
    let stored = Taken::look(db, accounts, now)?.fates(accounts);
    let free: Vec<_> = accounts.iter().zip(&stored).filter(|(_, fate)| **fate == Stored::Yes).map(|(rows, _)| &**rows).collect();
    store(db, &free)?;
    // Asked again: whoever gave an address up at the same time has committed by now.
    if is_any_reserved(db, &free, now)? { Ok(Err(Raced)) } else { Ok(Ok(stored)) }
}
