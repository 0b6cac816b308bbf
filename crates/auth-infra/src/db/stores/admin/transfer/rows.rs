//! Accounts as rows of all tables that they are in.

use auth_domain::admin::transfer::AccountRecord;
use diesel::prelude::*;

use crate::db::{
    connection::{AnyConnection, on_its_engine},
    schema::{
        rows::UserRow,
        tables::{passkeys, recovery_codes, totp_factors, user_roles, users},
        timestamp::At,
    },
    stores::{
        accounts::roles::RoleRow,
        factors::rows::{CodeRow, PasskeyRow, TotpRow},
    },
};

/// How many rows or values one statement has: below what engines can bind, and what MySQL takes as one packet.
pub(super) const AT_ONCE: usize = 500;

pub(super) struct AccountRows {
    pub(super) id: String,
    /// Of its address.
    pub(super) spellings: Vec<String>,
    user: UserRow,
    roles: Vec<RoleRow>,
    pub(super) apps: Vec<TotpRow>,
    pub(super) passkeys: Vec<PasskeyRow>,
    codes: Vec<CodeRow>,
}

impl From<&AccountRecord> for AccountRows {
    fn from(account: &AccountRecord) -> Self {
        let (user, id) = (&account.user, account.user.id.to_string());
        let made_at = At::from(account.recovery_codes_made_at.unwrap_or(user.updated_at));
        let code = |digest: &_| CodeRow { user_id: id.clone(), digest: ToString::to_string(digest), created_at: made_at };
        Self {
            spellings: user.email.every_spelling(),
            user: UserRow::from(user),
            roles: RoleRow::of(user),
            apps: account.totp.iter().map(TotpRow::from).collect(),
            passkeys: account.passkeys.iter().map(PasskeyRow::from).collect(),
            codes: account.recovery_codes.iter().map(code).collect(),
            id,
        }
    }
}

/// Stores rows, many with one statement. Each engine separately: Diesel cannot write such a statement for all of them.
macro_rules! enter {
    ($db:ident, $table:ident, $rows:expr) => {
        let rows: Vec<_> = $rows.collect();
        for rows in rows.chunks(AT_ONCE) {
            let insert = diesel::insert_into($table::table).values(rows.to_vec());
            on_its_engine!($db, |db| insert.execute(db))?;
        }
    };
}

/// Stores accounts in a transaction.
pub(super) fn store(db: &mut AnyConnection, accounts: &[&AccountRows]) -> QueryResult<()> {
    enter!(db, users, accounts.iter().map(|account| &account.user));
    enter!(db, user_roles, accounts.iter().flat_map(|account| &account.roles));
    enter!(db, totp_factors, accounts.iter().flat_map(|account| &account.apps));
    enter!(db, passkeys, accounts.iter().flat_map(|account| &account.passkeys));
    enter!(db, recovery_codes, accounts.iter().flat_map(|account| &account.codes));
    Ok(())
}
