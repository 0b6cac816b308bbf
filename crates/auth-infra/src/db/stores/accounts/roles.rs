//! Who has which role: an index of what accounts say, written in the same transaction.

use auth_domain::identity::{
    administrator::Another,
    role::{Role, Roles},
};
use diesel::prelude::*;

use crate::db::{
    connection::AnyConnection,
    schema::tables::{user_roles, users},
};

/// Writes the roles of an account, whose row the transaction has locked, into the index.
pub(super) fn index(db: &mut AnyConnection, user: &str, roles: &Roles) -> QueryResult<()> {
    diesel::delete(user_roles::table.filter(user_roles::user_id.eq(user))).execute(db)?;
    enter(db, user, roles)
}

/// Writes the roles of a new account into the index.
pub(super) fn enter(db: &mut AnyConnection, user: &str, roles: &Roles) -> QueryResult<()> {
    for role in roles.iter() {
        let row = (user_roles::role.eq(role.as_str()), user_roles::user_id.eq(user));
        diesel::insert_into(user_roles::table).values(row).execute(db)?;
    }
    Ok(())
}

/// Whether there is another administrator than an account whose row the transaction has locked. Whoever asks the same at the same time
/// waits, and then sees what became of this one.
pub(crate) fn has(db: &mut AnyConnection, another: Another, than: &str) -> QueryResult<bool> {
    let administrators = user_roles::table.filter(user_roles::role.eq(Role::ADMIN));
    diesel::update(administrators).set(user_roles::role.eq(user_roles::role)).execute(db)?;
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
