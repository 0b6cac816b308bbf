//! Who has which role: an index of what accounts say, written in the same transaction. Lists of those who have a role are read from
//! it alone, so it has whatever they are ordered and narrowed by.

use auth_domain::identity::{
    administrator::Another,
    role::{Role, Roles},
    user::User,
};
use diesel::prelude::*;

use crate::db::{
    connection::AnyConnection,
    schema::tables::{user_roles, users},
};

/// The value of `users.listed_as`, as databases generate it.
pub(crate) fn listed_as(disabled: bool, verified: bool) -> i16 {
    i16::from(disabled) + 2 * i16::from(verified)
}

/// That an account has a role, and where lists have it.
#[derive(Clone, Insertable)]
#[diesel(table_name = user_roles, treat_none_as_default_value = false)]
pub(crate) struct RoleRow {
    role: String,
    user_id: String,
    listed_as: i16,
    email: String,
}

impl RoleRow {
    /// One for each role.
    pub(crate) fn of(user: &User) -> Vec<Self> {
        let listed_as = listed_as(!user.is_active(), user.email_verified_at.is_some());
        let row =
            |role: &Role| Self { role: role.to_string(), user_id: user.id.to_string(), listed_as, email: user.email.to_string() };
        user.roles.iter().map(row).collect()
    }
}

/// Writes the roles of an account, whose row the transaction has locked, into the index.
pub(super) fn index(db: &mut AnyConnection, user: &User) -> QueryResult<()> {
    diesel::delete(user_roles::table.filter(user_roles::user_id.eq(user.id.to_string()))).execute(db)?;
    enter(db, user)
}

/// Writes the roles of a new account into the index.
pub(super) fn enter(db: &mut AnyConnection, user: &User) -> QueryResult<()> {
    for row in RoleRow::of(user) {
        diesel::insert_into(user_roles::table).values(row).execute(db)?;
    }
    Ok(())
}

/// Writes into the index what lists need to know of an account with these roles: whenever its address, its verification or its state
/// has changed.
pub(crate) fn restate(db: &mut AnyConnection, user: &str, roles: &Roles) -> QueryResult<()> {
    if roles.is_empty() {
        return Ok(());
    }
    let (listed_as, email) = users::table.find(user).select((users::listed_as, users::email)).get_result::<(i16, String)>(db)?;
    let stated = (user_roles::listed_as.eq(listed_as), user_roles::email.eq(email));
    diesel::update(user_roles::table.filter(user_roles::user_id.eq(user))).set(stated).execute(db).map(|_roles| ())
}

/// Whether there is another administrator than an account whose row the transaction has locked. Whoever asks the same at the same time
/// waits, and then sees what became of this one; on another server of a Galera cluster, one of the two is rolled back.
pub(crate) fn has(db: &mut AnyConnection, another: Another, than: &str) -> QueryResult<bool> {
    let administrators = user_roles::table.filter(user_roles::role.eq(Role::ADMIN));
    diesel::update(administrators).set(user_roles::locks.eq(user_roles::locks + 1)).execute(db)?;
    let others = users::table
        .inner_join(user_roles::table)
        .filter(user_roles::role.eq(Role::ADMIN).and(user_roles::user_id.ne(than)))
        .filter(users::disabled_at.is_null())
        .select(users::id);
    let found = if another.with_factor {
        others.filter(users::second_factors.is_not_null()).first::<String>(db).optional()?
    } else {
        others.first::<String>(db).optional()?
    };
    Ok(found.is_some())
}
