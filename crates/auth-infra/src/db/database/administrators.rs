//! Who could use the API for administrators, for an operator who asks. There are few.

use auth_domain::identity::{port_error::PortError, role::Role};
use diesel::prelude::*;

use crate::db::{
    connection::AnyConnection,
    database::Database,
    schema::tables::{oauth_clients, user_roles, users},
};

/// Enabled accounts that administer others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AdministratorCounts {
    pub all: u64,
    pub with_factor: u64,
}

impl Database {
    /// Blocks.
    ///
    /// # Errors
    /// The database cannot be reached, or its schema is not up to date.
    pub fn administrators(&self) -> Result<AdministratorCounts, PortError> {
        let counted = |db: &mut AnyConnection| {
            let holders = user_roles::table.filter(user_roles::role.eq(Role::ADMIN)).select(user_roles::user_id);
            let ids: Vec<String> = holders.load(db)?;
            let enabled = users::table.filter(users::id.eq_any(ids)).filter(users::disabled_at.is_null());
            enabled.select(users::second_factors.is_not_null()).load::<bool>(db)
        };
        let have_factors = self.pool.read(&counted)?;
        let number = |count: usize| u64::try_from(count).unwrap_or_default();
        let with_factor = have_factors.iter().filter(|has_one| **has_one).count();
        Ok(AdministratorCounts { all: number(have_factors.len()), with_factor: number(with_factor) })
    }

    /// The names of clients that have scopes, with these. Blocks.
    ///
    /// # Errors
    /// The database cannot be reached, or its schema is not up to date.
    pub fn clients_with_scopes(&self) -> Result<Vec<(String, String)>, PortError> {
        let listed = |db: &mut AnyConnection| {
            let columns = (oauth_clients::name, oauth_clients::scopes.assume_not_null());
            let with = oauth_clients::table.filter(oauth_clients::scopes.is_not_null()).order(oauth_clients::id.asc());
            with.select(columns).load::<(String, String)>(db)
        };
        Ok(self.pool.read(&listed)?)
    }
}
