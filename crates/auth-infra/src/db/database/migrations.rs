//! Migrations as an operator asks for them, and what else an operator wants to know of the database. Every method blocks.

use auth_domain::identity::{
    method::{Method, SecondFactors},
    port_error::PortError,
};

use diesel::{dsl::count_star, prelude::*};

use super::Database;
use crate::db::{
    connection::AnyConnection,
    schema::{
        canonical_addresses::{Mode, OddAddresses, look, respell, restate_roles},
        migrate::{BoxedError, apply, newer, pending, under_lock},
        rows::parsed_if_any,
        tables::users,
    },
    url::PoolMode,
};

impl Database {
    /// Applies pending migrations and returns their names. Blocks, and waits for another server that does the same.
    ///
    /// # Errors
    /// The database cannot be reached, or a migration fails. A failed migration leaves nothing behind; on MySQL, whose DDL is not
    /// transactional, it can be repeated.
    pub fn migrate(&self) -> Result<Vec<String>, PortError> {
        if self.pending()?.is_empty() { Ok(Vec::new()) } else { self.locked(apply) }
    }

    /// Rewrites the addresses that are stored in another spelling than the canonical one, and what the index of roles says of accounts,
    /// which migrating does once: a release beside this one may have added some, and other addresses may have become free. Blocks,
    /// under the lock of migrations.
    ///
    /// # Errors
    /// The database cannot be reached, or its schema is not up to date.
    pub fn rewrite_addresses(&self) -> Result<OddAddresses, PortError> {
        self.locked(|db| {
            let odd = respell(db, Mode::Rewrite)?;
            restate_roles(db)?;
            Ok(odd)
        })
    }

    /// Does the work where no other server does such work at the same time.
    fn locked<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, BoxedError>) -> Result<T, PortError> {
        let failed = |error: String| PortError::Unavailable(format!("{}: cannot migrate: {error}", self.pool.url()));
        if self.pool.url().is_in_memory() {
            // A database in memory has no other connection, and no other user.
            let mut pooled = self.pool.checkout()?;
            return under_lock(&mut pooled.connection, PoolMode::Session, work).map_err(|error| failed(error.to_string()));
        }
        // A connection of its own: closing it releases its locks, whatever happened.
        let mut connection = self.pool.connect().map_err(|error| failed(error.to_string()))?;
        under_lock(&mut connection, self.pool.url().pool_mode(), work).map_err(|error| failed(error.to_string()))
    }

    /// The migrations that have not been applied. Blocks.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn pending(&self) -> Result<Vec<String>, PortError> {
        Ok(self.pool.read(&pending)?)
    }

    /// Migrations that a newer release applied before a rollback to this one, whose needs the schema still meets. Blocks.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn newer(&self) -> Result<Vec<String>, PortError> {
        Ok(self.pool.read(&newer)?)
    }

    /// Looks for addresses in another spelling than the canonical one. Reads every account, page by page. Blocks.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub fn odd_addresses(&self) -> Result<OddAddresses, PortError> {
        Ok(self.pool.read(&look)?)
    }

    /// How many enabled accounts have an address that nobody has proven to read. Reads every account. Blocks.
    ///
    /// # Errors
    /// The database cannot be reached, or its schema is not up to date.
    pub fn unverified_accounts(&self) -> Result<u64, PortError> {
        let count = |db: &mut AnyConnection| {
            let open = users::table.filter(users::email_verified_at.is_null().and(users::disabled_at.is_null()));
            open.count().get_result::<i64>(db)
        };
        Ok(u64::try_from(self.pool.read(&count)?).unwrap_or_default())
    }

    /// How many enabled accounts there are, and what they have beside a password. Reads every account. Blocks.
    ///
    /// # Errors
    /// The database cannot be reached, or its schema is not up to date.
    pub fn second_factors(&self) -> Result<FactorCounts, PortError> {
        let listed = |db: &mut AnyConnection| {
            let enabled = users::table.filter(users::disabled_at.is_null()).group_by(users::second_factors);
            let rows = enabled.select((users::second_factors, count_star())).load::<(Option<String>, i64)>(db)?;
            let parsed = |(kinds, accounts): (Option<String>, i64)| {
                let has: Option<SecondFactors> = parsed_if_any(kinds.as_deref(), "list of second factors")?;
                Ok((has.unwrap_or_default(), u64::try_from(accounts).unwrap_or_default()))
            };
            rows.into_iter().map(parsed).collect::<QueryResult<Vec<_>>>()
        };
        let mut counts = FactorCounts::default();
        for (has, accounts) in self.pool.read(&listed)? {
            let counted = |is_so: bool| if is_so { accounts } else { 0 };
            counts.accounts += accounts;
            counts.without += counted(has.is_empty());
            counts.with_passkeys += counted(has.has(Method::Passkey));
        }
        Ok(counts)
    }
}

/// Enabled accounts, by what they have beside a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FactorCounts {
    pub accounts: u64,
    /// Without any factor.
    pub without: u64,
    /// With a passkey, whatever else they have.
    pub with_passkeys: u64,
}
